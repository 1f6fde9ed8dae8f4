#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The packet cases of tests/packets against the module.
# req: C-009

. "$(dirname "$0")/lib.sh"

modprobe_natpt
modprobe tun
relay natpt-packets "$(dirname "$0")/../packets"
finish
