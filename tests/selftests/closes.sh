#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Connections that both sides close at the same moment, each on a processor of its own: 100,000, or
# NATPT_PACKETS.

. "$(dirname "$0")/lib.sh"

network
translator
# req: D-063
relay python3 "$(dirname "$0")/closes.py"
finish
