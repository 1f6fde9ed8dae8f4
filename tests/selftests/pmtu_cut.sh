#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What no sender could make smaller is cut by the router, large segments too, and nobody is told.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
relay python3 "$(dirname "$0")/pmtu_cut.py"
finish
