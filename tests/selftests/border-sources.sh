#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-6 border-12
# Packets come from where they can come from, and go where a router may send them.
. "$(dirname "$0")/lib.sh"

network
translator
for dev in in6 out4; do
	at router ethtool -K $dev gro off >/dev/null
done
at router sysctl -qw net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0
relay python3 "$(dirname "$0")/border_sources.py"
finish
