#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that should not exist: nothing is forwarded, each is counted, the rest goes on.

. "$(dirname "$0")/lib.sh"

network
translator
relay python3 "$(dirname "$0")/badpackets.py"

check "client6 still reaches server6" at client6 ping -q -c3 -i0.2 $S6
check "server4 still reaches the router" at server4 ping -q -c3 -i0.2 $R4
check "client6 still reaches server4" at client6 ping -q -c3 -i0.2 $S46
finish
