#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-13
# req: D-160
# Events: what is told of mappings, sessions and limits, to whom, and what slow readers are told.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
C6B=2001:db8:6::3
network
translator
ip -n client6 addr add $C6B/64 dev eth0 nodad
at server4 nft 'add table ip quiet; add chain ip quiet input { type filter hook input priority filter; }; add rule ip quiet input udp dport != 7 drop'
at server4 socat -t60 UDP4-RECVFROM:7,fork EXEC:cat 2>/dev/null &
udp() { at client6 socat -u - "UDP6:[$S46]:$3,bind=[$1]:$2" <<<x; }

dir=$(mktemp -d)
# listen NAME OPTION... -- WORD...: a monitor that writes into a file
declare -A listeners
listen()
{
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	natptconfig -n router "${options[@]}" monitor "$@" >"$dir/$name" 2>"$dir/$name.err" &
	listeners[$name]=$!
	wait_for grep -q listening "$dir/$name.err"
}
# has NAME COUNT: so many lines were heard
has() { [ "$(wc -l <"$dir/$1")" -ge "$2" ]; }
# heard NAME JQ: about what was heard
heard() { jq -sc "$2" "$dir/$1"; }

listen all -j --
listen text --
listen some -j -- sessions host $C6B
listen log -j -- mappings
started=$(date +%s)
udp $C6 4001 53
udp $C6 4001 54
udp $C6B 4002 53
check "events are heard" wait_for has all 5
is "mappings and sessions that are opened, in their order" \
	'["mapping-opened 4001","session-opened 4001","session-opened 4001","mapping-opened 4002","session-opened 4002"]' \
	"$(heard all 'map("\(.event) \(."source-port6")")')"
port=$(config -j show xlate host $C6 limit 1 | jq '.[0]."source-port4"')
is "a mapping has protocol, host, address, port and rule" \
	"[\"udp\",\"$C6\",4001,\"$POOL\",$port,100]" \
	"$(heard all '.[0] | [.proto, .source6, ."source-port6", .source4, ."source-port4", .rule]')"
is "... but no peer" null "$(heard all '.[0].target4')"
is "a session has its peer too" "[\"$S46\",\"$S4\",54]" \
	"$(heard all '.[2] | [.target6, .target4, ."target-port"]')"
# req: D-170
check "the time is that of the clock, in UTC" [ "$(heard all "map(.time | sub(\"\\\\.[0-9]+\"; \"\") | fromdate - $started | select(. < -1 or . > 120)) | length")" = 0 ]
is "who asks for a part hears that" '["session-opened 4002"]' "$(heard some 'map("\(.event) \(."source-port6")")')"
check "text is a line each" wait_for has text 5
check "... with the same" grep -qE "^[0-9-]{10}T[0-9:.]{15}Z session opened udp $C6\.4001 $S46\.54 $POOL\.$port $S4\.54 rule 100$" "$dir/text"

# Ends
config session delete host $C6
check "sessions that end are heard of" wait_for has all 8
is "... with the reason, mappings with their last session" \
	'["mapping-closed","session-closed deleted","session-closed deleted"]' \
	"$(heard all '.[5:] | map([.event, .end // empty] | join(" ")) | sort')"
check "... from when to when" [ "$(heard all '.[5:] | map(select(.event == "session-closed") | (.time | sub("\\.[0-9]+"; "") | fromdate) - (.start | sub("\\.[0-9]+"; "") | fromdate) - .idle | select(. < -2 or . > 60)) | length')" = 0 ]
config map flush
check "a rule that goes" wait_for has all 10
is "... is the reason" '["mapping-closed","session-closed removed"]' \
	"$(heard all '.[8:] | map([.event, .end // empty] | join(" ")) | sort')"
config map from any6 to $POOL
config set icmp-timeout = 60
at client6 ping -qc1 -W20 $S46 >/dev/null
check "a ping" wait_for has all 12
is "... has its protocol" '["icmp","icmp"]' "$(heard all '.[10:] | map(.proto)')"
is "numbers of a group have no gap" '[true,true]' \
	"$(heard all '[group_by(.event | startswith("mapping"))[] | map(.number) | . == [range(.[0]; .[0] + length)]]')"

# req: D-158
check "a log of mappings" wait_for has log "$(heard all '[.[] | select(.event | startswith("mapping"))] | length')"
is "... has them all" "$(heard all '[.[] | select(.event | startswith("mapping"))] | sort_by(.number)')" \
	"$(heard log 'sort_by(.number)')"
is "... and no destination" '[]' "$(heard log 'map(.target6, .target4, ."target-port" | values)')"
is "... wherever it may stand" 0 "$(grep -cE "$S4|$S46" "$dir/log")"
is "... nor has the kernel log" 0 "$(dmesg | grep natpt | grep -cE "$S4|$S46")"
kill "${listeners[log]}"

# Limits
config set host-sessions = 2
at client6 python3 "$here/nl_churn.py" $C6 $S46 1 50
check "a limit is heard of" wait_for eval 'grep -q host-sessions "$dir/all"'
is "... with the host that met it" "[\"limit\",\"host-sessions\",\"udp\",\"$C6\"]" \
	"$(heard all '[.[] | select(.limit)][0] | [.event, .limit, .proto, .source6]')"
sleep 2
udp $C6 4100 7
check "... not for each packet" wait_for eval '[ "$(heard all "[.[] | select(.limit) | .refused] | add")" = "$(counter drop-host-sessions)" ]'
check "... but once a second" [ "$(heard all '[.[] | select(.limit)] | length')" -lt "$(counter drop-host-sessions)" ]
config set host-sessions = 262144

# Others
check_fails "without CAP_NET_ADMIN nobody listens" at router setpriv --reuid=65534 --regid=65534 \
	--clear-groups natptconfig monitor
listen elsewhere -j --
natptconfig -n server6 monitor >"$dir/other" 2>"$dir/other.err" &
other=$!
wait_for grep -q listening "$dir/other.err"
udp $C6 4003 53
wait_for has elsewhere 2
is "nobody hears of another namespace" 0 "$(wc -l <"$dir/other")"
kill $other

# Slow ones
kill "${listeners[all]}" "${listeners[text]}"
before=$(counter events-lost)
opened=$(counter sessions-opened)
kill -STOP "${listeners[some]}"
config set host-rate = 1000000
many=20000
at client6 python3 "$here/nl_churn.py" $C6B $S46 100 "$many"
check "traffic does not wait for who is slow" [ "$(counter sessions-opened)" -ge $((opened + many)) ]
kill -CONT "${listeners[some]}"
check "what a slow one misses is counted" [ "$(counter events-lost)" -gt "$before" ]
lost() { heard some '[.[] | select(.event == "overrun") | .lost] | add // 0'; }
udp $C6B 9999 99
check "... and told, with the number" wait_for eval \
	'[ $(($(heard some "[.[] | select(.event != \"overrun\")] | length") + $(lost))) -ge "$many" ]'
check "... which is not all" [ "$(lost)" -gt 0 ]
kill "${listeners[some]}" "${listeners[elsewhere]}"
wait "${listeners[some]}" "${listeners[elsewhere]}" 2>/dev/null
is "a reader that goes away is no error" 0 "$(natptconfig -n router monitor 2>/dev/null | head -1 >/dev/null & sleep 1; udp $C6 4005 53; udp $C6 4006 53; wait $!; echo $?)"
listen last -j --
check "rmmod while somebody listens" rmmod natpt
kill "${listeners[last]}"
finish
