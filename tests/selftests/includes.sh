#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Files of several parts: included ones, names of addresses, and comments on rules, which the kernel keeps.
. "$(dirname "$0")/lib.sh"

dir=$(mktemp -d)
network
modprobe_natpt
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

rules() { config show config | grep '^map [0-9]'; }
# told TEXT SAID COMMAND...: the command fails and says this; nothing has changed
told()
{
	local text=$1 said=$2 before
	shift 2
	before=$(config -j show config)
	is "$text" "1 $said" "$("$@" 2>&1 | sed "s|$dir/||g" >"$dir/said"; echo "${PIPESTATUS[0]} $(cat "$dir/said")")"
	is "... and changes nothing" "$before" "$(config -j show config)"
}

mkdir "$dir/conf.d"
cat >"$dir/main" <<-END
	map flush
	prefix flush
	include "sets"
	prefix \$PREFIX
	include "conf.d/*.conf"
	include "none.d/*.conf"
	map enable
END
cat >"$dir/sets" <<-END
	define PREFIX = $P
	define POOL = { $POOL }
	define LABS = {
		2001:db8:7::/64,	# the first
		2001:db8:8::/64,
	}
END
echo "map from any6 to \$POOL" >"$dir/conf.d/20-all.conf"
echo "map from \$labs to 192.0.2.7 comment \"the labs\"" >"$dir/conf.d/10-labs.conf"
echo "map from nothing" >"$dir/conf.d/30-none.conf~"

at router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
is "a file that includes others" "" "$(config -f "$dir/main" 2>&1)"
is "... in the order of their names, with a rule for each address" \
"map 100 from 2001:db8:7::/64 to 192.0.2.7 comment \"the labs\"
map 200 from 2001:db8:8::/64 to 192.0.2.7 comment \"the labs\"
map 300 from any6 to $POOL" "$(rules)"
is "... relative to each of them, wherever one is" "" "$(cd / && config -c -f "$dir/main" 2>&1)"
is "... and from standard input, relative to where one is" "" "$(cd "$dir" && config -c -f - <main 2>&1)"
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
check "a connection" says one

# comments
is "show rules has comments" "  100:  from 2001:db8:7::/64 to 192.0.2.7 comment \"the labs\"" \
	"$(config show rules | head -1)"
is "... and JSON" '["the labs","the labs",null]' "$(config -j show rules | jq -c 'map(.comment)')"
config map 5 from 2001:db8:9::7 to 192.0.2.9 stateless comment "it's stateless"
config map 6 from 2001:db8:9::8 to 192.0.2.8 bidir comment "$(printf 'é%.0s' {1..31})x"
config show config >"$dir/saved"
ip netns add other
check "show config loads with comments of every kind of rule" natptconfig -n other -f "$dir/saved"
is "... and comes to the same" "$(cat "$dir/saved")" "$(natptconfig -n other show config)"
config map renum 10 10
is "renum: comments stay with their rules" \
"map 10 from 2001:db8:9::7 to 192.0.2.9 stateless comment \"it's stateless\"
map 20 from 2001:db8:9::8 to 192.0.2.8 bidir comment \"$(printf 'é%.0s' {1..31})x\"
map 30 from 2001:db8:7::/64 to 192.0.2.7 comment \"the labs\"
map 40 from 2001:db8:8::/64 to 192.0.2.7 comment \"the labs\"
map 50 from any6 to $POOL" "$(rules)"
config map delete 30
config map 30 from 2001:db8:7::/64 to 192.0.2.7
is "a rule that comes in place of another has no comment of it" '"the labs"' \
	"$(config -j show rules | jq -c '.[] | .comment | select(. == "the labs")')"
config -f - <<-END
	map flush
	map 40 from any6 to $POOL
END
is "... nor after all went" "map 40 from any6 to $POOL" "$(rules)"
check "the connection goes on" says two

# sync
is "-c sync prints statements with their addresses" "map delete 40
map 100 from 2001:db8:7::/64 to 192.0.2.7 comment \"the labs\"
map 200 from 2001:db8:8::/64 to 192.0.2.7 comment \"the labs\"
map 300 from any6 to $POOL" "$(config -c sync "$dir/main" 2>&1)"
check "sync" config sync "$dir/main"
check "the connection goes on" says three
before=$(status generation)
check "... once more" config sync "$dir/main"
is "... changes nothing" "$before" "$(status generation)"
opened=$(config -j show rules | jq '.[2].mappings')
echo "map from any6 to \$POOL comment \"everybody\"" >"$dir/conf.d/20-all.conf"
is "a new comment is a change" "map delete 300
map 300 from any6 to $POOL comment \"everybody\"" "$(config -c sync "$dir/main" 2>&1)"
check "... of one rule" config sync "$dir/main"
is "... that is the same to its sessions" "300 everybody $opened" \
	"$(config -j show rules | jq -r '.[2] | "\(.number) \(.comment) \(.mappings)"')"
check "... and the connection goes on" says four
sed -i 's/everybody/all/' "$dir/conf.d/20-all.conf"
check "another comment" config sync "$dir/main"
is "... is there" all "$(config -j show rules | jq -r '.[2].comment')"
echo "map from any6 to \$POOL" >"$dir/conf.d/20-all.conf"
check "none" config sync "$dir/main"
is "... is one less" null "$(config -j show rules | jq '.[2].comment')"
check "... and the connection goes on" says five

# what is wrong
echo "map from \$LABS to 192.0.2.400" >"$dir/conf.d/15-bad.conf"
for command in "-f" "-c -f" "sync" "-c sync"; do
	# shellcheck disable=SC2086 # words
	told "$command: a wrong word in an included file" \
		"conf.d/15-bad.conf:1:19: unexpected \`192.0.2.400\`: expected V4, V4/LENGTH or V4 - V4" \
		config $command "$dir/main"
done
# shellcheck disable=SC2016 # a name in the file
printf '\nmap from 2001:db8:d::7 to $POOL stateless\n' >"$dir/conf.d/15-bad.conf"
echo "map 1 from any6 to $POOL" >"$dir/conf.d/05-first.conf"
told "what the kernel refuses has the place in the file, and of the definition" \
	"conf.d/15-bad.conf:2:1: IPv4 addresses cover a pool's (\$POOL has $POOL, sets:2:17)" \
	config -f "$dir/main"
rm "$dir/conf.d/05-first.conf"
echo "map from \$LAB to 192.0.2.7" >"$dir/conf.d/15-bad.conf"
told "a name that is not defined" \
	"conf.d/15-bad.conf:1:10: nothing above it defines \$LAB (did you mean LABS?)" config -f "$dir/main"
echo "map 7 from \$LABS to 192.0.2.7" >"$dir/conf.d/15-bad.conf"
told "a number for several rules" \
	"conf.d/15-bad.conf:1:5: \$LABS has 2 addresses, a rule each: leave the number out" config -f "$dir/main"
echo "include \"../main\"" >"$dir/conf.d/15-bad.conf"
told "a file that includes itself" \
	"conf.d/15-bad.conf:1:9: the file includes itself: main, conf.d/15-bad.conf, conf.d/../main" \
	config -f "$dir/main"
echo "include \"missing\"" >"$dir/conf.d/15-bad.conf"
told "one that is not there" \
	"conf.d/15-bad.conf:1:9: conf.d/missing: No such file or directory (os error 2)" config -f "$dir/main"
echo "define SPARE = 192.0.2.77" >"$dir/conf.d/15-bad.conf"
is "a name that nothing has is told, and no error" \
	"0 conf.d/15-bad.conf:1:8: warning: SPARE is defined, and nothing has it" \
	"$(config -f "$dir/main" 2>&1 | sed "s|$dir/||g" >"$dir/said"; echo "${PIPESTATUS[0]} $(cat "$dir/said")")"
rm "$dir/conf.d/15-bad.conf"

# as many comments as rules, backwards
{
	echo "map flush"
	for ((i = 3000; i > 0; i--)); do
		echo "map $i from 2001:db8:1:$(printf %x $i)::/64 to 192.0.2.7 comment \"number $i\""
	done
	echo "map from any6 to $POOL"
} >"$dir/many"
check "3000 rules with comments" config -f "$dir/many"
is "... each has its own" 3000 \
	"$(config -j show rules | jq '[.[] | select(.comment == "number \(.number)")] | length')"
check "the connection goes on" says six
finish
