#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nftables and conntrack beside the translator: it can be filtered, and nothing else changes.
. "$(dirname "$0")/lib.sh"

network
modprobe_natpt
# No hook is left for fragments where others have all but two of an IPv4 packet's.
for i in {1..1022}; do
	echo "add chain full c$i { type filter hook prerouting priority raw; }"
done | at router nft -f <(echo "add table full"; cat)
config prefix $P
config map from any6 to $POOL
config map from 2001:db8:7::/120 to 203.0.113.0/24 stateless
check_fails "where others have all hooks, translation cannot be switched on" config map enable
check_fails "... and is not" at client6 ping -qc1 -W2 $S46
at router nft delete table full
config map flush
config prefix flush
translator
at router sysctl -qw net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0

for port in 80 81 82 83; do
	at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs $port >/dev/null 2>&1 &
done
at server6 python3 -m http.server -b :: -d /natpt/configs 80 >/dev/null 2>&1 &
for port in 80 81 82 83; do
	wait_for listening server4 $port
done
wait_for listening server6 80

fetch() { at client6 curl -sSm"${2:-20}" "http://[$S46]:$1/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
pings() { at client6 ping -qc1 -W"${1:-20}" $S46; }
rules() { at router nft -f -; }
# hits NAME: packets that a named nft counter has seen
hits() { at router nft -j list counter inet filter "$1" | jq '.nftables[1].counter.packets'; }

# The usual chain of a firewall: what conntrack does not know is dropped.
rules <<-'END'
	table inet filter {
		counter dropped { }
		chain translated { }
		chain forward {
			type filter hook forward priority filter; policy drop;
			ct state established,related accept
			ct state new ip6 daddr 2001:db8:5::/64 accept
			ct state new ip saddr 10.6.0.0/24 accept
			jump translated
			counter name dropped
		}
	}
END
check_fails "a chain that only lets tracked traffic pass stops translated packets" pings 2
check "... which it sees in FORWARD" [ "$(hits dropped)" -gt 0 ]
rules <<-END
	add rule inet filter translated ct state untracked ip saddr $POOL accept
	add rule inet filter translated ct state untracked ip6 saddr $P accept
END
check "with the two rules for translated packets ping works" pings
check "... and TCP" fetch 80
at client6 tracepath -n -m3 $S46 >/tmp/tracepath
check "... and tracepath" grep -q "^ 2:  $S46 .* reached" /tmp/tracepath

# req: B-028
at router nft insert rule inet filter translated ip daddr $S4 tcp dport 81 drop
check_fails "a rule on the IPv4 side stops one port" fetch 81 3
check "... and no other" fetch 80
at router nft insert rule inet filter translated ip6 saddr $S46 tcp sport 82 drop
check_fails "a rule on the IPv6 side stops one port's answers" fetch 82 3
check "... and no other" fetch 80
# Errors that the router itself sends go to the pool address, so it must have a route for it.
ip -n router addr add $POOL/32 dev lo
at router nft insert rule inet filter translated ip daddr $S4 tcp dport 83 \
	reject with icmp admin-prohibited
is "reject on the IPv4 side reaches the IPv6 sender as an ICMPv6 error" "Permission denied" \
	"$(at client6 python3 -c "import socket; socket.create_connection(('$S46', 83), 20)" 2>&1 | sed -n 's/.*\] //p')"
at router nft insert rule inet filter translated ip daddr $S4 tcp dport 84 reject with tcp reset
is "... and a reset as a reset" "Connection refused" \
	"$(at client6 python3 -c "import socket; socket.create_connection(('$S46', 84), 20)" 2>&1 | sed -n 's/.*\] //p')"

# Other traffic: IPv6 that is not translated, IPv4 that is masqueraded.
ip -n server6 addr add 10.6.0.2/24 dev eth0
ip -n router addr add 10.6.0.1/24 dev out6
ip -n server6 route add default via 10.6.0.1
rules <<-'END'
	table ip nat {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname "out4" masquerade
		}
	}
END
at server4 socat TCP4-LISTEN:9,fork 'SYSTEM:echo $SOCAT_PEERADDR' &
wait_for listening server4 9
# req: C-044
is "masquerading of other IPv4 goes on" $R4 "$(at server6 socat -t60 - TCP4:$S4:9 </dev/null)"
check "IPv6 that is not translated passes" \
	at client6 curl -sSm20 -o /dev/null "http://[$S6]/natpt.conf"
# translated packets must not be translated again
is "... and translated packets are not masqueraded" $POOL \
	"$(at client6 socat -t60 - "TCP6:[$S46]:9" </dev/null)"
tracked=$(at router conntrack -L 2>/dev/null; at router conntrack -L -f ipv6 2>/dev/null)
check "conntrack knows the masqueraded connection" grep -q 'src=10.6.0.2 ' <<<"$tracked"
check "... and the untranslated IPv6 one" grep -q "dst=$S6 " <<<"$tracked"
check_fails "... and none that natpt translates" grep -E "=$POOL |=$S46 " <<<"$tracked"

# Packets that user space holds.
rules <<-END
	insert rule inet filter translated ip daddr $S4 udp dport 7 queue num 7
	insert rule inet filter translated ip6 saddr $S46 udp sport 8 queue num 8
END
at server4 socat -u UDP4-RECV:7 OPEN:/tmp/received,creat &
at server4 socat -t60 UDP4-RECVFROM:8,fork EXEC:cat &
wait_for bash -c "ip netns exec server4 ss -Hlun | grep -q ':8 '"

# hold DIRECTORY: NFQUEUE holds a packet of each direction, until DIRECTORY/go
hold()
{
	mkdir "$1"
	for queue in 7 8; do
		at router python3 "$(dirname "$0")/nl_queue.py" $queue 1 "$1/held$queue" "$1/go" \
			>/dev/null 2>&1 &
		wait_for [ -e "$1/held$queue.ready" ]
	done
	echo outward | at client6 socat -u - "UDP6:[$S46]:7"
	echo inward | at client6 socat -t60 - "UDP6:[$S46]:8" >"$1/answer" 2>/dev/null &
	wait_for [ -e "$1/held7" ] && wait_for [ -e "$1/held8" ]
}

none_held() { ! pgrep -f '[n]l_queue'; }
check "NFQUEUE holds a packet of each direction" hold /tmp/first
touch /tmp/first/go
check "... which leave when they are accepted, outward" wait_for grep -q outward /tmp/received
check "... and inward" wait_for grep -q inward /tmp/first/answer
wait_for none_held
check "it holds them again" hold /tmp/second
check "the module goes meanwhile" rmmod natpt
touch /tmp/second/go
# the kernel drops what a namespace has in queues when one of its hooks goes
check "... and the late verdicts harm nobody" wait_for none_held
check "... so that other traffic goes on" at client6 ping -qc1 -W20 $S6
finish
