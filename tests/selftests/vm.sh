#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The VM has what the other tests need.

programs=(bash python3 ip ping tracepath traceroute nft conntrack curl ssh nc iperf3 dig tcpdump
	ethtool strace jq socat)
modules=(veth nf_tables nfnetlink_queue pktgen vrf wireguard sch_netem)
n=0

# result TEXT: the last command's status as a TAP line
result()
{
	local status=$?
	n=$((n + 1))
	[ "$status" -eq 0 ] && echo "ok $n - $1" || echo "not ok $n - $1"
}

echo "1..$((${#programs[@]} + ${#modules[@]} + 4))"
for program in "${programs[@]}"; do
	command -v "$program" >/dev/null
	result "$program is there"
done
for module in "${modules[@]}"; do
	modprobe "$module"
	result "$module loads"
done
python3 -c 'import scapy.all'
result "python3 has scapy"
python3 -c 'import netfilterqueue'
result "python3 has netfilterqueue"
[ -f /natpt/natpt.ko ]
result "natpt.ko is there"
ping -q -c1 127.0.0.1 >/dev/null && ping -q -c1 ::1 >/dev/null
result "the loopback device is up"
