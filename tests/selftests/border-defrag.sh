#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-1
# Fragments are put together with bottom halves off: where the box itself sends them, and where a
# queue gives them back in process context.

. "$(dirname "$0")/lib.sh"

network
translator
ip -n router addr add $POOL/32 dev lo
tracing=/sys/kernel/tracing
modprobe -q nf_defrag_ipv6
# the debug kernel has no probes, but lockdep, which tells of the wrong context itself
if [ -e $tracing/kprobe_events ]; then
	echo 'p:defrag4 ip_defrag' >$tracing/kprobe_events
	echo 'p:defrag6 nf_ct_frag6_gather' >>$tracing/kprobe_events
	echo 1 >$tracing/events/kprobes/enable
fi

# bh_off TEXT WHICH: fragments were put together with bottom halves off
bh_off()
{
	if [ -e $tracing/kprobe_events ]; then
		is "$1" off "$(seen "$2")"
	else
		check "$1 (lockdep watches)" grep -q 'debug_locks: *1$' /proc/lockdep_stats
	fi
}

# seen WHICH: how fragments came to be put together: "off" if bottom halves were always off
seen()
{
	awk -v which="$1:" '
		/^#/ || index($0, which) == 0 { next }
		{ n++; flags = substr($0, index($0, "] ") + 2, 5) }
		flags !~ /[sSbB]/ && flags !~ /[hH]/ { on++ }
		END { print n ? (on ? "on" : "off") : "never" }' $tracing/trace
	echo >$tracing/trace
}

send() { python3 "$(dirname "$0")/fragments_local.py" "$@"; }

send router 4 1
bh_off "IPv4 fragments of the box itself" defrag4
ip -n router -6 route add $P dev lo
send router 6 1
bh_off "IPv6 fragments of the box itself" defrag6

python3 - <<'P' &
import sys
sys.path.insert(0, "/natpt/tests/selftests")
from netfilterqueue import NetfilterQueue
from stacks import inside

def accept():
    queue = NetfilterQueue()
    queue.bind(5, lambda packet: packet.accept())
    queue.run()

inside("router", accept)
P
queue=$!
at router nft -f - <<'N'
table ip queued {
	chain pre {
		type filter hook prerouting priority raw;
		ip daddr 192.0.2.1 queue num 5
	}
}
table ip6 queued {
	chain pre {
		type filter hook prerouting priority raw;
		ip6 daddr 2001:db8:64::/96 queue num 5
	}
}
N
wait_for at router grep -q '^ *5 ' /proc/net/netfilter/nfnetlink_queue
send server4 4 1
bh_off "IPv4 fragments from a queue" defrag4
send client6 6 1
bh_off "IPv6 fragments from a queue" defrag6
at router nft flush ruleset

# the processor that the box's own fragments come from takes the same ones from the network
at router sh -c 'echo 1 >/proc/sys/net/ipv4/ipfrag_time
	for queue in /sys/class/net/out4/queues/rx-*; do echo 2 >$queue/rps_cpus; done'
taskset -c 1 python3 "$(dirname "$0")/fragments_local.py" router 4 300 &
local=$!
taskset -c 0 python3 "$(dirname "$0")/fragments_local.py" server4 4 300
wait $local
is "fragments of both kinds on one processor" 0 $?
check "ping afterwards" at client6 ping -qc2 -i0.2 -W20 $S46

kill $queue
echo 0 >$tracing/events/kprobes/enable
echo >$tracing/kprobe_events
finish
