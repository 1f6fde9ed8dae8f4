#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two translators at once, each in its namespace, with the same prefix and the same hosts' addresses.
. "$(dirname "$0")/lib.sh"

# req: C-046
network
translator

# the second one: client6b -- routerb -- server4b
for ns in client6b routerb server4b; do
	ip netns add $ns
	ip -n $ns link set lo up
done
link client6b eth0 routerb in6
link routerb out4 server4b eth0
at routerb sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n client6b addr add $C6/64 dev eth0 nodad
ip -n routerb addr add $R6/64 dev in6 nodad
ip -n client6b route add default via $R6
ip -n routerb addr add $R4/24 dev out4
ip -n server4b addr add $S4/24 dev eth0
ip -n server4b route add default via $R4

second() { natptconfig -n routerb "$@"; }
of_second() { second -j show stats | jq --arg name "$1" '.[] | select(.name == $name) | .value'; }

is "the second namespace knows nothing of the first one's configuration" \
	"mapping: disable " "$(second show mapping) $(second show prefix)"
check_fails "... and does not translate" at client6b ping -qc1 -W2 $S46
second -f - <<-END
	prefix $P
	map 5 from 2001:db8:6::/64 to 192.0.2.2 port 5000 - 5999
	set udp-timeout = 120
	map enable
END

# The same IPv6 5-tuple in both; the servers tell as whom they see it.
for side in "" b; do
	at server4$side socat TCP4-LISTEN:9,fork 'SYSTEM:echo $SOCAT_PEERADDR; cat' &
	wait_for listening server4$side 9
done
coproc first { at client6 socat - "TCP6:[$S46]:9,bind=[$C6]:4000" 2>&1; }
read -r -t 20 peer <&"${first[0]}"
is "the first one's session has its pool" $POOL "$peer"
{ coproc other { at client6b socat - "TCP6:[$S46]:9,bind=[$C6]:4000" 2>&1; }; } 2>/dev/null
read -r -t 20 peer <&"${other[0]}"
is "the second one's session has its own" 192.0.2.2 "$peer"
is "the same hosts, the same ports: a session in each" "1 1" "$(status sessions) $(second -j show mapping | jq .sessions)"
check "... with the port of its own rule" \
	jq -e '.[0]."source-port4" | . >= 5000 and . <= 5999' <<<"$(second -j show xlate)"

before=$(counter translated-6to4)
at client6b ping -qc3 -i0.1 -W20 $S46 >/dev/null
is "counters are of one namespace" "$before" "$(counter translated-6to4)"
check "... which counts its own" [ "$(of_second translated-6to4)" -ge 6 ]
is "variables are of one namespace" "300 120" \
	"$(config -j show variables udp-timeout | jq '.[0].value') $(second -j show variables udp-timeout | jq '.[0].value')"
second map disable
check_fails "map disable in the second stops it" at client6b ping -qc1 -W2 $S46
check "... and not the first" at client6 ping -qc1 -W20 $S46
echo still here >&"${first[1]}"
read -r -t 20 answer <&"${first[0]}"
is "... nor its session" "still here" "$answer"
second map enable
echo here too >&"${other[1]}"
read -r -t 20 answer <&"${other[0]}"
is "the second's session outlives disable and enable" "here too" "$answer"

ip netns pids routerb | xargs -r kill
ip netns del routerb
wait_for bash -c "! ip -n client6b link show eth0"
check "with the second namespace gone the first goes on" at client6 ping -qc1 -W20 $S46
echo the end >&"${first[1]}"
read -r -t 20 answer <&"${first[0]}"
is "... and so does its session" "the end" "$answer"
ip netns add routerb
is "a new namespace of the same name begins with nothing" "mapping: disable " \
	"$(second show mapping) $(second show prefix)"
check "rmmod with both there" rmmod natpt
finish
