#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Deterministic rules (RFC 7422): which ports a host has is known beforehand, and whose a port is.
# fault: state-13
. "$(dirname "$0")/lib.sh"

network
translator
at router sysctl -qw net.ipv6.icmp.ratelimit=0
relay python3 "$(dirname "$0")/blocks.py"

config -f - <<-END
	map flush
	map 10 from 2001:db8:6::/60 to 192.0.2.8/31 block 2016
	map 20 from 2001:db8:7::/124 to 192.0.2.10 port 1 - 65535 block 4000 per /128 proto udp
END
# req: D-161
is "whose a host's ports are" "   10:  2001:db8:6:f::/64 has 192.0.2.8 port 31264 - 33279" \
	"$(config show block 2001:db8:6:f::7)"
is "... and a port's host" "   10:  2001:db8:6:f::/64 has 192.0.2.8 port 31264 - 33279" \
	"$(config show block 192.0.2.8 port 33279)"
is "... of single addresses" "   20:  2001:db8:7::f has 192.0.2.10 port 60001 - 64000" \
	"$(config show block 192.0.2.10 port 60001)"
is "... as JSON" '[{"address":"192.0.2.10","host":"2001:db8:7::1","port-max":8000,"port-min":4001,"rule":20}]' \
	"$(config -j show block 2001:db8:7::1 | jq -cS .)"
is "system ports are nobody's" "natptconfig: port 1023 of 192.0.2.8 is in no block: show rules lists the rules with blocks" \
	"$(config show block 192.0.2.8 port 1023 2>&1)"
is "nor is what is left over" "natptconfig: port 64001 of 192.0.2.10 is in no block: show rules lists the rules with blocks" \
	"$(config show block 192.0.2.10 port 64001 2>&1)"
is "a host of no rule" "natptconfig: no rule has a block for 2001:db8:9::1: show rules lists those with blocks" \
	"$(config show block 2001:db8:9::1 2>&1)"

before=$(config show config)
config -f - <<<"$before"
is "a configuration loads again" "$before" "$(config show config)"
refuses()
{
	local text=$1
	shift
	is "$*" "command line:1:$text" "$(config "$@" 2>&1)"
	is "... changes nothing" "$before" "$(config show config)"
}
refuses "38: there are 2^64 hosts and 256 blocks: name the hosts' network: /56 has as many" \
	map from any6 to 192.0.2.16/29 block 2016
# whose a port is would not be known
overlap=": a rule with blocks and another one have ports in common"
for rule in "any6 to 192.0.2.9" "any6 to 192.0.2.0/24 port 4000 - 5000" "2001:db8:8::/56 to 192.0.2.8/29 block 2016" \
	"daddr 192.0.2.8 dport 2000 to daddr 2001:db8:6::80 proto udp"; do
	is "$rule" "command line:1:$(expr "map from ${rule%% to *} to " : '.*')$overlap" \
		"$(config map from $rule 2>&1 | sed 's/:1:[0-9]*:/:1:'"$(expr "map from ${rule%% to *} to " : '.*')"':/')"
done
is "... nothing has changed" "$before" "$(config show config)"
check "beside them there is room" config map from any6 to 192.0.2.9 port 1 - 1023
finish
