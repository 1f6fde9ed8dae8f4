#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fragments of translated packets, and of others.

. "$(dirname "$0")/lib.sh"

network
# a second IPv4 network, for native traffic
link router more4 server6 more4
ip -n router addr add 203.0.113.1/24 dev more4
translator
# req: A-032 D-102 D-104
for size in 1500 3000 20000; do
	check "ping with $size bytes" at client6 ping -n -c2 -i0.2 -W20 -s $size $S46
done

# req: D-103
relay python3 "$(dirname "$0")/fragments.py"
finish
