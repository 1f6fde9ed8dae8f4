#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A natpt.conf as KAME's users wrote them, and all that KAME's natptconfig could show.
. "$(dirname "$0")/lib.sh"

# shown TEXT PATTERN WORD...: a line of what show prints is this.
shown()
{
	local text=$1 pattern=$2
	shift 2
	check "$text" grep -qE "^$pattern\$" <<<"$(config show "$@")"
}

# refused STATEMENT TEXT: the message has this in it, and nothing changes.
refused()
{
	local before output status=0
	before=$(config show config)
	# shellcheck disable=SC2086 # words
	output=$(config $1 2>&1) || status=$?
	check "refused: $1" grep -qF "$2" <<<"$status $output"
	is "... changes nothing" "1 $before" "$status $(config show config)"
}

network
modprobe_natpt
cat >/tmp/natpt.conf <<-'END'
	# the prefix, 96 bits
	prefix 2001:db8:64::
	map flush all
	map 100 from any6 to 192.0.2.1 port 28672 - 32767 proto icmp/tcp/udp
	MAP 10 FROM 2001:db8:100::1 TO 192.0.2.24 PROTO icmp BIDIR
	map 5 from daddr 192.0.2.26 dport 8080 to daddr 2001:db8:10a::1 dport 80 proto tcp
	map 40 from daddr 192.0.2.25 to daddr 2001:db8:10a::4
	map 30 from 192.0.2.27 dport 65305 to 2001:db8:6::2 dport 23	# client6
	map 20 from 203.0.113.0 - 203.0.113.255 daddr 192.0.2.28 to daddr 2001:db8:10a::3
	set maxTTLudp=0x12c
	set translation=1
END
is "a file of KAME's loads, and tells of the new name" \
	"/tmp/natpt.conf:10:5: warning: maxTTLudp is udp-timeout now" \
	"$(config -f /tmp/natpt.conf 2>&1)"
is "set translation is map enable" "mapping: enable" "$(config show mapping)"
is "show rules: statements" \
"    5:  from daddr 192.0.2.26 dport 8080 to daddr 2001:db8:10a::1 dport 80 proto tcp
   10:  from 2001:db8:100::1 to 192.0.2.24 proto icmp bidir
   20:  from 203.0.113.0/24 daddr 192.0.2.28 to daddr 2001:db8:10a::3
   30:  from daddr 192.0.2.27 dport 65305 to daddr 2001:db8:6::2 dport 23 proto tcp/udp
   40:  from 2001:db8:10a::4 to 192.0.2.25 bidir
  100:  from any6 to 192.0.2.1 port 28672 - 32767 proto icmp/tcp/udp" "$(config show rules)"
is "show rules cui: KAME's short form" \
"    5: redirect 192.0.2.26 8080 2001:db8:10a::1 80 tcp
   10: static bidir 2001:db8:100::1 192.0.2.24 icmp
   20: static 4to6 192.0.2.28 2001:db8:10a::3 from 203.0.113.0/24
   30: redirect 192.0.2.27 65305 2001:db8:6::2 23 tcp/udp
   40: static bidir 2001:db8:10a::4 192.0.2.25
  100: masquerade any 192.0.2.1 28672-32767 icmp/tcp/udp" "$(config show rules cui)"
check "-j show rules cui" jq -e 'map(.number) == [5, 10, 20, 30, 40, 100]' \
	<<<"$(config -j show rules cui)"

# The old form without daddr is for what IPv4 hosts send to the address, not for what it sends.
at client6 socat -t60 TCP6-LISTEN:23,fork EXEC:cat &
wait_for listening client6 23
ip -n server4 route replace 192.0.2.0/24 via $R4
coproc at server4 socat - TCP4:192.0.2.27:65305
echo hello >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}"
is "a port of an address for a port of a host, in the old form" hello "$answer"
at client6 ping -q -c1 -W20 $S46 >/dev/null

shown "show xlate trace: the first and the last address" \
	"tcp +2001:db8:6::2\.23 +$S4\.[0-9]+ +[0-9:]{8} +ESTABLISHED" xlate trace
shown "show xlate trace: its header" 'Proto +Local \(src\) +Remote \(dst\) +Idle +\(state\)' xlate trace
is "show xlate copy: as without" "$(config show xlate long | sed -E 's/ [0-9:]{8}( .*)?$//')" \
	"$(config show xlate copy long | sed -E 's/ [0-9:]{8}( .*)?$//')"
is "show xlate SECONDS: again and again" 3 \
	"$(natptconfig -n router show xlate 1 | grep --line-buffered ^Proto | head -3 | wc -l)"
is "show sessions tcp" \
"proto:    count    close    estab      fin      syn
  tcp:        1        0        1        0        0" "$(config show sessions tcp)"
is "show sessions udp/icmp" "  udp:        0
 icmp:        1" "$(config show sessions udp/icmp)"
is "-j show sessions icmp" '{"icmp":{"none":1}}' "$(config -j show sessions icmp | jq -c)"

shown "show fragment" 'fragment: lowest-ipv6-mtu=1280, mss-clamp=0' fragment
shown "show timer" 'timer: udp-timeout=300, icmp-timeout=60, .*port-hold=120' timer
shown "show ttl" 'maxTTLs: icmp=60, tcp=7440, udp=300' ttl
check "-j show ttl" jq -e 'map(.name) == ["icmp-timeout", "tcp-est-timeout", "udp-timeout"]' \
	<<<"$(config -j show ttl)"
is "show variables all: as without" "$(config show variables)" "$(config show variables all)"
is "show variables tslot: all that have a time" 8 "$(config show variables tslot | wc -l)"
is "show variables by KAME's name" "$(config show variables udp-timeout)" \
	"$(config show variables maxTTLudp)"

refused "set debug = 1" "debug is no variable now: show stats"
refused "set maxTTLany = 5" "value is out of the variable's range"
refused "set maxTTLicmp = 10" "value is out of the variable's range"
refused "show variables tSlotHead" "tSlotHead is no variable now"
refused "map from 10.0.0.0/8 to 192.0.2.1" \
	"nft add rule ip nat postrouting ip saddr 10.0.0.0/8 snat to 192.0.2.1"
refused "map from any4 to 192.0.2.1" "nft add rule ip nat postrouting masquerade"
refused "prefix natpt 2001:db8:65::/96" "write prefix V6/LENGTH"
config set translation = 0
is "set translation = 0 is map disable" "mapping: disable" "$(config show mapping)"

dmesg -C
config test log
config test log "a word, %s and %n"
config log '"two words"'
config break
is "test log, log and break write into the kernel's log" \
"natpt: the kernel's log can be written to
natpt: a word, %s and %n
natpt: two words
natpt: break" "$(dmesg -t)"
printf 'map enable\nlog hello\n' >/tmp/log.conf
check "... but not from a file" grep -q 'only on the command line' <<<"$(config -f /tmp/log.conf 2>&1)"

is "-q says nothing about a wrong statement" "" "$(config -q map enabel 2>&1)"
check_fails "... but fails" config -q map enabel
is "-q: what works works" "mapping: disable" "$(config -q show mapping)"
is "-d 1 prints the words" "command line:1:1: set
command line:1:5: tos
command line:1:8: =
command line:1:9: 3" "$(config -c -d 1 set tos=3 2>&1)"
check "-d 0x10 prints what was understood" grep -q 'MapFlush' <<<"$(config -c -d 0x10 map flush 2>&1)"
finish
