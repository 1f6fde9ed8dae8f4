#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-4
# A port that was given back waits before another host gets it.
. "$(dirname "$0")/lib.sh"

network
translator
config -f - <<-END
	map flush
	map from any6 to $POOL port 77 - 77
	set icmp-timeout = 60
	set evict = 0
END
# ping_as ID: an echo request with an identifier of its own
ping_as() { at client6 ping -qc1 -W$((2 * ${slower:-1})) -e "$1" $S46; }
no_sessions() { [ "$(status sessions)" = 0 ]; }
late() { for _ in 1 2 3 4 5; do wait_for no_sessions && return; done; return 1; }

# req: D-152 D-153
check "a host has the only identifier" ping_as 1
check_fails "... so that another gets none" ping_as 2
check "its session ends" late
exhausted=$(counter drop-ports-exhausted)
check_fails "... and for a while nobody else has it" ping_as 3
is "... which is counted" $((exhausted + 1)) "$(counter drop-ports-exhausted)"
config set port-hold = 1
sleep 1.1
check "the time is over: it is free again" ping_as 4
config set port-hold = 0
check "the next session ends, too" config session flush
check "without a wait it is free at once" ping_as 5

# TCP knows when its peers have done
config -f - <<-END
	map flush
	map from any6 to 192.0.2.3 port 78 - 78
	set port-hold = 3600
	set tcp-syn-timeout = $(sized 4 20)
END
open()
{
	at client6 timeout $((2 * ${slower:-1})) socat -u OPEN:/dev/null "TCP6:[$S46]:99,bind=[$C6]:$1" 2>/dev/null
	[ "$(config -j show xlate | jq '.[0]."source-port6"')" = "$1" ]
}
deaf_port server4 99
check "a connection has the only TCP port" open 6001
check "... which ends" late
check "... and is free at once" open 6002
finish
