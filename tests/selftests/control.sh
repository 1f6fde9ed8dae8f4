#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# natptconfig: options, what show prints, JSON, help, exit statuses.
. "$(dirname "$0")/lib.sh"

# exits TEXT STATUS COMMAND...
exits()
{
	local text=$1 expected=$2 output status=0
	shift 2
	output=$("$@" 2>&1 </dev/null) || status=$?
	is "$text" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' <<<"$output"
}

# json TEXT FILTER WORD...: what show prints as JSON passes a jq filter.
json()
{
	local text=$1 filter=$2
	shift 2
	check "$text" jq -e "$filter" <<<"$(config -j show "$@")"
}

network
check "without the module there is one clear line, that says why" grep -qxE \
	"natpt: the kernel module is not loaded: (modprobe finds none|there are no modules) for Linux .*" \
	<<<"$(config show mapping 2>&1)"
exits "... and exit status 1" 1 config show mapping
exits "-c needs no module" 0 config -c map enable

translator
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat &
wait_for listening server4 9
coproc at client6 socat - "TCP6:[$S46]:9"
echo hello >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}"
is "a TCP session is there to be shown" hello "$answer"
at client6 ping -q -c1 -W20 $S46 >/dev/null

is "show prefix" "prefix: $P" "$(config show prefix)"
is "show mapping" "mapping: enable" "$(config show mapping)"
is "show rules" "  100:  from any6 to $POOL" "$(config show rules)"
check "show xlate: header" grep -qE '^Proto +Local Address \(src\) +Local Address \(dst\) +Remote Address \(src\) +Remote Address \(dst\) +Idle +\(state\)$' <<<"$(config show xlate)"
check "show xlate: the TCP session" grep -qE "^tcp +$C6\.[0-9]+ +$S46\.9 +$POOL\.[0-9]+ +$S4\.9 +[0-9:]{8} +ESTABLISHED$" <<<"$(config show xlate)"
check "show xlate: the ICMP session" grep -qE "^icmp +$C6\.[0-9]+ +$S46\.[0-9]+ +$POOL\.[0-9]+ +$S4\.[0-9]+ +[0-9:]{8}$" <<<"$(config show xlate)"
check "show xlate long" grep -qE "^tcp +$C6\.[0-9]+ +$S46\.9 " <<<"$(config show xlate long)"
check "show xlate short" grep -qE "^tcp +2001:db8:6::2\.[0-9]+ +$POOL\.[0-9]+ +[0-9:]{8} +ESTABLISHED$" <<<"$(config show xlate short)"
is "show sessions" \
"proto:    count    close    estab      fin      syn
  tcp:        1        0        1        0        0
  udp:        0
 icmp:        1" "$(config show sessions)"
check "show variables: name, value, default, range, unit, meaning" grep -qE \
	'^udp-timeout +300 +300 +120 - 86400 +s +life of an idle UDP session' <<<"$(config show variables)"
is "show variables NAME shows one" 2 "$(config show variables udp-timeout | wc -l)"
check "show stats" grep -qE '^sessions-opened +2 +sessions opened$' <<<"$(config show stats)"

# req: D-156
json "-j show prefix" '. == [{"address": "2001:db8:64::", "length": 96}]' prefix
json "-j show mapping" '.enabled and .sessions == 2 and .mappings == 2 and .generation == 4 and (.version | length > 0)' mapping
json "-j show rules" '.[0] | .number == 100 and .from == "any6" and .to == "192.0.2.1" and .mappings == 2' rules
json "-j show sessions" '.tcp.established == 1 and .icmp.none == 1' sessions
json "-j show xlate" 'map(select(.proto == "tcp"))[0] | .source6 == "2001:db8:6::2" and .target6 == "2001:db8:64::c633:640a" and .source4 == "192.0.2.1" and .target4 == "198.51.100.10" and ."target-port" == 9 and .state == "established" and .idle < 100 and .expires > 7000 and .expires <= 7440' xlate
json "-j show variables" 'length >= 10 and all(.[]; .min <= .default and .default <= .max and .value == .default and .doc != "")' variables
# req: A-160 D-029
json "-j show variables NAME" '.[0] | .name == "udp-timeout" and .default == 300' variables udp-timeout
metrics=$(config metrics)
check "metrics: sessions, and how many there may be" grep -qE '^natpt_sessions [0-9]+$' <<<"$metrics"
check "… counters by name" grep -qE '^natpt_sessions_opened_total 2$' <<<"$metrics"
check "… drops by reason" grep -qE '^natpt_drops_total\{reason="no-mapping"\} [0-9]+$' <<<"$metrics"
is "… every line is one of Prometheus's format" "" \
	"$(grep -vE '^# (HELP|TYPE) natpt_[a-z0-9_]+ .+$|^natpt_[a-z0-9_]+(\{([a-z]+="[^"]*",?)+\})? [0-9]+$' <<<"$metrics")"
is "… no family twice" "" "$(grep '^# TYPE' <<<"$metrics" | sort | uniq -d)"
json "-j show stats: every counter has a name and a meaning" 'length > 30 and all(.[]; .name != "" and .doc != "" and .value >= 0) and ([.[].name] | unique | length) == length' stats
json "-j show config" '.prefixes[0].length == 96 and .rules[0].number == 100 and .status.enabled and (.variables | length >= 10)' config

# Nobody else's namespace is touched.
is "-n NETNS: another namespace has a configuration of its own" "mapping: disable" "$(natptconfig -n server6 show mapping)"
at server4 sleep 1000 &
exits "-n takes a path" 0 natptconfig -n "/proc/$!/ns/net" show mapping
is "without -n it is the namespace one is in" "mapping: enable" "$(at router natptconfig show mapping)"
exits "-n with a name that is not there" 1 natptconfig -n nowhere show mapping
check "... and advice" grep -q 'network namespace nowhere: .*: ip netns list has the names' \
	<<<"$(natptconfig -n nowhere show mapping 2>&1)"
check "without rights the one that is missing is told" grep -q CAP_NET_ADMIN \
	<<<"$(at router setpriv --reuid=65534 --regid=65534 --clear-groups natptconfig map enable 2>&1)"
check "... for -n, too" grep -q 'CAP_SYS_ADMIN' <<<"$(setpriv --reuid=65534 --regid=65534 \
	--clear-groups natptconfig -n router show mapping 2>&1)"
check "a misspelt variable: the nearest name" grep -q 'did you mean udp-timeout' \
	<<<"$(config show variables udp-timout 2>&1)"
exits "-c checks without changing" 0 config -c map disable
is "... nothing" true "$(status enabled)"
exits "-c finds what is wrong" 1 config -c map disabel
printf 'prefix 2001:db8::/96\nmap enable\n' >/tmp/good.conf
exits "-c -f FILE" 0 config -c -f /tmp/good.conf
is "... changes nothing" "prefix: $P" "$(config show prefix)"

check "? at the start lists the statements" grep -q '^prefix  *set or remove translation prefixes' <<<"$(natptconfig '?')"
check "? in a statement lists what may follow" grep -q '^any6  *every IPv6 host' <<<"$(natptconfig map from '?')"
exits "? exits with 0" 0 natptconfig show '?'
check "--help" grep -q '^Usage: natptconfig' <<<"$(natptconfig --help)"
check "--version" grep -qE '^natptconfig [0-9]' <<<"$(natptconfig --version)"
exits "no statement: 2" 2 natptconfig
exits "unknown option: 2" 2 natptconfig --frobnicate
exits "-f and a statement: 2" 2 natptconfig -f /dev/null map enable
exits "a file that is not there: 1" 1 natptconfig -f /tmp/none.conf
exits "an empty file: 0" 0 config -f /dev/null
exits "wrong statement: 1" 1 config map frobnicate
exits "refused statement: 1" 1 config map delete 5
exits "a reader that goes away is no error" 0 bash -c 'natptconfig -n router show stats | head -1; exit ${PIPESTATUS[0]}'
exits "standard output that is full: 1" 1 bash -c 'natptconfig -n router show stats >/dev/full'
exits "standard error that is full: 1" 1 bash -c 'natptconfig map frobnicate 2>/dev/full'

# completed LINE WORD: bash offers this word, and others only if there is a blank behind it
completed()
{
	bash -c '. /natpt/configs/natptconfig.bash; COMP_LINE=$1 COMP_POINT=${#1}; _natptconfig; echo "${COMPREPLY[*]} "' - "$1" |
		grep -q -- "^$2"
}
check "completion: a statement" completed "natptconfig pre" "prefix $"
check "... behind options" completed "natptconfig -jn router -q sh" "show $"
check "... behind an address" completed "natptconfig map from 2001:db8::/32 " "to $"
check "... of an option" completed "natptconfig --ch" "--check $"
check "... sync" completed "natptconfig -c sy" "sync $"
finish
