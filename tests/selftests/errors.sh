#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ICMP errors of natpt's own: limited, unlimited, none.

. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/errors.py"
finish
