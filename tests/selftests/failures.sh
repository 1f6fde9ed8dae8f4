#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-15
# needs: failing allocations
# Memory that is not there: what a transaction cannot do it leaves as it was, packets that cannot have a
# session are counted, and others notice nothing.
. "$(dirname "$0")/lib.sh"

debug=/sys/kernel/debug
for kind in failslab fail_page_alloc; do
	(cd $debug/$kind && echo 0 >probability && echo N >ignore-gfp-wait && echo -1 >./times && echo 0 >verbose)
done
(cd $debug/fail_page_alloc && echo N >ignore-gfp-highmem && echo 0 >min-order)

network
modprobe_natpt
relay python3 "$(dirname "$0")/failures.py" changes
translator
config set port-hold = 0
relay python3 "$(dirname "$0")/failures.py" packets
config session flush
is "no session is left, no mapping" "0 0" "$(status sessions) $(status mappings)"
check "the module goes" timeout 60 rmmod natpt
finish
