#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-12
# Own hosts with addresses under the prefix (RFC 6052), on two links of one router: what has a route
# of its own goes by it, and the router's own errors reach them.
. "$(dirname "$0")/lib.sh"

network
modprobe_natpt
config prefix $P
config map from $P to 192.0.2.0/24 stateless
config map enable
A=2001:db8:64::192.0.2.33 B=2001:db8:64::192.0.2.34 R=2001:db8:64::192.0.2.1
ip -n router addr add $R/128 dev in6 nodad
ip -n router -6 route add $A/128 via $C6
ip -n client6 addr add $A/128 dev lo nodad
ip -n server6 addr add $B/128 dev lo nodad
ip -n router -6 route add $B/128 via $S6
ip -n router link set out4 mtu 1400
ip -n server4 link set eth0 mtu 1400

check "an IPv4 host reaches one" at server4 ping -nqc2 -i0.2 -W20 192.0.2.33
check "it reaches the IPv4 host" at client6 ping -nqc2 -i0.2 -W20 -I $A $S46
check "the router reaches it, natively" at router ping -nqc2 -i0.2 -W20 -I $R $A
check "... with any source" at router ping -nqc2 -i0.2 -W20 $A
check "it reaches the router" at client6 ping -nqc2 -i0.2 -W20 -I $A $R
check "two of them reach each other" at client6 ping -nqc2 -i0.2 -W20 -I $A $B
is "... natively: nothing of it was translated" "$(counter translated-6to4)" 4
at client6 traceroute -n -q1 -N1 -w20 -s $A $S46 >/tmp/traceroute
check "the router shows in a traceroute" grep -Eq "^ 1  ($R6|2001:db8:64::c000:201) " /tmp/traceroute
at client6 ping -nM "do" -s 1400 -c2 -i0.5 -W2 -I $A $S46 >/tmp/ping 2>&1
check "the router tells it of a smaller link" grep -q "mtu.*1420" /tmp/ping
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
wait_for listening server4 80
head -c 300000 /dev/urandom >/tmp/large
at client6 python3 -m http.server -b $A -d /tmp 80 >/dev/null 2>&1 &
wait_for listening client6 80
large() { at "$1" curl -gsSm20 ${3:+--interface "$3"} "http://$2/large" | cmp - /tmp/large; }
check "a large download by it" large client6 "[$S46]" $A
check "... and from it" large server4 192.0.2.33

# Translation is off for a destination that has a route of its own, with a pool too.
# req: D-150
config -f - <<-END
	map flush
	map from any6 to $POOL
END
N4=198.51.100.11 N=2001:db8:64::198.51.100.11
ip -n server6 addr add $N/128 dev lo nodad
ip -n server4 addr add $N4/24 dev eth0
at server6 socat TCP6-LISTEN:9,fork,reuseaddr SYSTEM:'echo native $SOCAT_PEERADDR' &
for port in 9 10; do
	at server4 socat TCP4-LISTEN:$port,fork,reuseaddr SYSTEM:'echo translated $SOCAT_PEERADDR' &
	wait_for listening server4 $port
done
wait_for listening server6 9
who() { at client6 socat -u -T20 "TCP6:[$1]:${2:-9}" - | tr -d '[]'; }
native="native 2001:0db8:0006:0000:0000:0000:0000:0002"
is "a destination under the prefix is translated" "translated $POOL" "$(who $N)"
ip -n router -6 route add $N/128 via $S6
is "... but not with a route of its own" "$native" "$(who $N)"
is "... while others are" "translated $POOL" "$(who $S46)"
ip -n router -6 route del $N/128
is "... and again without" "translated $POOL" "$(who $N)"
# and for a port of it, by a mark
at router nft -f - <<-END
	table ip6 marks {
		chain pre {
			type filter hook prerouting priority raw;
			ip6 daddr $N tcp dport 9 meta mark set 9
		}
	}
END
ip -n router -6 route add $N/128 via $S6 table 9
ip -n router -6 rule add pref 9 fwmark 9 lookup 9
is "... for one port, if that is marked and a rule leads to such a route" "$native" "$(who $N)"
is "... while others are translated" "translated $POOL" "$(who $N 10)"
finish
