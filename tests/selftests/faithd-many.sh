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
coproc=$COPROC_PID
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
wait "$coproc"

# no descriptors left
# fault: names-6
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$faithd/stat"; }
files() { find "/proc/$faithd/fd" -type l | wc -l; }
are_gone() { [ "$(files)" -lt 200 ]; }
check "they go when they are closed" wait_for are_gone
files=$(($(files) + 8))
prlimit --pid "$faithd" --nofile=$files:$files
coproc at client6 python3 -c "
import socket, sys
held = [socket.socket(socket.AF_INET6) for _ in range(40)]
for one in held:
	try:
		one.connect(('$FS4', 7100))
	except ConnectionResetError:
		pass
sys.stdin.read()"
coproc=$COPROC_PID
check "who comes when no descriptor is left is sent away" wait_for logged 'Too many open files'
before=$(ticks)
sleep 3
busy=$(($(ticks) - before))
check "… and does not keep faithd busy: $busy of 300" test "$busy" -lt 60
eval "exec ${COPROC[1]}>&-"
wait "$coproc"
one() { at client6 python3 -c "
import socket
one = socket.create_connection(('$FS4', 7100))
one.settimeout(1)
try:
	raise SystemExit(one.recv(1) == b'')
except TimeoutError:
	pass"; }
check "… and who comes later is served" wait_for one
stop_faithd
finish
