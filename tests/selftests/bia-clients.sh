#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that nobody adapted, told to use IPv4, to an IPv6-only server: through libbia.so.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
only_hosts client6 "$S6 server.test"
export LAUNCH="natptrun --bia"
start_servers server6
clients client6 server.test server.test
finish
