#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is not claimed is never touched.

. "$(dirname "$0")/lib.sh"

network
far_hosts
modprobe_natpt

head -c 1000000 /dev/urandom >/tmp/file
at server6 python3 -m http.server -b :: -d /tmp 80 >/dev/null 2>&1 &
at far4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
wait_for listening server6 80
wait_for listening far4 80

# native WHEN: everything that is no business of ours
native()
{
	check "$1: IPv6 ping" at client6 ping -6 -n -c3 -i0.2 -W20 $S6
	check "$1: IPv6 ping in fragments" at client6 ping -6 -n -c2 -i0.2 -W20 -s 5000 $S6
	check "$1: IPv4 ping" at server4 ping -4 -n -c3 -i0.2 -W20 $FAR4
	check "$1: IPv4 ping in fragments" at server4 ping -4 -n -c2 -i0.2 -W20 -s 5000 $FAR4
	is "$1: IPv6 HTTP" "$(sha256sum </tmp/file)" \
		"$(at client6 curl -sS "http://[$S6]/file" | sha256sum)"
	is "$1: IPv4 HTTP" "$(sha256sum </tmp/file)" \
		"$(at server4 curl -sS "http://$FAR4/file" | sha256sum)"
	is "$1: IPv6 traceroute" "$R6 $S6" "$(at client6 traceroute -6 -n -w 20 -q 1 $S6 |
		awk '/^ *[0-9]/ { printf "%s%s", space, $2; space = " " }')"
}

total() { config -j show stats | jq '[.[].value] | add'; }

# Nothing is claimed before everything is there.
native "nothing configured"
config prefix $P
config map from any6 to $POOL
native "not enabled"
check_fails "not enabled: nothing is translated" at client6 ping -n -c2 -i0.2 -W2 $S46
is "not enabled: nothing is counted" 0 "$(total)"

config map enable
before=$(total)
native "enabled"
# req: D-018 D-019
is "enabled: native traffic is not counted either" "$before" "$(total)"
check "enabled: the prefix is translated" at client6 ping -n -c2 -i0.2 -W20 $S46

# A packet to the prefix that no rule is for is left to the stack.
config map flush
config map from 2001:db8:77::/64 to $POOL
check_fails "a host without a rule is not translated" at client6 ping -n -c2 -i0.2 -W2 -I $C6 \
	2001:db8:64::c633:640b
is "… and counted as unclaimed" true "$([ "$(counter unclaimed)" -gt 0 ] && echo true)"

config map disable
native "disabled again"
check_fails "disabled: nothing is translated" at client6 ping -n -c2 -i0.2 -W2 $S46
finish
