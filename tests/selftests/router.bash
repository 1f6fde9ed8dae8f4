# SPDX-License-Identifier: GPL-2.0
# The network of lib.sh, its router on a machine of its own, with network cards between. The
# runner gives that machine to the tests that source this.
# shellcheck shell=bash

# on_router COMMAND...: on the other machine
on_router() { /natpt/tests/vm/router "$@"; }

at()
{
	if [ "$1" = router ]; then
		on_router ip netns exec "$@"
	else
		ip netns exec "$@"
	fi
}

config() { on_router natptconfig -n router "$@"; }
modprobe_natpt() { on_router insmod /natpt/natpt.ko; }

network()
{
	local ns
	on_router ip netns add router
	on_router ip link set wire1 netns router name in6
	on_router ip link set wire2 netns router name out4
	at router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	at router ip addr add $R6/64 dev in6 nodad
	at router ip addr add $R4/24 dev out4
	for ns in client6 server4; do
		ip netns add $ns
		ip -n $ns link set lo up
	done
	ip link set wire1 netns client6 name eth0
	ip link set wire2 netns server4 name eth0
	ip -n client6 addr add $C6/64 dev eth0 nodad
	ip -n server4 addr add $S4/24 dev eth0
	at server4 sysctl -qw net.ipv6.conf.all.disable_ipv6=1

	for ns in client6:eth0 server4:eth0 router:in6 router:out4; do
		at ${ns%:*} ip link set ${ns#*:} up
	done
	ip -n client6 route add default via $R6
	ip -n server4 route add default via $R4
}
