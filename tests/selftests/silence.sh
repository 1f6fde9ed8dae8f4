#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-12
# Expiry sleeps where there is nothing to expire, and works in short turns where there is.
. "$(dirname "$0")/lib.sh"

network
translator
trace=/sys/kernel/tracing
mountpoint -q $trace || mount -t tracefs none $trace
echo 1 >$trace/events/workqueue/workqueue_execute_start/enable
# runs: how often expiry has run since this was asked last; its function bears the name of its trait
runs()
{
	grep -c 'workqueue_execute_start.*\(natpt\|Translator\)' $trace/trace
	: >$trace/trace
}
no_sessions() { [ "$(status sessions)" = 0 ]; }
# silent: nothing has run for longer than expiry pauses where there are sessions
silent() { runs >/dev/null; sleep 6; [ "$(runs)" = 0 ]; }
# falls_silent: sooner or later
falls_silent() { for _ in {1..5}; do silent && return; done; return 1; }

check "without sessions expiry sleeps" falls_silent
config set tcp-syn-timeout = 4
deaf_port server4 99
runs >/dev/null
at client6 timeout 2 socat -u OPEN:/dev/null "TCP6:[$S46]:99" 2>/dev/null
is "a session" 1 "$(status sessions)"
check "... wakes it" wait_for eval '[ "$(runs)" -gt 0 ]'
check "... and ends" wait_for no_sessions
check "... then it sleeps again" falls_silent
for i in {1..10}; do
	ip netns add "idle$i"
	printf '%s\n' "prefix $P" "map from any6 to $POOL" 'map enable' |
		natptconfig -n "idle$i" -f - 2>/dev/null
done
check "ten more namespaces without sessions are silent, too" falls_silent
echo 0 >$trace/events/workqueue/workqueue_execute_start/enable
finish
