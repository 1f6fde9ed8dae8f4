#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMP errors reach the programs they are for; neighbour discovery goes on.

. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/icmp.py"

# req: A-112
for dev in in6 out6; do
	ip -n router neigh flush dev $dev
done
ip -n client6 neigh flush dev eth0
check "neighbours are found again" at client6 ping -q -c2 -W20 -i0.2 $R6
check "… by translated traffic too" at client6 ping -q -c2 -W20 -i0.2 $S46
finish
