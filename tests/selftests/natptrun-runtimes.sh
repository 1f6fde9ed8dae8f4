#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runtimes with network code of their own, and a memory checker, through libshortcut.so and natpt.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
translator
only_hosts client6 "$S4 four.test"
DUAL=1 LAUNCH="natptrun --prefix $P" runtimes server4 four.test
finish
