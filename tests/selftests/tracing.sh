#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Dropped packets in the kernel's tracepoints: natpt's reason by name, and the nearest of the kernel's.

. "$(dirname "$0")/lib.sh"

network
translator
tracing=/sys/kernel/tracing

# the debug kernel traces nothing
if [ ! -e $tracing/events/skb/kfree_skb ]; then
	check "a kernel without tracepoints has none of natpt" test ! -e $tracing/events/natpt
	finish
	exit
fi

# traced EVENT TEXT COMMAND...: the event is seen with this text when the command runs
traced()
{
	local event=$1 text=$2
	shift 2
	echo >$tracing/trace
	echo 1 >"$tracing/events/$event/enable"
	"$@" >/dev/null 2>&1
	echo 0 >"$tracing/events/$event/enable"
	grep -q -- "$text" $tracing/trace || { cat $tracing/trace; return 1; }
}

short() { at client6 ping -n -c1 -W2 -t1 $S46; }
stray() { at server4 sh -c "echo x | socat - udp4:$POOL:9999"; }
at router ip route add blackhole 203.0.113.0/24
hole() { at client6 ping -n -c1 -W1 "${P%%/*}203.0.113.1"; }

check "hop limit, by name" traced natpt/natpt_drop 'protocol=0x86dd reason=hop-limit' short
check "hop limit, the kernel's word" traced skb/kfree_skb 'reason: IP_INHDR' short
check "no mapping, by name" traced natpt/natpt_drop 'protocol=0x0800 reason=no-mapping' stray
check "blackhole, by name" traced natpt/natpt_drop 'reason=blackhole' hole
check "blackhole, the kernel's word" traced skb/kfree_skb 'reason: IP_INNOROUTES' hole
finish
