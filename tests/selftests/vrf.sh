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
finish
