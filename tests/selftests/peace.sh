#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-9
# Hosts, the box's own NAT and its sockets share an address: no answer goes to the wrong one,
# whichever opened its conversation first.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n router addr add 10.0.6.1/24 dev in6
ip -n client6 addr add 10.0.6.2/24 dev eth0
ip -n client6 route add default via 10.0.6.1
at server4 socat -t60 UDP4-LISTEN:7,fork EXEC:cat 2>/dev/null &
at server4 socat -t60 TCP4-LISTEN:9,fork,reuseaddr EXEC:cat 2>/dev/null &
wait_for listening server4 9
at router nft -f - <<-'NFT'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			ip saddr 10.0.6.0/24 oifname out4 masquerade
		}
	}
NFT
# shared RANGE: hosts have these ports of the router's own address
shared()
{
	config -f - <<-END
		map flush
		map from any6 to $R4 port $1
		set port-hold = 0
	END
}
relay python3 "$(dirname "$0")/peace.py" $((3 * ${slower:-1}))

# ICMP identifiers
# pings NAMESPACE ADDRESS ID: two of its echo requests are answered
pings() { at "$1" ping -qc2 -i0.3 -W$((3 * ${slower:-1})) -e "$3" "$2"; }
shared "77 - 77"
taken() { counter drop-port-taken; }
before=$(taken)
check "ping: a masqueraded host has the identifier first" pings client6 $S4 77
check_fails "... and an IPv6 host does not get it with the same peer" pings client6 $S46 1
config session flush
at router conntrack -F 2>/dev/null
check "ping: an IPv6 host has it first" pings client6 $S46 1
is "... so far nothing was in the way" "$before" "$(taken)"
check_fails "... a masqueraded host gets no answers that are not its own" pings client6 $S4 77
check "... nor does the router" test "$(taken)" -gt "$before"
check_fails "... who has not sent it" pings router $S4 77
check "... with other identifiers both do" pings client6 $S4 78
check "... the router, too" pings router $S4 79

# The address comes later than the rule
config -f - <<-END
	map flush
	map from any6 to 198.51.100.77 port 20000 - 20000
END
ip -n router addr add 198.51.100.77/24 dev out4
at router nft flush ruleset
at router nft -f - <<-'NFT'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			ip saddr 10.0.6.0/24 oifname out4 snat to 198.51.100.77
		}
	}
NFT
at client6 socat -u - "UDP6:[$S46]:7,bind=[$C6]:5700" <<<x
# clash: a datagram from a masqueraded host's port 20000 was stopped
clash()
{
	local before
	before=$(taken)
	# of a connection that conntrack has let leave nothing is stopped
	at router conntrack -F 2>/dev/null
	at client6 socat -u - UDP4:$S4:7,bind=10.0.6.2:20000 <<<x
	[ "$(taken)" -gt "$before" ]
}
check "an address that becomes the box's own is watched soon" wait_for clash
finish
