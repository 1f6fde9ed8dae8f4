#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Servers with a socket for each family at the same port, through both libraries.
# needs: no module
# fault: names-17

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
for how in "--prefix $P" --bia; do
	LAUNCH="natptrun $how"
	relay launch server6 python3 "$(dirname "$0")/preload_both.py"
	# as Debian has it: 80 and [::]:80
	quietly server6 $LAUNCH nginx -g 'daemon off;'
	nginx=$!
	check "natptrun $how: nginx as Debian has it starts" wait_for listening server6 80
	check "… and is reached over IPv6" at client6 curl -6fsS -o /dev/null "http://[$S6]/"
	check "… over IPv4" at server6 curl -4fsS -o /dev/null http://127.0.0.1/
	is "… with a socket for each family" "0.0.0.0:80 [::]:80" \
		"$(at server6 ss -Hltn 'sport = :80' | awk '{ print $4 }' |
			sed 's/\[::ffff:0.0.0.0\]/0.0.0.0/' | sort | xargs)"
	kill $nginx
	wait $nginx
done
finish
