#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every statement of the grammar does in the kernel what it says; files do all or nothing.
. "$(dirname "$0")/lib.sh"

modprobe_natpt
ip netns add router

# holds TEXT LINES: the configuration is these lines, the defaults of variables left out.
holds()
{
	is "$1" "$2" "$(config show config | grep -vE '^(prefix|map) flush$' | grep -vxF "$defaults")"
}
defaults=$(config -j show variables | jq -r '.[] | "set \(.name) = \(.default)"')

value() { config -j show variables "$1" | jq '.[0].value'; }

holds "nothing is configured at first" "map disable"

config prefix 2001:db8:64::/96
config prefix 64:ff9b::
config PREFIX 2001:db8:100::/40
holds "prefix: several, of different lengths, 96 if left out, in capitals too" \
"prefix 2001:db8:64::/96
prefix 64:ff9b::/96
prefix 2001:db8:100::/40
map disable"
config prefix flush
holds "prefix flush removes all" "map disable"

# req: B-012
for length in 32 40 48 56 64 96; do
	check "prefix of length $length" config prefix 2001:db8::/$length
	config prefix flush
done

config map from any6 to 192.0.2.1
config map from 2001:db8:1::/48 to 192.0.2.2 port 1024 - 2047 proto tcp/udp
config map 150 from 2001:db8:1::7 to 192.0.2.3 port 5000 : 10 proto icmp
config map 7 from 2001:db8:2::/64 to 192.0.2.1 port 9 - 9
holds "map: ordered by number, a rule without one goes behind the last" \
"map 7 from 2001:db8:2::/64 to 192.0.2.1 port 9 - 9
map 100 from any6 to 192.0.2.1
map 150 from 2001:db8:1::7 to 192.0.2.3 port 5000 - 5009 proto icmp
map 200 from 2001:db8:1::/48 to 192.0.2.2 port 1024 - 2047 proto tcp/udp
map disable"

config map renum
is "map renum: 100, 200 ..." "100 200 300 400" "$(config -j show rules | jq -r '[.[].number] | join(" ")')"
config map renum 5
is "map renum START" "5 105 205 305" "$(config -j show rules | jq -r '[.[].number] | join(" ")')"
config map renum 1 2
is "map renum START INTERVAL" "1 3 5 7" "$(config -j show rules | jq -r '[.[].number] | join(" ")')"
config map delete 5
is "map delete N" "1 3 7" "$(config -j show rules | jq -r '[.[].number] | join(" ")')"
config map flush
holds "map flush removes all rules" "map disable"
warning="natptconfig: warning: translation is on, but there is no prefix"
is "map enable warns of what keeps it from working" "$warning" "$(config map enable 2>&1)"
is "map enable" true "$(status enabled)"
config map enable 2>/dev/null
is "map enable a second time changes nothing" true "$(status enabled)"
config map disable
is "map disable" false "$(status enabled)"

config set udp-timeout = 400
is "set with a decimal number" 400 "$(value udp-timeout)"
config set udp-timeout=0x100
is "set with a hexadecimal number" 256 "$(value udp-timeout)"
config set tcp-est-timeout = 3h
is "set with a duration" 10800 "$(value tcp-est-timeout)"

config -j show variables >/tmp/variables
for end in min max default; do
	jq -r --arg end $end '.[] | "set \(.name) = \(.[$end])"' /tmp/variables | config -f -
	is "set takes every variable's $end" "$(jq -c --arg end $end 'map(.[$end])' /tmp/variables)" \
		"$(config -j show variables | jq -c 'map(.value)')"
done

before=$(status generation)
config set tos = 3
is "a change makes the generation grow by one" $((before + 1)) "$(status generation)"
config -f - <<-'END'
	# five statements
	prefix 2001:db8:64::/96	# the prefix
	map 10 from any6 to 192.0.2.1 port 1024 - 65535

	set udp-timeout = 2m
	SET Icmp-Timeout = 90
	set tos = 0
	map disable
END
holds "-f -: comments, blank lines, tabs" \
"prefix 2001:db8:64::/96
map 10 from any6 to 192.0.2.1 port 1024 - 65535
set udp-timeout = 120
set icmp-timeout = 90
map disable"
is "a file is one change" $((before + 2)) "$(status generation)"

# The first statements are fine, the kernel refuses the last one.
before="$(status generation) $(config show config)"
printf 'map flush\nprefix 64:ff9b::/96\nset tos = 3\nmap delete 77\n' >/tmp/bad.conf
is "a file that the kernel refuses: the message has file, line and column" \
	"/tmp/bad.conf:4:1: there is no rule with this number" "$(config -f /tmp/bad.conf 2>&1)"
is "... and nothing of it is applied" "$before" "$(status generation) $(config show config)"
printf 'map flush\nprefix 64:ff9b::/96\nmap enabel\nset tos\n' >/tmp/bad.conf
is "a file with wrong words: each is told" \
"/tmp/bad.conf:3:5: unexpected \`enabel\`: expected from, N, enable, disable, delete, renum or flush (did you mean enable?)
/tmp/bad.conf:4:8: the statement is incomplete: expected =" "$(config -f /tmp/bad.conf 2>&1)"
is "... and nothing of it is applied" "$before" "$(status generation) $(config show config)"
check "a file may replace what it flushes" config -f - <<-'END'
	map flush
	prefix flush
	prefix 2001:db8:64::/96
	map 10 from any6 to 192.0.2.7
	map delete 10
	map 10 from any6 to 192.0.2.8
END
is "... in the order of its statements" \
	"map 10 from any6 to 192.0.2.8" "$(config show config | grep '^map 10')"

config -f - <<-'END'
	map from 2001:db8:1::/48 to 192.0.2.2 port 1024 - 2047 proto tcp/udp
	map 4294967295 from 2001:db8:1::7 to 192.0.2.3 proto icmp
	set lowest-ipv6-mtu = 1400
	map enable
END
is "... warns that forwarding is off, of both families at once, and what to do in the namespace" \
	"natptconfig: warning: forwarding is off: ip netns exec router sysctl -w $(
	)net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1" "$(config set tos = 6 2>&1)"
for word in ipv4.ip_forward ipv6.conf.all.forwarding; do
	check "... warns that net.$word is off" grep -q "warning: .* net.$word=1" <<<"$(config set tos = 5 2>&1)"
	at router sysctl -qw net.$word=1
done
is "... and of nothing when it works" "" "$(config set tos = 0 2>&1)"
config show config >/tmp/saved.conf
ip netns add other
check "show config loads in another namespace" natptconfig -n other -f /tmp/saved.conf
is "... and makes the same configuration" "$(cat /tmp/saved.conf)" "$(natptconfig -n other show config)"
grep -v flush /tmp/saved.conf >/tmp/again.conf
check "... and once more without its flushes" natptconfig -n other -f /tmp/again.conf
is "... which changes nothing" "$(cat /tmp/saved.conf)" "$(natptconfig -n other show config)"
check "show config loads over itself" config -f /tmp/saved.conf
is "... and changes nothing" "$(cat /tmp/saved.conf)" "$(config show config)"

ip netns add fresh
check "configs/natpt.conf loads as it stands" natptconfig -n fresh -f /natpt/configs/natpt.conf
is "... and translates" enable "$(natptconfig -n fresh show mapping | cut -d' ' -f2)"

# many statements in one transaction
{
	echo map flush
	for i in {1..2000}; do
		echo "map $i from 2001:db8:$(printf %x $i)::/48 to 192.0.2.$((i % 250 + 1)) port 1024 - 2047"
	done
} >/tmp/large.conf
check "2000 rules in one file" config -f /tmp/large.conf
is "... are all there" 2000 "$(config -j show rules | jq length)"
finish
