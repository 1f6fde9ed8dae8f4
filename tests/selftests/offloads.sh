#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checksums and segments in every state in which a device or the stack may leave them: all
# combinations of the router's offloads, with hosts that leave all to their devices or nothing.

. "$(dirname "$0")/lib.sh"

network
translator
# req: A-163
relay python3 "$(dirname "$0")/offloads.py"
finish
