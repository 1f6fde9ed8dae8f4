#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the headers of translated packets say.

. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/headers.py"
finish
