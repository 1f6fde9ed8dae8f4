#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Forwarders that are silent, slow, lying or flooding, and noise from everywhere.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
mkdir -p $DNS
chmod 777 $DNS
totd_conf "forwarder 127.0.0.1 port 5300" "prefix $P" "clients any"
start_totd -u nobody
# req: F-004 F-005 F-054 F-057
relay at router python3 "$(dirname "$0")/dns64_hostile.py"
memory=$(awk '/VmHWM/ { print $2 }' "/proc/$totd/status")
note "totd's memory: $memory kB"
check "less than 32 MB resident" test "$memory" -lt 32768
check "it still runs" totd_runs
idle() { [ "$(metric in_flight)" = 0 ]; }
check "no query is left" wait_for idle
stop_totd
finish
