#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-4
# One address, and all its ports.
. "$(dirname "$0")/lib.sh"

network
translator
for name in host-mappings host-rate; do
	config set $name = 1000000
done
relay python3 "$(dirname "$0")/many-connections.py"
count=$(sized 64000 4000)
is "… which all have sessions" "$count" "$(config -j show sessions | jq "[.tcp[]] | add")"
finish
