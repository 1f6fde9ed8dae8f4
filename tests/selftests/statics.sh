#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Static mappings: hosts that IPv4 hosts can reach whenever they like.

. "$(dirname "$0")/lib.sh"

network
translator
config set evict = 0
# where hosts have their ports for themselves, at once
config set port-hold = 0
# IPv4 hosts are answered by nobody but us
at server4 sysctl -qw net.ipv4.ip_nonlocal_bind=1
relay python3 "$(dirname "$0")/statics.py"

# Real programs: a server behind the router's own address, beside the router's own.
# req: D-006 D-007 D-019
config -f - <<-END
	map flush
	map 10 from any6 to $R4
	map 20 from daddr $R4 dport 80 to daddr $C6 dport 8080 proto tcp
	map 30 from daddr $R4 dport 7 - 9 to daddr $C6 proto udp
	map 40 from $S4 daddr $R4 dport 8022 to daddr $C6 dport 22 proto tcp
END
head -c 300000 /dev/urandom >/tmp/file
head -c 300000 /dev/urandom >/tmp/other
mkdir -p /tmp/six /tmp/four
cp /tmp/file /tmp/six/file
cp /tmp/other /tmp/four/file
at client6 python3 -m http.server -b :: -d /tmp/six 8080 >/dev/null 2>&1 &
at router python3 -m http.server -b 0.0.0.0 -d /tmp/four 80 >/dev/null 2>&1 &
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp/four 80 >/dev/null 2>&1 &
at client6 socat UDP6-LISTEN:9,fork EXEC:cat &
wait_for listening client6 8080
wait_for listening router 80
wait_for listening server4 80
six=$(sha256sum </tmp/file) four=$(sha256sum </tmp/other)
fetch() { at "$1" curl -sS --max-time 120 "http://$2/file" | sha256sum; }
is "server4 fetches from the host behind the router's address" "$six" "$(fetch server4 $R4)"
is "... whose own fetches go out as before" "$four" "$(fetch client6 "[$S46]")"
is "the router fetches from server4" "$four" "$(fetch router $S4)"
is "... and from itself" "$four" "$(fetch router 127.0.0.1)"
is "UDP to a port of a range" hello "$(echo hello | at server4 nc -u -w20 -W1 $R4 9)"
config session flush
is "when all sessions are gone it is reached again" "$six" "$(fetch server4 $R4)"
is "an IPv6 host reaches it by its IPv4 address" "$six" \
	"$(at client6 curl -sS --max-time 120 "http://[2001:db8:64::$R4]/file" | sha256sum)"

# What the router itself has is its own, also where conntrack looks at nothing.
at server4 socat TCP4-LISTEN:2000,fork,reuseaddr EXEC:cat &
wait_for listening server4 2000
coproc OWN { at router socat -t60 - TCP4:$S4:2000,sourceport=8099; }
echo before >&"${OWN[1]}"
read -r -t 60 line <&"${OWN[0]}"
is "the router talks to server4" before "$line"
config map from daddr $R4 dport 8099 to daddr $C6 proto tcp
echo after >&"${OWN[1]}"
line=''
read -r -t 60 line <&"${OWN[0]}"
is "... and goes on when a static mapping takes its port" after "$line"
kill "$OWN_PID"
config map delete 140

# Under another prefix
config -f - <<-END
	prefix flush keep
	prefix 2001:db8:65::/96
END
is "a server is reached under the prefix that is the first now" "$six" "$(fetch server4 $R4)"
config -f - <<-END
	prefix flush
	prefix $P
END

# What is shown loads again.
saved=$(config show config)
config map flush
config -f - <<<"$saved"
is "show config loads again" "$saved" "$(config show config)"
is "JSON says what each is" \
	'false null null true 8080 null true 7 null true 22 198.51.100.10' \
	"$(config -j show rules | jq -r '.[] | "\(.bidir) \(.port6) \(.peer)"' | xargs)"

# What is refused changes nothing.
refuses()
{
	local text=$1
	shift
	check "$*: ${text}" grep -qF "$text" <<<"$(config "$@" 2>&1)"
	is "... changes nothing" "$saved" "$(config show config)"
}
taken="another static mapping has some of these addresses and ports"
refuses "$taken" map from daddr $R4 dport 80 to daddr 2001:db8:6::77 proto tcp
refuses "$taken" map from daddr $R4 dport 79 - 81 to daddr 2001:db8:6::77
refuses "$taken" map from daddr 192.0.2.77 dport 1 to daddr $C6 dport 8080 proto tcp
refuses "$taken" map from daddr $R4 to daddr 2001:db8:6::77
refuses "$taken" map from 2001:db8:6::77 to $R4 bidir
refuses "$taken" map from "${C6%::*}::/120" to 192.0.2.0/24 bidir
check "another protocol's port is free" \
	config map from daddr $R4 dport 80 to daddr 2001:db8:6::77 dport 80 proto udp
config map flush
config map from 2001:db8:7::/120 to 198.18.7.0/24 stateless
check_fails "an address of a stateless rule" config map from 2001:db8:6::77 to 198.18.7.7 bidir
config map flush
config map from 2001:db8:6::77 to 198.18.7.7 bidir
check_fails "a stateless rule for its address" \
	config map from 2001:db8:7::/120 to 198.18.7.0/24 stateless
finish
