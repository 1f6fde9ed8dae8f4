#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real programs through the translator.

. "$(dirname "$0")/lib.sh"

network
translator

head -c 4000000 /dev/urandom >/tmp/file
ssh_key
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
at server4 socat UDP4-LISTEN:7,fork EXEC:cat &
at server4 /usr/sbin/sshd
for port in 80 22; do
	wait_for listening server4 $port
done

# req: A-056 D-119 D-130
check "ping" at client6 ping -n -c3 -i0.2 -W20 $S46
is "curl" "$(sha256sum </tmp/file)" "$(at client6 curl -sS "http://[$S46]/file" | sha256sum)"
# req: D-022
is "UDP" hello "$(echo hello | at client6 nc -u -w60 -W1 $S46 7)"
is "ssh" "$POOL $(sha256sum </tmp/file)" "$(at client6 ssh -o StrictHostKeyChecking=no \
	-o LogLevel=ERROR "root@$S46" 'echo "${SSH_CLIENT%% *} $(cat | sha256sum)"' </tmp/file)"

# count NAMESPACE NAME: a counter of the stack's
count() { at "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'; }

volume=$(sized 1000000000 50000000)

# flows SENDER TEXT OPTION...: 1 GB or 50 MB, and how much of it was sent twice
flows()
{
	local sender=$1 text=$2 resent sent
	shift 2
	resent=$(count "$sender" TcpRetransSegs)
	sent=$(count "$sender" TcpOutSegs)
	check "$text" iperf -n $volume "$@"
	resent=$(($(count "$sender" TcpRetransSegs) - resent))
	sent=$(($(count "$sender" TcpOutSegs) - sent))
	note "$sender: $resent of $sent segments sent again"
	check "$text: less than 0.5 % sent again" test $((resent * 200)) -lt $sent
}

# req: A-163
flows client6 "$((volume / 1000000)) MB to IPv4"
flows server4 "$((volume / 1000000)) MB from IPv4" -R
# iperf3's UDP has DF set and asks the stack for its size
check "UDP to IPv4" iperf -u -b 20M -n 4000000 -l 1200
check "UDP from IPv4" iperf -u -b 20M -n 4000000 -l 1200 -R

# req: A-153 A-163
for ns in client6 router server4; do
	is "no checksum error in $ns" "" \
		"$(at $ns nstat -as 2>/dev/null | awk '/CsumErrors/ && $2 > 0 { print $1, $2 }')"
done
finish
