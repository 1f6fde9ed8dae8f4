#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faithd with very many connections, and with slow ones.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/faithd.bash"

network
start_peer
peer_at server4 serve_many 7100 &
wait_for listening server4 7100
faithd_conf "prefix $FP" "service any" "max-connections 6000" "2001:db8:6::/64 permit 0.0.0.0/0"
start_faithd
check "there is room" logged 'room for 6000 connections'

# req: G-058
relay peer_at client6 slow $FS4 "$faithd"
relay peer_at client6 commands $FS4 "$faithd"

# req: G-059
coproc peer_at client6 many $FS4 7100 5000
while read -r -t $((300 * ${slower:-1})) line <&"${COPROC[0]}" && [ "$line" != open ]; do
	echo "$line"
done >/tmp/many
relay cat /tmp/many
kill -USR1 "$faithd"
check "all of them are there at once" wait_for logged '5000 now, 5000 at most, 5002 in all, .* 0 failed'
check "silent connections need no pipes" \
	test "$(find "/proc/$faithd/fd" -lname 'pipe:*' | wc -l)" -lt 150
note "faithd: $(awk '/VmRSS/ { print $2 }' "/proc/$faithd/status") kB"
eval "exec ${COPROC[1]}>&-"
wait "$COPROC_PID"
stop_faithd
finish
