#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-2 state-3
# What makes room for others, and what does not.
. "$(dirname "$0")/lib.sh"

network
translator
at server4 socat -t60 TCP4-LISTEN:9,fork,reuseaddr EXEC:cat 2>/dev/null &
wait_for listening server4 9
relay python3 "$(dirname "$0")/room.py"
finish
