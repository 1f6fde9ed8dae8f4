#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-8
# Policy routing holds for translated packets as for plain ones, also when rules change while
# sessions live.
. "$(dirname "$0")/lib.sh"

network
translator
# the same hosts by plain IPv4, for comparison
ip -n router addr add 10.5.0.1/24 dev in6
ip -n client6 addr add 10.5.0.2/24 dev eth0
ip -n client6 route add 198.51.100.0/24 via 10.5.0.1
ip -n server4 addr add 2001:db8:4::10/64 dev eth0 nodad 2>/dev/null

cat >/tmp/rules.py <<'P'
import socket
import sys

sys.path.insert(0, "/natpt/tests/selftests")
from stacks import make_socket

# plain|translated PORT SECONDS [back]
kind, port, wait, back = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), len(sys.argv) > 4
server = make_socket("server4", "0.0.0.0", socket.SOCK_DGRAM)
server.bind(("198.51.100.10", 7))
plain = kind == "plain"
client = make_socket("client6", "0.0.0.0" if plain else "::", socket.SOCK_DGRAM)
client.bind(("10.5.0.2" if plain else "::", port))
server.settimeout(wait)
client.settimeout(wait)
client.sendto(b"q", ("198.51.100.10" if plain else "2001:db8:64::198.51.100.10", 7))
_, peer = server.recvfrom(10)
if back:
    server.sendto(b"a", peer)
    client.recvfrom(10)
P
passes() { python3 /tmp/rules.py "$@"; }
for kind in plain translated; do
	check "no rule: $kind" passes $kind 5000 20 back
	at router ip rule add iif in6 pref 10 blackhole
	check_fails "iif in6, in a session that lives: $kind" passes $kind 5000 2
	at router ip rule del pref 10
	check "the rule is gone: $kind" passes $kind 5000 20
	at router ip rule add iif out4 pref 10 blackhole
	check "iif of another interface: $kind" passes $kind 5000 20
	at router ip rule del pref 10
	at router ip rule add iif lo pref 10 blackhole
	check "iif lo is the box itself: $kind" passes $kind 5000 20
	at router ip rule del pref 10
	at router ip rule add ipproto udp dport 7 pref 10 blackhole
	check_fails "ipproto, dport: $kind" passes $kind 5000 2
	at router ip rule del pref 10
	at router ip rule add ipproto udp dport 8 pref 10 blackhole
	check "another dport: $kind" passes $kind 5000 20
	at router ip rule del pref 10
	at router ip rule add uidrange 1000-2000 pref 10 blackhole
	check "uidrange: $kind" passes $kind 5000 20
	at router ip rule del pref 10
done
at router ip -6 rule add iif out4 pref 10 blackhole
check "IPv6 rule iif, to IPv4" passes translated 5000 20
check_fails "... and the answer, in a session that lives" passes translated 5000 2 back
at router ip -6 rule del pref 10
check "... and without the rule" passes translated 5000 20 back
at router ip -6 rule add ipproto udp sport 7 pref 10 blackhole
check_fails "IPv6 rule with a port, for answers" passes translated 5000 2 back
at router ip -6 rule del pref 10

# a route of a table that is asked before
at router ip -6 rule add pref 100 lookup 100
check "an empty table that is asked first" passes translated 5000 20 back
ip -n router -6 route add blackhole $C6/128 table 100
check_fails "... stops answers of a session when it is not empty any more" passes translated 5000 2 back
ip -n router -6 route del blackhole $C6/128 table 100
at router ip -6 rule del pref 100
check "... and without it" passes translated 5000 20 back

# reverse paths by rules that ask for the pool
at router ip rule add from $POOL lookup 101 pref 10
ip -n router route add $S4/32 dev out4 table 101
for mode in 1 2 0; do
	at router sysctl -qw net.ipv4.conf.all.rp_filter=$mode net.ipv4.conf.out4.rp_filter=$mode
	check "a rule from the pool's address, rp_filter=$mode" passes translated 5000 20 back
done
at router ip rule del pref 10

# a table of its own for what comes in somewhere: the next hop there is taken
link router second server4 second
ip -n router addr add 198.18.0.1/24 dev second
ip -n server4 addr add 198.18.0.2/24 dev second
at server4 sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.second.rp_filter=0
ip -n router route add 198.51.100.10 via 198.18.0.2 dev second table 77
at router ip rule add iif in6 lookup 77 pref 10
seen() { at server4 cat /sys/class/net/second/statistics/rx_packets; }
before=$(seen)
check "a table for what comes in at in6" passes translated 5000 20
check "... leads another way" [ "$(seen)" -gt "$before" ]
before=$(seen)
check "... for a new flow, too" passes translated 5010 20
check "... so it does" [ "$(seen)" -gt "$before" ]
at router ip rule del pref 10

# several paths, by flow
ip -n router route add 203.0.113.0/24 nexthop via 198.51.100.10 dev out4 nexthop via 198.18.0.2 dev second
at router sysctl -qw net.ipv4.fib_multipath_hash_policy=1
ip -n server4 addr add 203.0.113.5/32 dev lo
# flows DESTINATION: 100 flows there; how many took the second path
flows()
{
	local before
	before=$(seen)
	at client6 python3 - "$1" <<'P'
import socket
import sys

family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
for port in range(100):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind(("", 20000 + port))
    sock.sendto(b"x", (sys.argv[1], 9000))
P
	sleep 0.5
	echo $(($(seen) - before))
}
ip -n client6 route add 203.0.113.0/24 via 10.5.0.1
second=$(flows 203.0.113.5)
note "plain: $second of 100 flows take the second path"
check "plain flows are shared among paths" [ "$second" -gt 20 -a "$second" -lt 80 ]
second=$(flows 2001:db8:64::203.0.113.5)
note "translated: $second of 100"
check "... and translated ones" [ "$second" -gt 20 -a "$second" -lt 80 ]

# the box's own sockets
ip -n router -6 route add $P dev lo
echo_at() { at server4 socat UDP4-RECVFROM:"$1",fork EXEC:cat & }
echo_at 9100
server=$!
wait_for at server4 sh -c 'ss -Hlun "sport = :9100" | grep -q .'
own() { echo hello | at router timeout $((30 * ${slower:-1})) setpriv --reuid="$1" socat -t "$2" - "UDP6:[$S46]:9100$3" | grep -q hello; }
check "a socket of the box" wait_for own 0 5 ""
at router ip rule add uidrange 1000-2000 pref 10 blackhole
check_fails "uidrange, of that user" own 1500 1 ""
check "... and of another" wait_for own 0 5 ""
at router ip rule del pref 10
kill $server
finish
