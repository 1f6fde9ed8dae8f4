#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Prefixes of all lengths, each by itself and all at once.

. "$(dirname "$0")/lib.sh"

network
ip -n server4 addr add 198.51.100.11/24 dev eth0
translator
config prefix flush

# RFC 6052 section 2.2: server4 (c633:640a) under a prefix of each length
prefixes=(
	2001:db9::/32			2001:db9:c633:640a::
	2001:db8:100::/40		2001:db8:1c6:3364:a::
	2001:db8:122::/48		2001:db8:122:c633:64:a00::
	2001:db8:122:300::/56		2001:db8:122:3c6:33:640a::
	2001:db8:122:344::/64		2001:db8:122:344:c6:3364:a00:0
	2001:db8:122:344::/96		2001:db8:122:344::c633:640a
)
# the same lengths, side by side
together=(
	2a00:32::/32			2a00:32:c633:640a::
	2a00:4000:100::/40		2a00:4000:1c6:3364:a::
	2a00:48:1::/48			2a00:48:1:c633:64:a00::
	2a00:56:1:100::/56		2a00:56:1:1c6:33:640a::
	2a00:64:1:1::/64		2a00:64:1:1:c6:3364:a00:0
	2a00:96::/96			2a00:96::c633:640a
)

at server4 socat UDP4-LISTEN:7,bind=$S4,fork EXEC:cat &
at server4 socat UDP4-LISTEN:7,bind=198.51.100.11,fork EXEC:cat &
echoes() { [ "$(at server4 ss -Hlun 'sport = :7' | wc -l)" = 2 ]; }
wait_for echoes

# echoed ADDRESS: whether server4 answers there, from that address (a connected socket sees to it)
echoed() { [ "$(echo hello | at client6 nc -u -w20 -W1 "$1" 7)" = hello ]; }

# answers ADDRESS: who answers a ping
answers()
{
	at client6 ping -n -c1 -W20 "$1" | sed -n 's/.* bytes from \([^ ]*\): .*/\1/p'
}

# works PREFIX ADDRESS
works()
{
	is "$1: ping, and the answer comes from the prefix" "$2" "$(answers "$2")"
	check "$1: UDP both ways" echoed "$2"
}

# req: B-001 B-002 B-003 B-004 B-005 B-006
for ((i = 0; i < ${#prefixes[@]}; i += 2)); do
	config prefix "${prefixes[i]}"
	works "${prefixes[i]}" "${prefixes[i + 1]}"
	config prefix flush
done

# req: B-018
for ((i = 0; i < ${#together[@]}; i += 2)); do
	config prefix "${together[i]}"
done
for ((i = 0; i < ${#together[@]}; i += 2)); do
	works "${together[i]}, one of six" "${together[i + 1]}"
done

# One socket, one mapping, two prefixes and servers: each answer from whom was asked.
# req: B-018 D-024
check "a socket that uses two prefixes is answered from each" at client6 python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(60)
for address in sys.argv[1:] * 2:
    s.sendto(b"x", (address, 7))
    peer = s.recvfrom(10)[1]
    assert peer[0] == address, (peer, address)
' 2a00:48:1:c633:64:b00:: 2a00:96::c633:640a

# The tool writes the addresses that the module translates.
# req: B-016
is "natptconfig shows the addresses that packets have" "2a00:48:1:c633:64:a00:: 2a00:48:1:c633:64:b00:: 2a00:96::c633:640a" \
	"$(config -j show xlate | jq -r '[.[] | select(.proto == "udp" and ."target-port" == 7 and
		(.target6 | startswith("2a00:48:") or startswith("2a00:96:")))] |
		[.[].target6] | unique | join(" ")')"
# req: B-018
config prefix flush
config prefix 2a00:96::/96
is "a prefix that is gone claims nothing" "" "$(answers 2a00:48:1:c633:64:a00::)"
is "… and the other one stays" 2a00:96::c633:640a "$(answers 2a00:96::c633:640a)"
finish
