#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Threads, forks and signals through libbia.so.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

# req: G-016 G-019 G-043
stress bia 2001:db8:64::c000:201 --bia
finish
