#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checksums of translated packets, made again from scratch on the other side.

. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/checksums.py"
finish
