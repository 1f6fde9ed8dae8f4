#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The router's interfaces in a VRF: translated packets are routed by its table.
. "$(dirname "$0")/lib.sh"

network
ip -n router link add blue type vrf table 10
ip -n router link set blue up
ip -n router link set in6 master blue
ip -n router link set out4 master blue
ip -n router addr add $R6/64 dev in6 nodad 2>/dev/null
translator
is "the main table knows no way to the server" "" "$(ip -n router route show table main)"
check "ping" at client6 ping -qc2 -i0.2 -W20 $S46
at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
wait_for listening server4 80
fetch() { at client6 curl -sSm20 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
check "TCP" fetch
at client6 traceroute -n -w20 -q1 -N1 $S46 >/tmp/traceroute
check "traceroute" grep -q "^ 2  $S46 " /tmp/traceroute
at client6 traceroute -n -w20 -q1 -N1 -f1 -m1 $S46 >/tmp/traceroute
check "the first hop is the router" grep -q "^ 1  $R6 " /tmp/traceroute

# fault: border-16
# What the kernel shows of plain packets: FORWARD and INPUT have the VRF's device.
at router nft -f - <<'N'
table inet t {
	counter forward6 { }
	counter forward4 { }
	counter slave { }
	chain forward {
		type filter hook forward priority 0;
		iifname blue meta nfproto ipv4 counter name forward4
		iifname blue meta nfproto ipv6 counter name forward6
		iifname { in6, out4 } counter name slave
	}
	chain pre {
		type filter hook prerouting priority mangle;
		ct state established
	}
}
N
hits() { at router nft -j list counter inet t "$1" | jq '.nftables[1].counter.packets'; }
check "ping with chains in between" at client6 ping -qc1 -W20 $S46
is "FORWARD shows the VRF's device to IPv4" 1 "$(hits forward4)"
is "... and to IPv6" 1 "$(hits forward6)"
is "... and no other" 0 "$(hits slave)"
at router nft flush ruleset
ip -n router addr add $POOL/32 dev blue
check "a service of the router in the VRF" at client6 ping -qc1 -W20 2001:db8:64::$R4
at router sysctl -qw net.ipv4.conf.in6.forwarding=0
check_fails "forwarding is a matter of the interface in the VRF" at client6 ping -qc1 -W2 $S46
at router sysctl -qw net.ipv4.conf.in6.forwarding=1
finish
