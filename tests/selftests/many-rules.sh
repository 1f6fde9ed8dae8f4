#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As many rules as a carrier has: the right one is found, and they come, go and change in time.
. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/many-rules.py"
finish
