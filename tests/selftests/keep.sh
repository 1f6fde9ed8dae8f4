#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-8
# Rules and prefixes that go while their sessions run out: map delete N keep and the like.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n server4 addr add 198.51.100.11/24 dev eth0
for addr in $S4 198.51.100.11; do
	at server4 socat -t60 UDP4-RECVFROM:7,bind=$addr,fork EXEC:cat 2>/dev/null &
done
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

# sessions JQ: about the sessions
sessions() { config -j show xlate | jq -c "$1"; }
# udp TEXT PORT [ADDRESS]: a datagram from a port for the server, and its echo
udp() { at client6 socat -t2 - "UDP6:[${3:-$S46}]:7,bind=[$C6]:$2" <<<"$1"; }
# removed COUNT TEXT: sessions that have ended with their rule or prefix
removed() { is "$2" "$1" "$(counter sessions-removed)"; }

coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
# shellcheck disable=SC2154
pid=$talk_PID
check "a connection" says one
is "... and a datagram" hello "$(udp hello 5001)"
port=$(sessions 'map(select(.proto == "tcp"))[0]."source-port4"')

# A rule
config map delete 100 keep
is "a rule that goes is not listed" "natptconfig: No Rules." "$(config show rules 2>&1)"
is "... its sessions are" 2 "$(status sessions)"
check "... and go on" says two
is "... from both sides" again "$(udp again 5001)"
is "there are no new ones, of a host" "" "$(udp hello 5002)"
is "... nor of its port that has one" "" "$(udp hello 5001 2001:db8:64::198.51.100.11)"
udp5001=$(sessions 'map(select(.proto == "udp"))[0]."source-port4"')
at server4 socat -u - "UDP4:$POOL:$udp5001,bind=198.51.100.11:4321" <<<stranger
is "... nor of strangers" 2 "$(status sessions)"

config map 100 from any6 to 192.0.2.2
is "another rule takes new ones" hello "$(udp hello 5002)"
is "... and the port goes there for another peer" hello "$(udp hello 5001 2001:db8:64::198.51.100.11)"
is "... while its old session has the old address" \
	'[["198.51.100.10","192.0.2.1"],["198.51.100.11","192.0.2.2"]]' \
	"$(sessions '[.[] | select(."source-port6" == 5001) | [.target4, .source4]] | sort')"
check "... and the connection goes on" says three

config map 200 from 2001:db8:7::1 to $POOL
config -f - <<-END
	map flush keep
	map from any6 to $POOL port $port - $port proto tcp
END
check "a new rule for the old address: the connection goes on" says four
check_fails "... and nobody else gets its port" at client6 socat -T4 - "TCP6:[$S46]:9,connect-timeout=4" </dev/null
check "... of which somebody is told" [ "$(counter drop-ports-exhausted)" -ge 1 ]
config map flush
check "a flush does not end what another has kept" says five
removed 0 "nothing has ended with its rule so far"
is "an address with sessions is nobody else's" \
	"command line:1:1: sessions of a removed rule have an address yet: session flush ends them" \
	"$(config map from 2001:db8:a::80 to $POOL stateless 2>&1)"

config map from any6 to $POOL
check "the same rule again: the connection goes on" says six
is "... and there are new ones" hello "$(udp hello 5003)"
config map flush
check_fails "... and a flush ends them" says seven
eval "exec ${talk[1]}>&-"
config session flush
kill "$pid"
wait "$pid" 2>/dev/null
check "without sessions the address is free" config map from 2001:db8:a::80 to $POOL stateless

# A prefix
config -f - <<-END
	map flush
	map from any6 to $POOL
END
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
check "a connection" says one
config prefix flush keep
is "a prefix that goes is not listed" "" "$(config show prefix)"
check "... its sessions go on" says two
is "... there are no new ones" "" "$(udp hello 5002)"
is "another prefix over it has to wait" \
	"command line:1:8: sessions under an overlapping prefix run out yet: session flush ends them" \
	"$(config prefix 2001:db8:64::/64 2>&1)"
check "... one beside it not" config prefix 2001:db8:65::/96
is "... which takes new ones" hello "$(udp hello 5002 2001:db8:65::$S4)"
check "... while the connection goes on" says three
config prefix $P
check "the same prefix again: the connection goes on" says four
is "... and there are new ones" hello "$(udp hello 5002)"
is "... and both are listed" "prefix: 2001:db8:65::/96
prefix: $P" "$(config show prefix)"
config prefix flush keep
config session flush
check "without sessions another prefix may cover it" config prefix 2001:db8:64::/64
eval "exec ${talk[1]}>&-"
finish
