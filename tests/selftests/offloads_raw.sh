#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets as drivers and guests hand them over: sums left open, many segments in one, headers that
# are not in one piece, no room before them.

. "$(dirname "$0")/lib.sh"

network
translator
modprobe tun
# a driver's packets and what is expected of them, not what the stack makes of them
for dev in in6 out4; do
	at router ethtool -K $dev gro off
done
relay python3 "$(dirname "$0")/offloads_raw.py"
finish
