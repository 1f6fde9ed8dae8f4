#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# WireGuard (1420) beside the router, for IPv6, for IPv4, for both; and a clamped MSS where errors
# are lost.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator

# tunnel NAME PORT NAMESPACE UNDERLAY NAMESPACE UNDERLAY: a WireGuard link
tunnel()
{
	local key_a key_b
	key_a=$(wg genkey)
	key_b=$(wg genkey)
	ip -n "$3" link add "$1" type wireguard
	ip -n "$5" link add "$1" type wireguard
	at "$3" wg set "$1" private-key <(echo "$key_a") listen-port "$2" \
		peer "$(wg pubkey <<<"$key_b")" allowed-ips ::/0,0.0.0.0/0 endpoint "$6:$2"
	at "$5" wg set "$1" private-key <(echo "$key_b") listen-port "$2" \
		peer "$(wg pubkey <<<"$key_a")" allowed-ips ::/0,0.0.0.0/0 endpoint "$4:$2"
	ip -n "$3" link set "$1" up
	ip -n "$5" link set "$1" up
}

transfers() { relay python3 "$(dirname "$0")/pmtu_tunnels.py" "$@"; }

# fragments: a ping in several. One in a single packet goes first: of fragments that are too big
# only the last would reach the router, which counts a failure after a minute.
fragments()
{
	at far6 ping -n -c1 -W20 -s 1452 $FAR46
	at far6 ping -n -c3 -i0.2 -W20 -s 3000 $FAR46
}

# req: A-171 D-102 A-163
tunnel wg6 51820 router '[2001:db8:66::1]' hop6 '[2001:db8:66::2]'
ip -n router route replace 2001:db8:f6::/64 dev wg6
ip -n hop6 -6 route replace default dev wg6
transfers "WireGuard for IPv6"
check "ping -s 3000" fragments

tunnel wg4 51821 router 198.18.4.1 hop4 198.18.4.2
ip -n router route replace 203.0.113.0/24 dev wg4
ip -n hop4 route replace default dev wg4
transfers "WireGuard for both"
check "ping -s 3000" fragments

ip -n router route replace 2001:db8:f6::/64 via 2001:db8:66::2
ip -n router route del 2001:db8:f6::/64 dev wg6 2>/dev/null
ip -n hop6 -6 route replace default via 2001:db8:66::1
transfers "WireGuard for IPv4"
check "ping -s 3000" fragments
check "it was used" test "$(at hop4 wg show wg4 transfer | awk '{ print ($2 > 100000) }')" = 1

# Without errors, the same: nftables, before translation, clamps what either side may send.
at router nft -f - <<-'END'
	table inet clamp {
		chain seen {
			type filter hook prerouting priority raw
			tcp flags & (syn | rst) == syn tcp option maxseg size set 1360
		}
	}
END
transfers "WireGuard for IPv4, MSS clamped" none
finish
