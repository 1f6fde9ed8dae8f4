#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Threads, forks and signals through libshortcut.so.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

# req: G-016 G-019 G-043
stress shortcut 192.0.2.1 --prefix $P
finish
