#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same data over other links: VLANs, a VRF, bridges that show their frames to netfilter, IPsec.

. "$(dirname "$0")/lib.sh"

# start: the network anew
start()
{
	ip -all netns del
	network
	translator
}

# router OPTION...: offloads of the router's two links
router()
{
	at router ethtool -K in6 "$@" >/dev/null
	at router ethtool -K out4 "$@" >/dev/null
}

# variants TEXT [SIZE...]: the data, with the router's offloads on, merging, or off
variants()
{
	local text=$1
	shift
	router rx on sg on tx on tso on gso on gro on
	relay python3 "$(dirname "$0")/exchange.py" "$text" "$@"
	router tso off gso off rx-gro-list on
	relay python3 "$(dirname "$0")/exchange.py" "$text, merged as lists" "$@"
	router rx off sg off tx off tso off gso off gro off rx-gro-list off
	relay python3 "$(dirname "$0")/exchange.py" "$text, without offloads" "$@"
}

# vlan NAMESPACE DEVICE: the device's addresses and routes move to its VLAN 10
vlan()
{
	local addr route routes
	addr=$(ip -n "$1" -o addr show dev "$2" scope global | awk '{ print $4 }')
	routes=$(ip -n "$1" route show default; ip -n "$1" -6 route show default)
	ip -n "$1" link add link "$2" name "$2.10" type vlan id 10
	ip -n "$1" addr flush dev "$2" scope global
	ip -n "$1" link set "$2.10" up
	ip -n "$1" addr add "$addr" dev "$2.10"
	while read -r route; do
		[ -z "$route" ] || ip -n "$1" route replace ${route/"dev $2"/"dev $2.10"}
	done <<<"$routes"
}

# req: A-163
start
vlan client6 eth0
vlan router in6
vlan router out4
vlan server4 eth0
variants "VLANs"
at client6 ethtool -K eth0 txvlan off >/dev/null
at router ethtool -K in6 txvlan off rxvlan off >/dev/null
at router ethtool -K out4 txvlan off rxvlan off >/dev/null
variants "VLANs with their tags in the frames"

start
ip -n router link add blue type vrf table 10
ip -n router link set blue up
ip -n router link set in6 master blue
ip -n router link set out4 master blue
ip -n router addr add $R6/64 dev in6 nodad 2>/dev/null
is "VRF: the main table knows no way to the server" "" "$(ip -n router route show table main)"
variants "VRF"

# bridge NAME PORT ADDRESS: the router is a station of a bridge
bridge()
{
	ip -n router link add "$1" type bridge
	ip -n router addr flush dev "$2" scope global
	ip -n router link set "$2" master "$1"
	ip -n router link set "$1" up
	ip -n router addr add "$3" dev "$1"
}

start
bridge br6 in6 $R6/64
bridge br4 out4 $R4/24
variants "bridges"
modprobe br_netfilter
at router sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
variants "bridges whose frames netfilter sees"
# a host behind the same bridge, to whom frames are not the router's
link router more6 server6 more6
ip -n router link set more6 master br6
ip -n server6 addr add 2001:db8:6::3/64 dev more6 nodad
ip -n server6 addr add $S46/128 dev lo nodad
ip -n client6 route add $S46/128 via 2001:db8:6::3
before=$(counter translated-6to4)
check "what is another station's on the bridge" at client6 ping -n -c2 -i0.2 -W20 $S46
is "… is not translated" "$before" "$(counter translated-6to4)"

# ipsec NAMESPACE OTHER LOCAL REMOTE FROM TO: an end of a tunnel for packets between FROM and TO
ipsec()
{
	local key=0x0102030405060708090a0b0c0d0e0f1011121314
	ip -n "$1" xfrm state add src "$3" dst "$4" proto esp spi "$2" mode tunnel \
		aead 'rfc4106(gcm(aes))' $key 128
	ip -n "$1" xfrm state add src "$4" dst "$3" proto esp spi "$((0x300 - $2))" mode tunnel \
		aead 'rfc4106(gcm(aes))' $key 128
	ip -n "$1" xfrm policy add dir out src "$5" dst "$6" tmpl src "$3" dst "$4" proto esp mode tunnel
	ip -n "$1" xfrm policy add dir in src "$6" dst "$5" tmpl src "$4" dst "$3" proto esp mode tunnel
	ip -n "$1" xfrm policy add dir fwd src "$6" dst "$5" tmpl src "$4" dst "$3" proto esp mode tunnel
}

start
ipsec client6 0x100 $C6 $R6 $C6/128 $P
ipsec router 0x200 $R6 $C6 $P $C6/128
variants "IPsec for IPv6" 0 1 1000 1200
ipsec router 0x100 $R4 $S4 $POOL/32 $S4/32
ipsec server4 0x200 $S4 $R4 $S4/32 $POOL/32
variants "IPsec for both" 0 1 1000 1200
check "IPsec carries it" bash -c "ip -n server4 -s xfrm state | grep -Eq '[1-9][0-9]*\\(bytes\\)'"
finish
