#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Stateless rules from statement to kernel and back, and the variables that are addresses.
. "$(dirname "$0")/lib.sh"

modprobe_natpt
ip netns add router
state() { config -j show config; }

# refused STATEMENT MESSAGE: it is told why; nothing has changed.
refused()
{
	local output status=0 before
	before=$(state)
	# shellcheck disable=SC2086 # words
	output=$(config $1 2>&1) || status=$?
	is "refused: $1" "1 command line:1:$2" "$status $output"
	[ "$(state)" = "$before" ] || not_ok "$1 changed the configuration"
}

# shown TEXT LINES: the rules are these.
shown() { is "$1" "$2" "$(config show config | grep '^map [0-9]')"; }

# req: B-031 B-032
rules="map 100 from 2001:db8:a::a to 192.0.2.1 stateless
map 200 from 2001:db8:b::/120 to 198.51.100.0/24 stateless
map 300 from 2001:db8:64::/96 to 203.0.113.0/26 stateless
map 400 from 192.0.0.1 to 2001:db8:c1a7::1 stateless
map 500 from 10.0.0.0/8 to 2001:db8:d::/64 stateless
map 600 from any6 to 192.0.2.200"
config prefix 2001:db8:64::/96
check "a host" config map from 2001:db8:a::a to 192.0.2.1 stateless
check "hosts under a prefix, each in its place" \
	config map from 2001:db8:b::/120 to 198.51.100.0/24 stateless
check "hosts with the addresses of RFC 6052 under a translation prefix" \
	config map from 2001:db8:64::/96 to 203.0.113.0/26 stateless
check "an IPv4 host" config map from 192.0.0.1 to 2001:db8:c1a7::1 stateless
check "IPv4 hosts under a prefix" config map from 10.0.0.0/8 to 2001:db8:d::/64 stateless
check "a stateful rule beside them" config map from any6 to 192.0.2.200
shown "show config prints them as they were given" "$rules"
is "show rules too" "$rules" "$(config show rules | sed 's/^ */map /; s/:  / /')"
is "-j: IPv6 hosts" '{"from":"2001:db8:b::/120","to":"198.51.100.0/24","stateless":"v6"}' \
	"$(config -j show rules | jq -c '.[1] | {from, to, stateless}')"
is "-j: IPv4 hosts" '{"from":"192.0.0.1","to":"2001:db8:c1a7::1","stateless":"v4"}' \
	"$(config -j show rules | jq -c '.[3] | {from, to, stateless}')"
is "-j: stateful" null "$(config -j show rules | jq -c '.[5].stateless')"
check "omitted lengths may be given" \
	config map 700 from 2001:db8:e::e/128 to 192.0.2.7/32 stateless
is "... and make the same rule" "map 700 from 2001:db8:e::e to 192.0.2.7 stateless" \
	"$(config show config | grep '^map 700')"
config map delete 700

config show config >/tmp/saved.conf
ip netns add other
check "show config loads in another namespace" natptconfig -n other -f /tmp/saved.conf
is "... and makes the same configuration" "$(cat /tmp/saved.conf)" "$(natptconfig -n other show config)"
check "show config loads over itself" config -f /tmp/saved.conf
is "... and changes nothing" "$(cat /tmp/saved.conf)" "$(config show config)"

# req: B-046
overlap="addresses overlap those of another stateless rule"
refused "map 150 from 2001:db8:a::a to 192.0.2.1 stateless" "5: $overlap"
refused "map from 2001:db8:a::a to 192.0.2.2 stateless" "1: $overlap"
refused "map from 2001:db8:a::b to 192.0.2.1 stateless" "1: $overlap"
refused "map from 2001:db8:b::7 to 192.0.2.7 stateless" "1: $overlap"
refused "map from 2001:db8:e::7 to 198.51.100.7 stateless" "1: $overlap"
refused "map from 2001:db8:a::/64 to 192.0.2.7 stateless" "1: $overlap"
refused "map from 2001:db8:e::/64 to 198.51.0.0/16 stateless" "1: $overlap"
refused "map from 2001:db8:64::/96 to 203.0.113.0/24 stateless" "1: $overlap"
refused "map from 192.0.2.7 to 2001:db8:a::a stateless" "1: $overlap"
refused "map from 192.0.2.1 to 2001:db8:e::e stateless" "1: $overlap"
refused "map from 2001:db8:e::/120 to 192.0.2.192/26 stateless" "1: IPv4 addresses cover a pool's"
refused "map 7 from any6 to 198.51.100.7" "5: pool address is in a stateless rule"
refused "map from any6 to 192.0.2.1" "1: pool address is in a stateless rule"
refused "map 100 from 2001:db8:e::e to 192.0.2.7 stateless" "5: there is a rule with this number already"
refused "prefix flush" "1: a stateless rule has its hosts under a prefix: delete the rule first"

# req: B-033
suffix="there are more IPv4 addresses than IPv6 addresses: make the length 120 or less"
refused "map from 2001:db8:e::/122 to 192.0.2.0/24 stateless" "23: $suffix"
refused "map from 192.0.2.0/24 to 2001:db8:e::e stateless" "26: $suffix"
check "as many IPv6 addresses are enough" \
	config map 700 from 2001:db8:e::/122 to 192.0.2.64/26 stateless
config map delete 700
refused "map from 2001:db8:e::1/120 to 192.0.2.7 stateless" \
	"10: bits are set beyond the length: write 2001:db8:e::/120"
refused "map from 2001:db8:e::/120 to 192.0.2.7/24 stateless" \
	"30: bits are set beyond the length: write 192.0.2.0/24"
refused "map from 2001:db8:e::/120 to 192.0.2.0/33 stateless" "40: a prefix has at most 32 bits, not 33"
refused "map from fe80::1 to 192.0.2.7 stateless" \
	"10: IPv6 prefix covers loopback, link-local, multicast or IPv4-mapped addresses: give addresses of hosts"
refused "map from 127.0.0.1 to 2001:db8:e::e stateless" \
	"10: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to"
refused "map from 2001:db8:e::/64 to 126.0.0.0/7 stateless" \
	"29: IPv4 prefix covers 0/8, 127/8, 224/4 or 240/4: give addresses of hosts"
# req: B-023
config prefix 64:ff9b::/96
refused "map from 64:ff9b::/96 to 192.0.2.0/25 stateless" \
	"10: hosts cannot have addresses under the well-known prefix"

# What other clients of the kernel are told is the same.
config map 800 from 2001:db8:f::/96 to 192.88.0.0/24 stateless
refused "prefix 2001:db8:f::/96" "8: a stateless rule has these IPv6 addresses: delete the rule first"
config map delete 800
check "without the rule they may be a translation prefix" config prefix 2001:db8:f::/96

config map renum 5 5
is "map renum" "5 10 15 20 25 30" "$(config -j show rules | jq -r '[.[].number] | join(" ")')"
config map delete 15
check "without hosts under them prefixes can go" config prefix flush
config map delete 10
shown "map delete" "map 5 from 2001:db8:a::a to 192.0.2.1 stateless
map 20 from 192.0.0.1 to 2001:db8:c1a7::1 stateless
map 25 from 10.0.0.0/8 to 2001:db8:d::/64 stateless
map 30 from any6 to 192.0.2.200"
check "addresses of deleted rules are free" \
	config map 10 from 2001:db8:b::7 to 198.51.100.7 stateless
# fault: state-8
config map delete 30
check "... those of a pool, too" config map from 2001:db8:f::/120 to 192.0.2.192/26 stateless
config map flush
shown "map flush" ""

for i in {1..2000}; do
	echo "map $i from 2001:db8:$(printf %x $((2001 - i)))::/64 to 10.$((i / 250)).$((i % 250)).0/24 stateless"
done >/tmp/large.conf
check "2000 of them in one file" config -f /tmp/large.conf
is "... are all there" "$(cat /tmp/large.conf)" "$(config show config | grep '^map [0-9]')"
config map flush

config set error-source = 192.0.2.9
is "an address is shown as one" "192.0.2.9 0.0.0.0 0.0.0.0 - 223.255.255.255 address" \
	"$(config show variables error-source | awk 'NR == 2 { print $2, $3, $4, $5, $6, $7 }')"
is "... with -j too" '"192.0.2.9"' "$(config -j show variables error-source | jq '.[0].value')"
is "... and in show config" "set error-source = 192.0.2.9" "$(config show config | grep '^set error-source =')"
refused "set error-source = 5" "20: an address: write it as 192.0.2.9"
refused "set error-source = 2h" "20: an address: write it as 192.0.2.9"
refused "set error-source = 240.0.0.1" \
	"20: 240.0.0.1 is a reserved address: give one that IPv4 hosts can answer to"
refused "set tos = 192.0.2.9" "11: not an address: write a plain number"
finish
