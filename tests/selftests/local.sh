#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The translator's own programs are clients too.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator

head -c 1000000 /dev/urandom >/tmp/file
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
at server4 socat UDP4-LISTEN:7,fork EXEC:cat &
wait_for listening server4 80
echoes() { at server4 ss -Hlun 'sport = :7' | grep -q .; }
wait_for echoes

# The kernel wants a route before it lets a program send.
ip -n router -6 route add $P dev out6

# req: A-056 D-119
check "ping" at router ping -6 -n -c3 -i0.2 -W20 $S46
check "ping in fragments" at router ping -6 -n -c2 -i0.2 -W20 -s 4000 $S46
is "curl" "$(sha256sum </tmp/file)" "$(at router curl -sS "http://[$S46]/file" | sha256sum)"
is "UDP" hello "$(echo hello | at router nc -u -w20 -W1 $S46 7)"
check "connection refused" at router python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6)
try:
    s.connect((sys.argv[1], 9))
except ConnectionRefusedError:
    sys.exit(0)
sys.exit(1)' $S46
# The router's own packets keep their hop limit.
is "traceroute" "2" "$(at router traceroute -6 -n -w 20 -q 1 $FAR46 | grep -c '^ *[0-9]')"

# With an address that its network reaches, the box itself can be the pool.
config map flush
config map from any6 to $R4
check "ping as the router's own address" at router ping -6 -n -c3 -i0.2 -W20 $S46
is "curl as the router's own address" "$(sha256sum </tmp/file)" \
	"$(at router curl -sS "http://[$S46]/file" | sha256sum)"
finish
