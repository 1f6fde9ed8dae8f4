#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP over every combination of MTUs whose errors are lost: hosts look for black holes.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
relay python3 "$(dirname "$0")/pmtu_matrix.py" lost
finish
