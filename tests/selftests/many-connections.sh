#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-4
# Many TCP connections through one address: 16,000, or NATPT_PACKETS, of which it has ports for 64,000.
. "$(dirname "$0")/lib.sh"

network
translator
for name in host-mappings host-rate; do
	config set $name = 1000000
done
count=$(sized "${NATPT_PACKETS:-16000}" 4000)
relay at client6 python3 "$(dirname "$0")/many-connections.py" "$count"
is "… which all have sessions" "$count" "$(config -j show sessions | jq "[.tcp[]] | add")"
finish
