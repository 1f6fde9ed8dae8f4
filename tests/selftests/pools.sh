#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pools: which address and port a host gets, and what else lives on the address.

. "$(dirname "$0")/lib.sh"

network
translator
# what has no room is refused
config set evict = 0
relay python3 "$(dirname "$0")/pools.py"

# The router's own address as the pool: what is the router's stays its own.
# req: D-019 D-048
config map flush
config map from any6 to $R4
at router sysctl -qw net.ipv4.ip_local_port_range="40000 49999"
head -c 1000000 /dev/urandom >/tmp/file
for ns in router server4; do
	at $ns python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
	at $ns socat UDP4-LISTEN:7,fork EXEC:cat &
	wait_for listening $ns 80
done
sum=$(sha256sum </tmp/file)
fetch() { at "$1" curl -sS "http://$2/file" | sha256sum; }
echoed() { echo hello | at "$1" nc -u -w20 -W1 "$2" 7; }

is "client6 fetches through the shared address" "$sum" "$(fetch client6 "[$S46]")"
is "the router fetches from server4" "$sum" "$(fetch router $S4)"
is "server4 fetches from the router" "$sum" "$(fetch server4 $R4)"
is "UDP from the router to server4" hello "$(echoed router $S4)"
is "UDP from server4 to the router" hello "$(echoed server4 $R4)"
check "the router pings server4" at router ping -q -c2 -i0.2 -W20 $S4
check "server4 pings the router" at server4 ping -q -c2 -i0.2 -W20 $R4
check "server4 pings the router in fragments" at server4 ping -q -c2 -i0.2 -W20 -s 4000 $R4
check "client6 pings server4" at client6 ping -q -c2 -i0.2 -W20 $S46
check_fails "a port that nobody has is refused by the router itself" \
	at server4 curl -sS --max-time 60 "http://$R4:81/"
is "… the packets are counted as unclaimed" true \
	"$([ "$(counter unclaimed)" -gt 0 ] && echo true)"

# 50 connections: none on the ports of the router's sockets, nor on those of services
at client6 python3 -c '
import socket, sys
for port in range(20000, 20050):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", port))
    s.sendto(b"x", (sys.argv[1], 9))
' $S46
ports=$(config -j show xlate | jq '.[] | select(.proto == "udp" and ."source-port6" >= 20000 and
	."source-port6" < 20050 and .source4 == "198.51.100.1") | ."source-port4"')
is "50 hosts' ports" 50 "$(wc -l <<<"$ports")"
is "… are not the router's" "" "$(awk '$1 < 1024 || ($1 >= 40000 && $1 <= 49999)' <<<"$ports")"
finish
