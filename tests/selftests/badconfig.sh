#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bad statements: a message that points at the word, and nothing changed.
. "$(dirname "$0")/lib.sh"

modprobe_natpt
ip netns add router
config -f - <<-'END'
	prefix 2001:db8:64::/96
	map 100 from any6 to 192.0.2.1 port 1024 - 65535
	map enable
END
state() { config -j show config; }
before=$(state)

# refused STATEMENT MESSAGE: natptconfig and kernel say this about it; nothing has changed.
refused()
{
	local output status=0
	# shellcheck disable=SC2086 # words
	output=$(config $1 2>&1) || status=$?
	is "refused: $1" "1 command line:1:$2" "$status $output"
	[ "$(state)" = "$before" ] || not_ok "$1 changed the configuration"
}

# req: B-012 B-013 B-014
lengths="prefix length must be 32, 40, 48, 56, 64 or 96"
for length in 0 33 60 72 95 97 128 300; do
	refused "prefix 2001:db8::/$length" "19: $lengths"
done
refused "prefix 64:ff9b::/64" "18: the well-known prefix 64:ff9b:: must have length 96"
refused "prefix 2001:db8:1:2:ff00::/96" "8: bits 64 to 71 of a prefix must be zero"
refused "prefix 2001:db8::1/96" "8: bits are set beyond the length: write 2001:db8::/96"
refused "prefix 2001:db8:1::/32" "8: bits are set beyond the length: write 2001:db8::/32"
refused "prefix ::ffff:0:0/96" "8: prefix covers IPv4-mapped addresses"
refused "prefix ::/96" "8: prefix covers the unspecified and loopback addresses"
refused "prefix ff0e::/96" "8: prefix covers multicast addresses"
refused "prefix fe80::/96" "8: prefix covers link-local addresses"
refused "prefix 2001:db8::/32" "8: prefix overlaps one that is set already"
refused "prefix 2001:db8::/" "19: the statement is incomplete: expected LENGTH"
refused "prefix 192.0.2.0/24" "8: unexpected \`192.0.2.0\`: expected V6/LENGTH or flush"

nft="nftables' affair: nft add rule ip nat postrouting"
answer="give one that IPv4 hosts can answer to"
refused "map from any6 to 0.0.0.0" "18: 0.0.0.0 is not the address of a host: $answer"
refused "map from any6 to 224.0.0.1" "18: 224.0.0.1 is a multicast address: $answer"
refused "map from any6 to 127.0.0.1" "18: 127.0.0.1 is a loopback address: $answer"
refused "map from any6 to 255.255.255.255" "18: 255.255.255.255 is the broadcast address: $answer"
refused "map from any6 to 240.0.0.1" "18: 240.0.0.1 is a reserved address: $answer"
refused "map from any6 to 192.0.2.256" "18: unexpected \`192.0.2.256\`: expected V4, V4/LENGTH or V4 - V4"
refused "map from any6 to 2001:db8::1" "18: unexpected \`2001:db8::1\`: expected V4, V4/LENGTH or V4 - V4"
refused "map from 2001:db8::1/64 to 192.0.2.1" \
	"10: bits are set beyond the length: write 2001:db8::/64"
refused "map from 2001:db8::/129 to 192.0.2.1" "21: a prefix has at most 128 bits, not 129"
refused "map from ff0e::/16 to 192.0.2.1" "10: a multicast address is no source of packets"
refused "map from 192.0.2.0/24 to 192.0.2.1" \
	"26: IPv4 addresses for IPv4 hosts are $nft ip saddr 192.0.2.0/24 snat to 192.0.2.1"
refused "map from any4 to 192.0.2.1" \
	"10: \`any4\` is gone: IPv4 hosts as another IPv4 address are $nft masquerade"

refused "map from any6 to 192.0.2.1 port 2000 - 1000" \
	"33: the port range is reversed: write 1000 - 2000"
refused "map from any6 to 192.0.2.1 port 0 - 1000" "33: \`0\` is not a port: ports are 1 to 65535"
refused "map from any6 to 192.0.2.1 port 1 - 65536" \
	"37: \`65536\` is not a port: ports are 1 to 65535"
refused "map from any6 to 192.0.2.1 port 1000 : 0" "40: a range has at least 1 port"
refused "map from any6 to 192.0.2.1 port 65000 : 1000" \
	"41: 1000 ports from 65000 on go beyond 65535: 536 at most"
refused "map from any6 to 192.0.2.1 port" "32: the statement is incomplete: expected PORT"
refused "map from any6 to 192.0.2.1 proto sctp" "34: unexpected \`sctp\`: expected icmp, tcp, udp or other"
refused "map 100 from any6 to 192.0.2.1" "5: there is a rule with this number already"
refused "map 4294967296 from any6 to 192.0.2.1" \
	"5: \`4294967296\` is too large, 4294967295 is the most"
refused "map delete 5" "1: there is no rule with this number"
refused "map delete" "11: the statement is incomplete: expected N"
refused "map renum 1 0" "13: the interval is at least 1"
refused "map enabled" \
	"5: unexpected \`enabled\`: expected from, N, enable, disable, delete, renum or flush (did you mean enable?)"

refused "set bogus-timeout = 5" "5: there is no variable of this name"
# req: D-028
range="value is out of the variable's range:"
refused "set udp-timeout = 119" "19: $range 120 to 86400 seconds"
refused "set udp-timeout = 18446744073709551615" "19: $range 120 to 86400 seconds"
refused "set udp-timout = 300" "5: there is no variable of this name (did you mean udp-timeout?)"
refused "set error-source = 255.255.255.255" \
	"20: 255.255.255.255 is the broadcast address: $answer"
refused "set lowest-ipv6-mtu = 1279" "23: $range 1280 to 65535 bytes"
refused "set udp-timeout = 18446744073709551616" "19: \`18446744073709551616\` is too large"
refused "set udp-timeout = -1" "19: expected a number, not \`-\`"
refused "set udp-timeout = 0300" "19: \`0300\` is ambiguous: write it without the leading 0"
refused "set max-sessions = 0" "20: $range 1 to 16777216"
refused "set max-sessions = 2h" "20: not counted in seconds: write a plain number"
refused "set tos = 256" "11: $range 0 to 255"
refused "map enable -j" "12: options such as \`-j\` stand before the statement"
refused "map –" "5: unexpected character U+2013, a dash: write -"
refused "frobnicate" "1: unexpected \`frobnicate\`: expected prefix, map, set, session, monitor, metrics, show, top, test, log, break, include or define"
refused "map from any6 to 192.0.2.1;" "27: unexpected character \`;\`"
only="only in a file: -f FILE reads one"
refused 'include "/etc/natpt/natpt.conf"' "1: $only"
refused "define HOSTS = 2001:db8::/48" "1: $only"
refused "map from any6 to 192.0.2.1 comment" "35: the statement is incomplete: expected TEXT"
refused "map from any6 to 192.0.2.1 comment $(printf x%.0s {1..64})" "36: a comment has 1 to 63 bytes"
refused "map 100 from any6 to 192.0.2.1 port 1024 - 65535 comment lab" "5: there is a rule with this number already"

# RENUM that would go beyond 32 bits
config map 200 from any6 to 192.0.2.1
before=$(state)
refused "map renum 4294967295 1" "1: numbers go beyond 32 bits"

# What is there as it stands may be said again.
check "the same prefix and the same rules again" config -f - <<-'END'
	prefix 2001:db8:64::/96
	map 100 from any6 to 192.0.2.1 port 1024 : 64512
	map from any6 to 192.0.2.1
END
is "... change nothing" "$before" "$(state)"

# longer than any statement
printf 'map enable\nmap from any6 to %01048576d\n' 0 >/tmp/long.conf
is "refused: a line of a megabyte" \
"/tmp/long.conf:2:1: the line has 1048593 bytes, 65536 are the most: one statement per line" \
	"$(config -f /tmp/long.conf 2>&1)"
head -c 1048576 /dev/urandom | tr '\n' x >/tmp/noise.conf
check_fails "refused: a megabyte of noise" config -f /tmp/noise.conf
printf 'map flush\nmap \0enable\n' >/tmp/nul.conf
is "refused: a NUL byte" "/tmp/nul.conf:2:5: unexpected NUL byte" "$(config -f /tmp/nul.conf 2>&1)"
for i in {1..30}; do
	echo "prefix $i"
done >/tmp/wrong.conf
config -f /tmp/wrong.conf 2>/tmp/said
is "of 30 errors 20 are told, and how many there are more" \
	"21 natptconfig: /tmp/wrong.conf: and 10 more errors" \
	"$(wc -l </tmp/said) $(tail -1 /tmp/said)"
for i in {1..64}; do
	echo "prefix 2001:db9:$i::/96"
done >/tmp/many.conf
check_fails "refused: more prefixes than 64" config -f /tmp/many.conf
is "nothing of all this has changed anything" "$before" "$(state)"
finish
