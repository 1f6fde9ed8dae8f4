#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 464XLAT (RFC 6877): client6 has IPv6 only and is its own CLAT, the router is the PLAT. Programs
# that know nothing but IPv4 reach server4.

. "$(dirname "$0")/lib.sh"

network
translator

clat() { natptconfig -n client6 "$@"; }
CLAT=2001:db8:6::c1a7
clat prefix $P
clat map from 192.0.0.1 to $CLAT stateless
is "nothing is missing: a CLAT of the host's own need not forward" "" "$(clat map enable 2>&1)"
ip -n client6 addr add $CLAT/128 dev eth0 nodad
ip -n client6 addr add 192.0.0.1/32 dev lo
ip -n client6 route add default dev lo src 192.0.0.1

# everything on the CLAT's wire
at client6 tcpdump -Uni eth0 -w /tmp/wire 2>/dev/null &
capture=$!
wait_for test -s /tmp/wire
at server4 socat -t60 TCP4-LISTEN:8000,fork EXEC:cat &
at server4 socat UDP4-LISTEN:8000,fork EXEC:cat &
wait_for listening server4 8000
sent=$(head -c 100000 /dev/urandom | tee /tmp/sent | sha256sum)

# req: B-048 G-063 G-064
check "ping" at client6 ping -n -c2 -i0.2 -W20 $S4
# fault: border-18
for size in 3000 20000; do
	check "ping with $size bytes" at client6 ping -n -c2 -i0.2 -W20 -s $size $S4
done
is "TCP" "$sent" "$(at client6 nc -4 -N -w20 $S4 8000 </tmp/sent | sha256sum)"
is "UDP" hello "$(at client6 nc -4 -u -w20 -W1 $S4 8000 <<<hello)"
# What no path MTU is known for as yet is cut, as plain IPv4 would be.
# fault: border-13
for size in 1453 3000 8000; do
	head -c $size /dev/urandom >/tmp/datagram
	is "the first datagram of $size bytes, and its answer" "$(sha256sum </tmp/datagram)" \
		"$(at client6 socat -t5 -b 9000 - UDP4:$S4:8000 </tmp/datagram | sha256sum)"
done
# the PLAT's own address is an IPv6 one
# req: G-069
is "traceroute names the PLAT by 192.0.0.8, and the server" "192.0.0.8 $S4" \
	"$(at client6 traceroute -4 -n -q1 -w20 -m5 $S4 | awk 'NR > 1 { print $2 }' | tail -2 | paste -sd' ')"
# the loopback device takes packets of 64 KiB, the wire takes 1500 bytes, less 20 for its header
pmtu() { at client6 tracepath -4 -n -m5 $S4 | sed -n 's/.*Resume: pmtu \([0-9]*\).*/\1/p'; }
is "the path MTU of IPv4 is 20 less than that of IPv6" 1480 "$(pmtu)"
ip -n router link set out4 mtu 1400
ip -n server4 link set eth0 mtu 1400
is "... or that of a link behind the PLAT" 1400 "$(pmtu)"
is "TCP finds it too" "$sent" "$(at client6 nc -4 -N -w20 $S4 8000 </tmp/sent | sha256sum)"
check "the PLAT has the sessions of the CLAT's address" \
	sh -c "natptconfig -n router show xlate long | grep -q $CLAT"

# an IPv4 route through a real device goes before translation
ip -n client6 addr add 198.51.100.77/32 dev eth0
ip -n client6 route add $S4/32 dev eth0
check_fails "a route of its own is taken instead" at client6 ping -n -c1 -W1 -I 192.0.0.1 $S4
ip -n client6 route del $S4/32 dev eth0
check "without it translation is back" at client6 ping -n -c1 -W20 $S4
kill $capture
wait $capture 2>/dev/null

# req: B-030
check "the wire has carried translated packets" sh -c "tcpdump -nr /tmp/wire ip6 and host $CLAT 2>/dev/null | grep -q ."
is "no IPv4 packet of 192.0.0.0/29 is on the wire" "" "$(tcpdump -nr /tmp/wire ip and net 192.0.0.0/29 2>/dev/null)"
finish
