#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sessions live as long as their protocol and state say.
. "$(dirname "$0")/lib.sh"

network
translator

# session FILTER JQ: about the sessions that a filter chooses
session() { config -j show xlate | jq -c "[.[] | select($1)] | $2"; }
no_session() { [ "$(session "$1" length)" = 0 ]; }
state_is() { [ "$(session "$1" '.[0].state')" = "\"$2\"" ]; }

deaf_port server4 99
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
at server4 socat -u UDP4-RECV:9 /dev/null &
wait_for listening server4 9

# req: D-029
echo | at client6 socat -u - "UDP6:[$S46]:9"
check "UDP: 300 s" [ "$(session '.proto == "udp"' '.[0] | .idle + .expires | . >= 299 and . <= 300')" = true ]
at client6 ping -qc1 -W20 $S46 >/dev/null
check "ICMP: 60 s" [ "$(session '.proto == "icmp"' '.[0] | .idle + .expires | . >= 59 and . <= 60')" = true ]
config set udp-timeout = 2m
check "a timer that is set counts for sessions that are there" \
	[ "$(session '.proto == "udp"' '.[0] | .expires <= 120')" = true ]

# req: D-066 D-068
coproc at client6 socat - "TCP6:[$S46]:9"
echo hello >&"${COPROC[1]}"
read -r -t 20 _ <&"${COPROC[0]}"
tcp='.proto == "tcp" and ."target-port" == 9'
check "established TCP: 7440 s" [ "$(session "$tcp" '.[0] | .state == "established" and .idle + .expires >= 7439 and .expires <= 7440')" = true ]
since=$SECONDS
sleep 3
check "idle grows without packets" [ "$(session "$tcp" '.[0].idle >= 2')" = true ]
echo again >&"${COPROC[1]}"
read -r -t 20 _ <&"${COPROC[0]}"
idle=$(session "$tcp" '.[0].idle')
check "... and a packet makes it 0 again" test "$idle" -lt $((SECONDS - since - 1))
eval "exec ${COPROC[1]}>&-"
check "after both FINs" wait_for state_is "$tcp" v6-fin-v4-fin-rcv
check "... 240 s" [ "$(session "$tcp" '.[0] | .idle + .expires | . >= 239 and . <= 240')" = true ]

# linger 0 makes close send a reset
at client6 python3 - <<-END
	import socket, struct
	one = socket.create_connection(("$S46", 9))
	one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	one.close()
END
# req: D-065
check "after a reset the session is kept for a while" \
	wait_for state_is "$tcp and .state == \"trans\"" trans
check "... 240 s" [ "$(session "$tcp and .state == \"trans\"" '.[0] | .idle + .expires | . >= 239 and . <= 240')" = true ]

# One port only: the next host gets it when the first one's session has ended. That shall not be
# before we have looked.
config -f - <<-END
	set tcp-syn-timeout = 100
	set evict = 0
	map 50 from any6 to 192.0.2.5 port 5000 - 5000
	map delete 100 keep
END
# open PORT: a SYN, and some time later another
open()
{
	at client6 timeout $((2 * ${slower:-1})) \
		socat -u OPEN:/dev/null "TCP6:[$S46]:99,bind=[$C6]:$1" 2>/dev/null
}
syn='."target-port" == 99'
expired=$(counter sessions-expired)
open 6001
check "a SYN without an answer: 100 s" [ "$(session "$syn" \
	'.[0] | .state == "v6-init" and .idle + .expires >= 99 and .idle + .expires <= 100')" = true ]
is "... has the only port of its pool" 5000 "$(session "$syn" '.[0]."source-port4"')"
open 6002
check "... so that another gets none" [ "$(counter drop-ports-exhausted)" -gt 0 ]
config set tcp-syn-timeout = 4
check "it ends by its timer" wait_for no_session "$syn"
check "... which is counted" [ "$(counter sessions-expired)" -gt "$expired" ]
# req: D-005
is "... and its mapping has gone with it" "$(config -j show xlate | jq 'map([.proto, ."source-port6"]) | unique | length')" \
	"$(status mappings)"
config set tcp-syn-timeout = 100
open 6003
is "the port is in the pool again" "5000 6003" \
	"$(session "$syn" '.[0] | "\(."source-port4") \(."source-port6")"' | tr -d \")"
check "sessions with longer lives are still there" [ "$(status sessions)" -ge 4 ]

# What an IPv4 host opens to a static mapping
# req: C-019
config map from $C6 to 192.0.2.6 bidir
into='.source4 == "192.0.2.6"'
ports6() { config -j show xlate | jq 'map([.source6, .source4, .proto, ."source-port6"]) | unique | length'; }
refused() { at server4 socat -u OPEN:/dev/null "TCP4:192.0.2.6:$1" 2>&1 | grep -q refused; }
check "an IPv4 host reaches a host, which refuses" refused 7777
at server4 socat -u - UDP4:192.0.2.6:7778 <<<x
check "... by sessions that end if nobody answers" [ "$(session "$into" \
	'map("\(.proto) \(.state) \(."source-port6") \(.idle + .expires | (. + 1) / 20 | floor)") | sort')" = \
	'["tcp v4-init 7777 5","udp null 7778 6"]' ]
is "... with mappings" "$(ports6)" "$(status mappings)"
expired=$(counter sessions-expired)
config set tcp-syn-timeout = 4
check "TCP: it is gone" wait_for no_session "$into and .proto == \"tcp\""
check "... by its time" [ "$(counter sessions-expired)" -gt "$expired" ]
is "... and its mapping" "$(ports6)" "$(status mappings)"
check "... and there again when somebody comes" refused 7777

# More than a pause of expiry after the last change: who comes now is not among those that it has seen
# fault: state-12
sleep 6
expired=$(counter sessions-expired)
open 6004
check "a SYN that comes later ends by its timer, too" wait_for no_session "$syn"
check "... which is counted" [ "$(counter sessions-expired)" -gt "$expired" ]
finish
