#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# TCP over every combination of MTUs beside the router, DF or not.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
relay python3 "$(dirname "$0")/pmtu_matrix.py" near
finish
