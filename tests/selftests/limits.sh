#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where there is no room a new session is refused, and those that are there go on.
. "$(dirname "$0")/lib.sh"

network
translator
at router sysctl -qw net.ipv6.icmp.ratelimit=0
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat &
at server4 socat -t60 UDP4-RECVFROM:9,fork EXEC:cat &
wait_for listening server4 9

# datagram NAMESPACE ADDRESS SOURCE-PORT DESTINATION-PORT: what comes back for a datagram: the same, or
# an error
datagram()
{
	at "$1" python3 - <<-END
		import socket as s
		family, level, recverr = ((s.AF_INET6, s.IPPROTO_IPV6, 25) if ":" in "$2" else
		                          (s.AF_INET, s.IPPROTO_IP, 11))
		one = s.socket(family, s.SOCK_DGRAM)
		one.settimeout(30)
		one.setsockopt(level, recverr, 1)
		one.bind(("", $3))
		one.connect(("$2", $4))
		one.send(b"answer")
		try:
		    print(one.recv(100).decode())
		except OSError as no:
		    print(no.strerror)
	END
}

# udp SOURCE-PORT DESTINATION-PORT: from the IPv6 host to the server; udp4: to the pool address
udp() { datagram client6 "$S46" "$@"; }
udp4() { datagram server4 "$POOL" "$@"; }

coproc at client6 socat - "TCP6:[$S46]:9"
echo before >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}"
is "a session is there" "before 1" "$answer $(status sessions)"

config set evict = 0
config set max-sessions = 3
is "up to the limit sessions are opened" "answer answer" "$(udp 7001 9) $(udp 7002 9)"
# req: D-047 D-157
is "beyond it the sender is told that the address cannot be reached" "No route to host" "$(udp 7003 9)"
is "... and it is counted" "1 3" "$(counter drop-session-limit) $(status sessions)"
is "... no mapping is left of it" 3 "$(status mappings)"
is "sessions that are there go on" answer "$(udp 7001 9)"
echo still >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}"
is "... TCP too" still "$answer"
config set max-sessions = 1
is "a limit below what is there ends nothing" "answer 3" "$(udp 7002 9) $(status sessions)"
is "... and lets nothing new in" "No route to host" "$(udp 7003 9)"
check_fails "... no ping either" at client6 ping -qc1 -W2 $S46
port=$(config -j show xlate | jq -r '.[] | select(.proto == "udp" and ."source-port6" == 7001) | ."source-port4"')
at router sysctl -qw net.ipv4.icmp_ratelimit=0
# req: D-134
is "... and new peers from IPv4 are told that the host cannot be reached" "No route to host" \
	"$(udp4 7777 "$port")"
config set max-sessions = 1000
is "with a higher limit there is room" answer "$(udp 7003 9)"

# req: D-024
config -f - <<-END
	map 50 from any6 to 192.0.2.7 port 6000 - 6003
	map delete 100 keep
END
is "a pool of four ports serves four" "answer answer answer answer" \
	"$(udp 7101 9) $(udp 7102 9) $(udp 7103 9) $(udp 7104 9)"
is "... each has its own" "6000 6001 6002 6003" "$(config -j show xlate |
	jq -r '[.[] | select(.source4 == "192.0.2.7") | ."source-port4"] | sort | map(tostring) | join(" ")')"
is "the fifth is told that the address cannot be reached" "No route to host" "$(udp 7105 9)"
is "... and it is counted" 1 "$(counter drop-ports-exhausted)"
is "a host that has a port may talk to others with it" "Connection refused" "$(udp 7101 10)"
check "ping has ports of its own" at client6 ping -qc1 -W20 $S46
is "hosts of before keep their ports" answer "$(udp 7001 9)"
echo after >&"${COPROC[1]}"
read -r -t 20 answer <&"${COPROC[0]}"
is "... and their sessions" after "$answer"
finish
