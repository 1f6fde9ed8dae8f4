#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-7
# Chains that look at packets before they are routed see those to be translated, still without
# conntrack; what no chain looks at is translated at once.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n router addr add $POOL/32 dev lo
at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
wait_for listening server4 80
fetch() { at client6 curl -sSm"${1:-20}" "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
hits() { at router nft -j list counter inet t "$1" | jq '.nftables[1].counter.packets'; }
both()
{
	check "$1: ping" at client6 ping -nqc2 -i0.2 -W20 $S46
	check "$1: TCP" fetch
	check "$1: fragments" at client6 ping -nqc2 -i0.2 -W20 -s 3000 $S46
}

both "no chain"
# Who is asked to look: firewalld's reverse path check, marks of mangle, and raw, which always was.
at router nft -f - <<'N'
table inet t {
	counter raw6 { }
	counter mangle6 { }
	counter mangle4 { }
	counter filter6 { }
	counter marked { }
	counter unexpected { }
	chain raw {
		type filter hook prerouting priority raw;
		ip6 daddr 2001:db8:64::/96 counter name raw6
	}
	chain mangle {
		type filter hook prerouting priority mangle;
		ip6 daddr 2001:db8:64::/96 ct state != untracked counter name unexpected
		ip6 daddr 2001:db8:64::/96 ip6 nexthdr tcp counter name mangle6 meta mark set 7
		ip daddr 192.0.2.1 tcp sport 80 ct state untracked counter name mangle4 meta mark set 8
	}
	chain late {
		type filter hook prerouting priority filter + 10;
		ip6 daddr 2001:db8:64::/96 counter name filter6
		meta nfproto ipv6 fib saddr . mark . iif oif missing drop
	}
	chain forward {
		type filter hook forward priority 0;
		meta nfproto ipv4 meta mark 7 counter name marked
		meta nfproto ipv6 meta mark 8 counter name marked
	}
}
N
both "with chains"
for name in raw6 mangle6 mangle4 filter6 marked; do
	check "... $name" [ "$(hits $name)" -gt 0 ]
done
is "conntrack is kept off" 0 "$(hits unexpected)"
is "... and has no entry" "" "$(at router conntrack -L 2>/dev/null | grep -E "$S4|$POOL" )"
check "every packet of ours was counted once" [ "$(counter claimed)" -gt 0 ]

spoof() { at client6 ping -nqc1 -W"$1" -I 2001:db8:5::77 $S46; }
ip -n client6 addr add 2001:db8:5::77/128 dev eth0 nodad
ip -n router -6 route add 2001:db8:5::77/128 dev out6
check_fails "a source of another interface is stopped by the reverse path check" spoof 2
ip -n router -6 route del 2001:db8:5::77/128 dev out6
ip -n client6 addr del 2001:db8:5::77/128 dev eth0

# a mark of a chain chooses the route
ip -n router route add blackhole $S4 table 78
at router ip rule add fwmark 7 lookup 78 pref 10
check_fails "a mark chooses the route of translated TCP" fetch 2
check "... not of ping" at client6 ping -nqc2 -i0.2 -W20 $S46
at router ip rule del pref 10
check "... and no more" fetch

# the router's own services at the pool's address stay conntrack's
at router socat TCP4-LISTEN:22,fork,reuseaddr SYSTEM:"echo own" &
wait_for listening router 22
at router nft add chain inet t input '{ type filter hook input priority 0; policy drop; }'
at router nft add rule inet t input ct state established,related accept
at router nft add rule inet t input tcp dport 22 ct state new accept
own() { at server4 timeout 20 socat -u TCP4:$POOL:22 - | grep -q own; }
ip -n server4 route replace $POOL via $R4
check "a service of the router at the pool's address is tracked" own
at router nft flush ruleset

# with a chain that sees nothing of interest, all is as without
at router nft -f - <<'N'
table inet t {
	chain pre {
		type filter hook prerouting priority mangle;
	}
}
N
answered()
{
	python3 - <<-'P'
		import socket, subprocess, sys
		sys.path.insert(0, "/natpt/tests/selftests")
		from stacks import make_socket
		server = make_socket("server4", "0.0.0.0", socket.SOCK_DGRAM)
		server.bind(("198.51.100.10", 7))
		client = make_socket("client6", "::", socket.SOCK_DGRAM)
		client.bind(("::", 4711))
		client.sendto(b"q", ("2001:db8:64::198.51.100.10", 7))
		_, peer = server.recvfrom(10)
		server.sendto(b"a", peer)
		client.recvfrom(10)
	P
}
check "a session" answered
config map flush
is "... ends with its rule" 0 "$(status sessions)"
config map from any6 to $POOL
check "... and begins anew with the next" answered
natptconfig -n client6 prefix $P
natptconfig -n client6 map from 192.0.0.1 to 2001:db8:6::c1a7 stateless
natptconfig -n client6 map enable 2>/dev/null
ip -n client6 addr add 2001:db8:6::c1a7/128 dev eth0 nodad
ip -n client6 addr add 192.0.0.1/32 dev lo
ip -n client6 route add default dev lo src 192.0.0.1
at client6 nft -f - <<'N'
table inet t {
	chain pre {
		type filter hook prerouting priority mangle;
	}
}
N
at client6 traceroute -4 -n -q1 -N1 -w20 -m3 $S4 >/tmp/traceroute
check "a CLAT behind a chain hears of the first hop" grep -q "^ 1  192.0.0.8 " /tmp/traceroute
at client6 nft flush ruleset
natptconfig -n client6 map disable
ip -n client6 addr del 2001:db8:6::c1a7/128 dev eth0
at router nft flush ruleset

# stateless fragments and chains
config map from 2001:db8:6::2 to 192.0.2.99 stateless
ip -n server4 route replace 192.0.2.99 via $R4
at router nft -f - <<'N'
table inet t {
	counter fragments { }
	chain pre {
		type filter hook prerouting priority mangle;
		exthdr frag exists counter name fragments
		ct state established
	}
}
N
check "stateless fragments" sh -c "head -c 3000 /dev/zero | ip netns exec client6 socat -u - UDP6:[$S46]:9999"
check "... are seen" [ "$(hits fragments)" -gt 0 ]
at router nft flush ruleset
both "afterwards"
# one that stands where natpt does: behind it, since it was there first
at router nft flush ruleset
at router nft -f - <<'N'
table inet same {
	chain same {
		type filter hook prerouting priority -250;
		meta l4proto ipv6-icmp ip6 daddr 2001:db8:64::/96 drop
		ip protocol icmp ip daddr 192.0.2.1 icmp type echo-request drop
	}
}
N
config map disable
config map enable
check_fails "a chain of the same priority has its say" at client6 ping -nqc1 -W2 $S46
check "... and lets others pass" fetch
at router nft flush ruleset
check "... for as long as it is there" at client6 ping -nqc1 -W20 $S46
finish
