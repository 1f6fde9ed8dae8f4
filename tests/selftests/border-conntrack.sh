#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-17
# By choice, translated packets are conntrack's and NAT's, in both families.
. "$(dirname "$0")/lib.sh"

network
modprobe_natpt
config prefix $P
config map from any6 to 10.64.0.1
config map enable
at router sysctl -qw net.netfilter.nf_conntrack_tcp_be_liberal=0 2>/dev/null
at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
wait_for listening server4 80
fetch() { at client6 curl -sSm"${1:-20}" "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
# server4 knows no way to the pool, which is private
ip -n server4 route del default
masquerade()
{
	at router nft -f - <<-'N'
		table ip nat {
			chain post {
				type nat hook postrouting priority srcnat;
				oifname out4 ip saddr 10.64.0.0/24 masquerade
			}
		}
	N
}
masquerade
check_fails "without the choice, masquerade does not see translated packets" fetch 2
config set conntrack = 1
check "with it, a private pool is behind the router's address: TCP" fetch
check "... ping" at client6 ping -nqc3 -i0.2 -W20 $S46
check "... large pings" at client6 ping -nqc2 -i0.2 -W20 -s 3000 $S46
udp() { at client6 socat -t20 - "UDP6:[$S46]:9000" <<<hello | grep -q hello; }
at server4 socat UDP4-RECVFROM:9000,fork EXEC:cat &
wait_for at server4 sh -c 'ss -Hlun "sport = :9000" | grep -q .'
check "... UDP" udp
check "conntrack knows the flow in IPv4" \
	grep -q "src=10.64.0.1 dst=$S4 .*ASSURED" <(at router conntrack -L 2>/dev/null)

at router nft -f - <<'N'
table inet filter {
	counter invalid { }
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state invalid counter name invalid drop
		ct state established,related accept
		meta nfproto ipv4 iifname in6 ct state new accept
	}
}
N
check "a firewall that lets answers pass by their state" fetch
check "conntrack knows the flow in IPv6, too" grep -q "src=$C6 .*ASSURED" <(at router conntrack -L -f ipv6 2>/dev/null)
check "... and large pings" at client6 ping -nqc2 -i0.2 -W20 -s 3000 $S46
hits() { at router nft -j list counter inet filter "$1" | jq '.nftables[1].counter.packets'; }
is "... nothing is invalid" 0 "$(hits invalid)"
fresh() { at server4 timeout 2 socat -u - TCP4:$R4:7777; }
at client6 traceroute -n -q1 -N1 -w20 -m3 $S46 >/tmp/traceroute
check "errors are related" grep -q "$S46" /tmp/traceroute

# the router's own packets
ip -n router -6 route add $P dev lo
own() { at router curl -sSm20 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
check "a socket of the router" own
at router nft flush ruleset
config set conntrack = 0
check "without the choice nothing is tracked" sh -c "
	ip netns exec router conntrack -F 2>/dev/null
	ip netns exec client6 ping -nqc1 -W2 $S46
	! ip netns exec router conntrack -L 2>/dev/null | grep -q $S4"
finish
