#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateless rules with real programs: mapped hosts (RFC 7755), hosts under a prefix, hairpins.

. "$(dirname "$0")/lib.sh"

network
far_hosts
modprobe_natpt
config prefix $P
M=192.0.2.33 # client6's IPv4 address
config map 100 from $C6 to $M stateless
config map enable

at client6 socat -t60 TCP6-LISTEN:8000,fork EXEC:cat &
at client6 socat UDP6-LISTEN:8000,fork EXEC:cat &
at server4 socat -t60 TCP4-LISTEN:8000,fork EXEC:cat &
at server4 socat UDP4-LISTEN:8000,fork EXEC:cat &
wait_for listening client6 8000
wait_for listening server4 8000

# echo_tcp NAMESPACE ADDRESS / echo_udp NAMESPACE ADDRESS [BYTES]
echo_tcp() { [ "$(echo hello | at "$1" nc -N -w20 "$2" 8000)" = hello ]; }
echo_udp()
{
	local text
	text=$(head -c "${3:-100}" /dev/zero | tr '\0' x)
	[ "$(at "$1" nc -u -w20 -W1 "$2" 8000 <<<"$text")" = "$text" ]
}

# req: B-031 B-035 B-036 B-037 B-039 A-056 A-057
check "client6 pings server4" at client6 ping -n -c2 -i0.2 -W20 $S46
check "server4 pings client6's IPv4 address" at server4 ping -n -c2 -i0.2 -W20 $M
check "TCP to IPv4" echo_tcp client6 $S46
check "TCP from IPv4" echo_tcp server4 $M
check "UDP to IPv4" echo_udp client6 $S46
check "UDP from IPv4" echo_udp server4 $M
check "UDP in fragments to IPv4" echo_udp client6 $S46 4000
check "UDP in fragments from IPv4" echo_udp server4 $M 4000
is "nothing is remembered" 0 "$(status sessions)"

# every fragment by itself, also where conntrack would put them together
at router nft add table inet track
at router nft 'add chain inet track forward { type filter hook forward priority 0; }'
at router nft add rule inet track forward ct state invalid counter drop
check "UDP in fragments to IPv4, conntrack at work" echo_udp client6 $S46 4000
check "UDP in fragments from IPv4, conntrack at work" echo_udp server4 $M 4000
is "no fragment was kept" 0 "$(counter reassembled)"
at router nft delete table inet track

# req: A-032
# fault: border-18
for size in 3000 20000; do
	check "an echo of $size bytes to IPv4" at client6 ping -n -c2 -i0.2 -W20 -s $size $S46
	check "an echo of $size bytes from IPv4" at server4 ping -n -c2 -i0.2 -W20 -s $size $M
done
is "both were put together on their ways" 16 "$(counter reassembled)"

# hosts elsewhere with the addresses of client6 and server4
ip -n server6 addr add $C6/128 dev lo nodad
ip -n far4 addr add $S4/32 dev lo
# spoofed: how many of their packets are translated
spoofed()
{
	local before
	before=$(($(counter translated-6to4) + $(counter translated-4to6)))
	at server6 ping -n -c2 -i0.2 -W2 -I $C6 $S46 >/dev/null
	at far4 ping -n -c2 -i0.2 -W2 -I $S4 $M >/dev/null
	echo $(($(counter translated-6to4) + $(counter translated-4to6) - before))
}
# req: B-027
check "a source may come from any side" test "$(spoofed)" -ge 4
at router nft add table inet rpf
at router nft 'add chain inet rpf from { type filter hook prerouting priority raw; }'
at router nft add rule inet rpf from fib saddr . iif oif missing drop
is "but not where nftables checks the reverse path" 0 "$(spoofed)"
check "which hinders no host in its place" at client6 ping -n -c2 -i0.2 -W20 $S46
at router nft delete table inet rpf
ip -n server6 addr del $C6/128 dev lo
ip -n far4 addr del $S4/32 dev lo

# errors find their way, whoever reports them
hops() { at "$1" traceroute -n -q1 -w20 -m5 "$2" | awk 'NR > 1 { print $2 }' | paste -sd' '; }
is "traceroute to IPv4 names the routers" "$R6 $HOP46 $FAR46" "$(hops client6 $FAR46)"

# req: A-164 A-165 A-168 A-169
config map 200 from $FAR6 to 192.0.2.34 stateless
is "an IPv6 router without IPv4 address answers as 192.0.0.8" \
	"$HOP4 198.18.4.1 192.0.0.8 192.0.2.34" "$(hops far4 192.0.2.34)"
config set error-source = 192.0.2.77
is "or as the address that is set" "$HOP4 198.18.4.1 192.0.2.77 192.0.2.34" "$(hops far4 192.0.2.34)"
config set error-source = 0.0.0.0

# path MTU in both directions
ip -n hop6 link set far mtu 1300
ip -n hop4 link set far mtu 1100
# a link takes no more from its other end, which still asks for segments of the usual size
ip -n far6 route change default via $HOP6 mtu 1300 advmss 1440
ip -n far4 route change default via $HOP4 mtu 1100 advmss 1460
big() { [ "$(head -c 300000 /dev/zero | at "$1" nc -N -w60 "$2" 8000 | wc -c)" = 300000 ]; }
at far6 socat -t60 TCP6-LISTEN:8000,fork EXEC:cat &
at far4 socat -t60 TCP4-LISTEN:8000,fork EXEC:cat &
wait_for listening far6 8000
wait_for listening far4 8000
# req: A-171
check "TCP to IPv4 over a narrow link" big client6 $FAR46
check "TCP from IPv4 over a narrow link" big server4 192.0.2.34
# req: A-125
is "client6 knows the path's MTU" 1 "$(at client6 ip -6 route get $FAR46 | grep -c 'mtu 1280')"
is "the router, who was not meant, does not" "" \
	"$(ip -n router route show cache; ip -n router -6 route show cache)"

# req: B-040 B-044 B-045
M46=2001:db8:64::c000:221
ip -n hop6 link set far mtu 1500
ip -n hop4 link set far mtu 1500
check "hairpin: far6 pings client6 by its IPv4 address" at far6 ping -n -c2 -i0.2 -W20 $M46
is "which is one hop more than hop6" "ttl=$((64 - 2))" \
	"$(at far6 ping -n -c1 -W20 $M46 | grep -o 'ttl=[0-9]*')"
check "hairpin: TCP" echo_tcp far6 $M46
check "hairpin: UDP in fragments" echo_udp far6 $M46 4000
is "hairpin: traceroute" "$HOP6 2001:db8:66::1 $M46" "$(hops far6 $M46)"
ip -n hop6 link set far mtu 1300
check "hairpin: TCP the other way, over a narrow link" big client6 2001:db8:64::192.0.2.34

# prefix to prefix: client6 has its RFC 6052 address
config map flush
config prefix 2001:db8:122:344::/64
E46=2001:db8:122:344:c0:2:3000:0 # 192.0.2.48
at client6 ip addr add $E46/128 dev eth0 nodad
ip -n router route add $E46/128 via $C6
config map 100 from 2001:db8:122:344::/64 to 192.0.2.48/28 stateless
at client6 ip route add 2001:db8:122:344::/64 via $R6 src $E46
# req: B-005
check "a host under the prefix pings server4" \
	at client6 ping -n -c2 -i0.2 -W20 -I $E46 2001:db8:122:344:c6:3364:a00:0
check "server4 pings a host under the prefix" at server4 ping -n -c2 -i0.2 -W20 192.0.2.48
check "TCP to a host under the prefix" echo_tcp server4 192.0.2.48
check_fails "prefix flush is refused while hosts are under it" config prefix flush

# req: A-170
is "a source that has no IPv4 form is told so" 1 \
	"$(at client6 ping -n -c1 -W20 -I $C6 $S46 | grep -c 'Source address failed')"
check "and counted" test "$(counter drop-unmapped-source)" -gt 0

# req: A-055
ip -n router route add $S46/128 via $S6
ip -n server6 addr add $S46/128 dev eth0 nodad
check "a route of its own goes before translation" at client6 ping -n -c1 -W20 -I $C6 $S46
finish
