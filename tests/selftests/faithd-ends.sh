#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faithd and those who close with unread input: what they said arrives, and RST after it.
# needs: no module
# fault: names-21

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/faithd.bash"

network
start_peer
faithd_conf "prefix $FP" "service any" "2001:db8:6::/64 permit 0.0.0.0/0"
start_faithd
relay peer_at client6 rejected $FS4
relay peer_at client6 leaves $FS4
# nothing is left behind
kill -USR1 "$faithd"
check "all connections are gone" wait_for logged ' 0 now, '
stop_faithd
finish
