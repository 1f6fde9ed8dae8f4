#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runtimes with network code of their own, and a memory checker, through libbia.so.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
only_hosts client6 "$S6 six.test"
LAUNCH="natptrun --bia" runtimes server6 six.test
finish
