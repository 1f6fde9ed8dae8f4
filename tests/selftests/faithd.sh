#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faithd, the TCP relay: programs, who talks to whom, how connections end.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/faithd.bash"

network
start_peer
start_web 80
allow="2001:db8:6::/64 permit 0.0.0.0/0"
faithd_conf "prefix $FP" "service http ssh 7001-x"
check_fails "nonsense is refused" at router faithd -d -f $FAITHD/conf
faithd_conf "prefix $FP" "service http ssh 7001 7002 7003 7004 7005 7006 7007 7008 7050 7053" "$allow"
start_faithd

# the programs people use
# req: G-047 G-048
check "curl" fetch $FS4
is "wget" hello "$(at client6 wget -qO- "http://[$FS4]/")"
check "curl on the relay itself" at router curl -sS --max-time 60 "http://[$FS4]/"
ssh_key
at server4 /usr/sbin/sshd
wait_for listening server4 22
# who_comes: address and port of the client that the ssh server sees
who_comes()
{
	at client6 ssh -o StrictHostKeyChecking=no -o LogLevel=ERROR root@$FS4 'echo ${SSH_CLIENT% *}'
}
who=$(who_comes)
is "ssh; the server sees the relay" $R4 "${who% *}"
check "… at a port above 1023" test "${who#* }" -gt 1023
is "nc" hello "$(echo hello | at client6 nc -N $FS4 7006)"
coproc at client6 telnet $FS4 7006
coproc=$COPROC_PID
echo hello >&"${COPROC[1]}"
while read -r -t 60 line <&"${COPROC[0]}" && [ "${line%$'\r'}" != hello ]; do :; done
is "telnet" hello "${line%$'\r'}"
is "… has one socket on either side" "$R4 $S4
$FS4 $C6" "$(at router ss -Htn state established '( sport = :7006 or dport = :7006 )' |
	sed -E 's/[][]//g; s/:[0-9]+( |$)/ /g' | awk '{ print $3, $4 }' | sort)"
# req: G-061
is "a connection's line in the log" "TIME client [$C6]:PORT destination $S4:80 from $R4:PORT" \
	"$(grep -m1 "$S4:80 from" $FAITHD/log | sed -E 's/^faithd: //
	s/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/TIME/
	s/(\[[^]]*\]|'$R4'):[0-9]+/\1:PORT/g')"

# ends and urgent bytes
# req: G-052
relay peer_at client6 half $FS4
relay peer_at client6 reset $FS4
# req: G-053
relay peer_at client6 urgent $FS4

# what is not relayed
# req: G-049
is "a port where nobody listens" reset "$(peer_at client6 refused $FS4 7050)"
check "… is in the log" logged "$S4:7050 .*failed: Connection refused"
at router python3 -m http.server -b :: 8081 >/dev/null 2>&1 &
at router socat -u UDP6-RECV:7053 OPEN:/tmp/udp,creat &
wait_for listening router 8081
is "a port that is no service, but one of the relay's own" reset "$(peer_at client6 refused $FS4 8081)"
is "UDP is refused" refused "$(peer_at client6 udp $FS4 7053)"
is "… and did not reach a program of the relay" "" "$(cat /tmp/udp 2>/dev/null)"
# req: G-051
for host in 127.0.0.1 0.0.0.1 224.0.0.1 255.255.255.255 198.51.100.255 10.0.0.10 $R4; do
	is "$host is refused" reset "$(peer_at client6 refused 2001:db8:46::$host 80)"
done
check "… an address of the relay" logged '\[2001:db8:46::c633:6401\]:80 refused: no local service'
check "… a broadcast address" logged '\[2001:db8:46::c633:64ff\]:80 refused: no unicast address'
check "… a private address" logged '\[2001:db8:46::a00:a\]:80 refused: a private address'

# who may, and reloading
# req: G-050
ip -n router addr add 198.51.100.7/24 dev out4
reload_faithd "prefix $FP" "service http ssh 7005" "::/0 deny 0.0.0.0/0 port 80" \
	"2001:db8:6::2 permit $S4 198.51.100.7 port 22"
is "denied by port" reset "$(peer_at client6 refused $FS4 80)"
check "… is in the log" logged '\]:80 refused: denied by the access list'
is "permitted, from an address that the rule names" 198.51.100.7 "$(who_comes | cut -d' ' -f1)"
is "no rule, no relay" reset "$(peer_at client6 refused $FS4 7005)"
echo still >&"${COPROC[1]}"
read -r -t 60 line <&"${COPROC[0]}"
is "the connection from before is still there" still "${line%$'\r'}"
eval "exec ${COPROC[1]}>&-"
wait "$coproc"
reload_faithd "prefix nonsense"
is "nonsense changes nothing" 198.51.100.7 "$(who_comes | cut -d' ' -f1)"
ip -n server4 addr add 10.0.0.10/24 dev eth0
ip -n router addr add 10.0.0.1/24 dev out4
reload_faithd "prefix $FP" "service any" "private permit" "local 7007 /bin/cat cat -u" \
	"local 7008 /bin/grep grep SigBlk /proc/self/status" "$allow"
check "private permit" fetch 2001:db8:46::10.0.0.10
is "a local service, on an address of the relay" hello \
	"$(echo hello | at client6 nc -N 2001:db8:46::10.0.0.1 7007)"
is "… with no signal blocked" "SigBlk:	0000000000000000" \
	"$(at client6 nc 2001:db8:46::10.0.0.1 7008 </dev/null)"
start_web 8080
check "service any" fetch $FS4 8080
reload_faithd "prefix 2001:db8:47::/96" "service any" "$allow"
check "another prefix" fetch 2001:db8:47::$S4 8080
check_fails "… has no longer the old one" fetch $FS4 8080
stop_faithd
is "its routes go with it" "" "$(ip -n router -6 route show table local | grep 2001:db8:4)"

# req: G-058
faithd_conf "prefix $FP" "service 7006" "$allow"
start_faithd -i 2
relay peer_at client6 idle $FS4
check "… is in the log" logged 'was idle'
stop_faithd
# req: G-059
faithd_conf "prefix $FP" "service 7006 7007" "max-connections 1" "local 7007 /bin/cat cat" "$allow"
start_faithd
coproc at client6 nc -N $FS4 7006
coproc=$COPROC_PID
wait_for logged ":7006 from"
is "one connection too many" reset "$(peer_at client6 refused $FS4 7006)"
is "… not for a local service either" reset "$(peer_at client6 refused 2001:db8:46::$R4 7007)"
kill -USR1 "$faithd"
check "… is counted" wait_for logged '1 now, 1 at most, 1 in all, room for 1; 2 refused'
eval "exec ${COPROC[1]}>&-"
wait "$coproc"
kill -KILL "$faithd"
wait "$faithd"

# as KAME's: no file, a service on the command line; what a killed one left behind is taken over
: >$FAITHD/log
ip netns exec router faithd -dp -P $FP ssh >>$FAITHD/log 2>&1 &
faithd=$!
wait_for logged ready
check "without a file everybody may, and it says so" logged 'every client is permitted'
# req: G-054
check "-p: from a port below 1024" test "$(who_comes | cut -d' ' -f2)" -lt 1024
stop_faithd
is "the route of the killed one is gone" "" "$(ip -n router -6 route show table local | grep 2001:db8:4)"

# all lengths, several at once
# req: G-047 G-060
faithd_conf "prefix 2001:dba::/32" "prefix 2001:db9:4000::/40" "prefix 2001:db9:48::/48" \
	"prefix 2001:db9:56:5600::/56" "prefix 2001:db9:64:64::/64" "prefix $FP" "service http" "$allow" \
	"2001:db8:f6::/64 permit 0.0.0.0/0"
check "the configuration is checked" faithd --check -f $FAITHD/conf
at router faithd -f $FAITHD/conf
for addr in 2001:dba:c633:640a:: 2001:db9:40c6:3364:a:: 2001:db9:48:c633:64:a00:: \
	2001:db9:56:56c6:33:640a:: 2001:db9:64:64:c6:3364:a00:0 $FS4; do
	check "$addr" fetch "$addr"
done
# req: G-062
translator
check "natpt beside it: translated" fetch $S46
check "… and relayed" fetch $FS4
is "… the one by the module" 1 "$(status sessions)"
# req: G-055
far_hosts
ip -n hop6 link set far mtu 1280
head -c 1000000 /dev/zero >/tmp/www/file
check "a client behind a smaller MTU" at far6 curl -sS --max-time 120 -o /tmp/file "http://[$FS4]/file"
is "… gets all" 1000000 "$(stat -c %s /tmp/file)"
check "… thanks to packet-too-big messages" \
	test "$(at router nstat -asz Icmp6InPktTooBigs | awk '/TooBigs/ { print $2 }')" -gt 0
pid=$(pgrep -x faithd)
kill "$pid"
check "it was in the background, and ends" wait_for test ! -e "/proc/$pid"

# as systemd starts it: with a listening socket, without any privilege
ip -n router -6 route add local $FP dev lo
faithd_conf "prefix $FP" "$allow"
: >$FAITHD/log
ip netns exec router /natpt/tests/selftests/faithd_peer.py given setpriv --reuid=65534 --regid=65534 \
	--clear-groups faithd -f $FAITHD/conf 2>>$FAITHD/log &
faithd=$!
wait_for logged ready
is "socket activation" hello "$(echo hello | at client6 nc -N $FS4 7006)"
is "… elsewhere it relays nothing" reset "$(peer_at client6 refused $R6 7006)"
stop_faithd
check "a warning that cannot be written does no harm" \
	sh -c "faithd --check -P $FP ssh 2>/dev/full"
check "the example configuration" faithd --check -f /natpt/configs/faithd.conf
finish
