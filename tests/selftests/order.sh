#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets of a flow leave in the order in which they came, whichever processor gets them.

. "$(dirname "$0")/lib.sh"

network
translator
# the debug kernel has no RPS
rps=$(sized yes '')
cpus=$(printf '%x' $(((1 << $(nproc)) - 1)))
for end in client6:eth0 router:in6 router:out4 server4:eth0; do
	[ -z "$rps" ] || at "${end%:*}" bash -c "echo $cpus >/sys/class/net/${end#*:}/queues/rx-0/rps_cpus"
done

# moved: how often RPS has woken another processor
moved()
{
	local sum=0 column
	while read -ra column; do
		sum=$((sum + 16#${column[9]}))
	done </proc/net/softnet_stat
	echo $sum
}

before=$(moved)
# req: A-023
relay python3 "$(dirname "$0")/order.py"
[ -z "$rps" ] || check "RPS gave packets to other processors" test $(($(moved) - before)) -gt 100
finish
