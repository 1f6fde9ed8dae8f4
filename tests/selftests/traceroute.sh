#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# traceroute and tracepath see every hop, from both sides.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
# as many errors as it takes
for ns in router hop6 hop4 far6 far4; do
	at $ns sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000
done

# hops: the addresses of traceroute's output, one line per hop, in one notation
hops()
{
	python3 -c '
import ipaddress, re, sys
for line in sys.stdin:
    found = re.match(r" *\d+:? +([0-9a-fA-F.:]+) ", line + " ")
    if found and "pmtu" not in line.split()[1:2]:
        print(ipaddress.ip_address(found[1]))
'
}

trace() { at "$@" 2>&1 | tee /tmp/trace | hops | uniq; }

to4="$HOP6
2001:db8:66::1
$HOP46
$FAR46"
# req: A-011 D-126
is "traceroute with UDP" "$to4" "$(trace far6 traceroute -6 -n -w 20 -q 1 $FAR46)"
is "traceroute with echo" "$to4" "$(trace far6 traceroute -6 -n -w 20 -q 1 -I $FAR46)"
is "traceroute with TCP" "$to4" "$(trace far6 traceroute -6 -n -w 20 -q 1 -T -p 9 $FAR46)"
is "tracepath" "$to4" "$(trace far6 tracepath -6 -n -m 6 $FAR46 | grep -v LOCALHOST)"

# A mapping is what far4 can reach; the routers behind it answer as the pool.
# mapped PROTOCOL: the pool's port for a packet that far6 sends
mapped()
{
	at far6 python3 - "$1" $FAR46 <<-'END'
		import socket, sys
		kind = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}[sys.argv[1]]
		s = socket.socket(socket.AF_INET6, kind)
		s.bind(("::", 4000))
		try:
		    s.connect((sys.argv[2], 9))
		    s.send(b"x")
		except ConnectionRefusedError:
		    pass
	END
	config -j show xlate | jq -r --arg proto "$1" \
		'[.[] | select(.proto == $proto and ."source-port6" == 4000)][0]."source-port4"'
}
to6="$HOP4
198.18.4.1
$POOL"
# req: A-038 A-164 A-169 D-127
udp=$(mapped udp)
is "traceroute from IPv4 with UDP" "$to6" \
	"$(trace far4 traceroute -4 -n -w 20 -q 1 -U -p "$udp" $POOL)"
is "… with four hops" 4 "$(hops </tmp/trace | wc -l)"
tcp=$(mapped tcp)
is "traceroute from IPv4 with TCP" "$to6" \
	"$(trace far4 traceroute -4 -n -w 20 -q 1 -T -p "$tcp" $POOL)"
finish
