#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same data while others hold on to the packets or write in front of them: XDP metadata, taps,
# mirrors; and TCP in packets of more than 64 KB.

. "$(dirname "$0")/lib.sh"

network
translator
exchange() { relay python3 "$(dirname "$0")/exchange.py" "$@"; }

# router OPTION...: offloads of the router's two links
router()
{
	at router ethtool -K in6 "$@" >/dev/null
	at router ethtool -K out4 "$@" >/dev/null
}

# req: A-163
for mode in generic native; do
	for gro in on off; do
		router gro $gro
		relay python3 "$(dirname "$0")/xdp.py" $mode router in6 out4 -- \
			python3 "$(dirname "$0")/exchange.py" "XDP metadata, $mode, GRO $gro"
	done
done

# what is mirrored shares its data with what is translated
ip -n router link add seen6 type dummy
ip -n router link add seen4 type dummy
ip -n router link set seen6 up
ip -n router link set seen4 up
mirror()
{
	at router tc qdisc add dev "$1" clsact
	at router tc filter add dev "$1" ingress matchall action mirred egress mirror dev "$2"
}
mirror in6 seen6
mirror out4 seen4
# tap DEVICE: tcpdump into /tmp/DEVICE
taps=()
tap()
{
	at router tcpdump -Uni "$1" -s 128 --immediate-mode -w "/tmp/$1" 2>/dev/null &
	taps+=($!)
	wait_for test -s "/tmp/$1"
}
for dev in in6 out4 seen6 seen4; do
	tap $dev
done
for gro in on off; do
	router gro $gro
	exchange "mirrors and taps, GRO $gro"
done
kill "${taps[@]}"
wait "${taps[@]}"
# packets DEVICE FILTER...: how many there are in what was seen
packets() { tcpdump -nr "/tmp/$1" "${@:2}" 2>/dev/null | wc -l; }
for dev in in6 seen6; do
	check "$dev saw IPv6" test "$(packets $dev ip6 and dst net $P)" -gt 100
	is "… as it was before translation" 0 "$(packets $dev not arp and not icmp6 and not net $P)"
done
for dev in out4 seen4; do
	check "$dev saw IPv4" test "$(packets $dev ip and dst host $POOL)" -gt 100
	is "… as it was before translation" 0 "$(packets $dev not arp and not icmp6 and not host $POOL)"
done
at router tc qdisc del dev in6 clsact
at router tc qdisc del dev out4 clsact

# BIG TCP: packets of more than 64 KB reach the router, in both families
router gro on
for end in client6:eth0 router:in6 router:out4 server4:eth0; do
	ip -n ${end%:*} link set ${end#*:} gso_max_size 190000 gro_max_size 190000 \
		gso_ipv4_max_size 190000 gro_ipv4_max_size 190000
done
# as large as may be, also where the round trip takes long
for ns in client6 server4; do
	at $ns sysctl -qw net.ipv4.tcp_wmem="4096 4194304 8388608" net.ipv4.tcp_tso_rtt_log=30
done
at router nft -f - <<-'END'
	table inet big {
		counter six {}
		counter four {}
		chain seen {
			type filter hook prerouting priority -300
			meta length > 65575 meta nfproto ipv6 counter name six
			meta length > 65535 meta nfproto ipv4 counter name four
		}
	}
END
exchange "BIG TCP"
exchange "BIG TCP again"
for family in six four; do
	check "… in packets of more than 64 KB, $family" bash -c \
		"ip netns exec router nft list counter inet big $family | grep -Eq 'packets [1-9]'"
done
finish
