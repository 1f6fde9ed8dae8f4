#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that nobody adapted, on an IPv6-only host, to IPv4-only servers: through libshortcut.so
# and natpt.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
translator
only_hosts client6 "$S4 server.test"
export LAUNCH="natptrun --prefix $P"
start_servers server4
clients client6 $S4 server.test
finish
