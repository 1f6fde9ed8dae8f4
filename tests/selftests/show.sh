#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who has the most sessions, how full the pools are, how the counters change, and all of it on one screen.
. "$(dirname "$0")/lib.sh"

C6B=2001:db8:6::3
C6C=2001:db8:6::4
dir=$(mktemp -d)
network
translator
config -f - <<-END
	map 40 from $C6C to 192.0.2.2 port 5000 - 5003 proto udp
	map 50 from $C6B to 192.0.2.64/26 port 1024 - 65535
	set icmp-timeout = 3600
	set udp-timeout = 3600
END
ip -n client6 addr add $C6B/64 dev eth0 nodad
ip -n client6 addr add $C6C/64 dev eth0 nodad
at server4 nft 'add table ip quiet; add chain ip quiet input { type filter hook input priority filter; }; add rule ip quiet input meta l4proto udp drop'
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

# udp SOURCE PORT PEER-PORT: one datagram, which nobody answers
udp() { at client6 socat -u - "UDP6:[$S46]:$3,bind=[$1]:$2" <<<x; }

# A host with a TCP session and two of UDP under one mapping; one with UDP and a ping
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9,bind=[$C6]"; }
echo one >&"${talk[1]}"
read -r -t $((20 * ${slower:-1})) answer <&"${talk[0]}"
is "a TCP session is there" one "$answer"
udp $C6 4001 53
udp $C6 4001 54
udp $C6B 4001 53
check "a ping is answered" at client6 ping -qc1 -W20 -I $C6B $S46

# squeezed COMMAND...: what it prints, with one blank between two columns
squeezed() { "$@" | tr -s ' '; }

# Hosts
is "show hosts: those with the most sessions first" \
"Host           Sessions  tcp  udp  icmp  other  Mappings
2001:db8:6::2         3    1    2     0      0         2
2001:db8:6::3         2    0    1     1      0         2" "$(config show hosts)"
# of FILTER CONDITION...: of the hosts as JSON
of()
{
	local filter=$1
	shift
	config -j show hosts "$@" | jq -c "$filter"
}
is "-j show hosts" \
"[{\"host\":\"$C6\",\"icmp\":0,\"mappings\":2,\"other\":0,\"sessions\":3,\"tcp\":1,\"udp\":2},{\"host\":\"$C6B\",\"icmp\":1,\"mappings\":2,\"other\":0,\"sessions\":2,\"tcp\":0,\"udp\":1}]" \
	"$(config -j show hosts | jq -cS .)"
counts='map([.host, .sessions, .mappings])'
is "no more hosts than so many, with all that they have" "[[\"$C6\",3,2]]" "$(of "$counts" limit 1)"
is "of a protocol" "[[\"$C6\",1,1]]" "$(of "$counts" proto tcp)"
is "of a host" "[[\"$C6B\",2,2]]" "$(of "$counts" host $C6B)"
is "of a prefix, some" "[[\"$C6\",2,1]]" "$(of "$counts" host 2001:db8:6::/64 proto udp limit 1)"
is "of a rule" "[[\"$C6B\",2,2]]" "$(of "$counts" rule 50)"
is "of a pool address" "[[\"$C6\",3,2]]" "$(of "$counts" pool $POOL)"
is "in a state: mappings have none" "[[\"$C6\",1,null]]" "$(of "$counts" state established)"
is "... nor a peer" "[[\"$C6\",3,null],[\"$C6B\",2,null]]" "$(of "$counts" peer $S4)"
check "... which the table says" grep -qE "^$C6 +1 +1 +0 +0 +0 +-\$" <<<"$(config show hosts state established)"
is "nobody is an empty list" "[]" "$(of . host 2001:db8:7::1)"
is "... or a header" 1 "$(config show hosts host 2001:db8:7::1 | wc -l)"
is "a rule that is not there" "natptconfig: there is no stateful rule with this number" \
	"$(config show hosts rule 7 2>&1)"

# Pools
pool2=$(config -j show xlate host $C6B limit 1 | jq -r '.[0].source4')
is "show pool: a line for a pool, and one for each of its addresses in use" \
"Rules Address Ports tcp udp icmp other Capacity Used
40 192.0.2.2 5000-5003 - 0 - - 4 0.0%
50 192.0.2.64/26 1024-65535 0 1 1 - 4128768 0.0%
50 $pool2 1024-65535 0 1 1 - 64512 0.0%
100 $POOL all 1 1 0 - 65535 0.0%" "$(squeezed config show pool)"
udp $C6C 4001 53
check "the part in use is that of the ports of the rule" grep -qxF "40 192.0.2.2 5000-5003 - 1 - - 4 25.0%" \
	<<<"$(squeezed config show pool)"
for port in 4002 4003 4004; do
	udp $C6C $port 53
done
# pool TO FILTER: of a pool as JSON
pool() { config -j show pool | jq -cS --arg to "$1" ".[] | select(.to == \$to) | $2"; }
is "-j show pool: one that is full" \
	'{"addresses":1,"capacity":{"icmp":null,"other":null,"tcp":null,"udp":4},"list":[{"address":"192.0.2.2","capacity":{"icmp":null,"other":null,"tcp":null,"udp":4},"percent":100,"used":{"icmp":0,"other":0,"tcp":0,"udp":4}}],"percent":100,"ports":[5000,5003],"protos":["udp"],"rules":[40],"to":"192.0.2.2","used":{"icmp":0,"other":0,"tcp":0,"udp":4}}' \
	"$(pool 192.0.2.2 'walk(if type == "number" then floor else . end)')"
is "... of several addresses only those in use" "[64,4128768,[\"$pool2\"],64512]" \
	"$(pool 192.0.2.64/26 '[.addresses, .capacity.tcp, [.list[].address], .list[0].capacity.tcp]')"
is "as many ports are in use as there are mappings" "$(status mappings)" \
	"$(config -j show pool | jq '[.[].used | .tcp, .udp, .icmp, .other] | add')"
config map 110 from 2001:db8:9::/64 to $POOL
config map 120 from 2001:db8:9::/64 to 10.0.0.0/20 proto tcp/other
is "rules with the same pool are one" "[100,110]" "$(pool $POOL .rules)"
is "a large pool is one line" "120 10.0.0.0/20 all 0 - - 0 268431360 0.0%" \
	"$(squeezed config show pool | grep ' 10\.')"
ip -n router addr add $POOL/32 dev lo
is "an address of the router's own: what its sockets leave" '{"icmp":65535,"other":null,"tcp":31744,"udp":31744}' \
	"$(pool $POOL .capacity)"
ip -n router addr del $POOL/32 dev lo
config map delete 40 keep
check "what is in use without a rule is told, too" grep -qxF -- "- 192.0.2.2 - 0 4 0 0 - -" \
	<<<"$(squeezed config show pool)"
is "... as JSON" '[[],null,null,4]' \
	"$(config -j show pool | jq -c '.[] | select(.to == null) | [.rules, .to, .addresses, .used.udp]')"

# Counters
check "show stats tells what they mean" grep -qE '^drop-no-mapping +0 +IPv4 packet to a pool port' <<<"$(config show stats)"
is "show stats nonzero: no zeros" "" "$(config show stats nonzero | awk '$2 == 0')"
is "... but all others" "$(config -j show stats | jq -c '[.[] | select(.value != 0)]')" \
	"$(config -j show stats nonzero | jq -c .)"
before=$(counter translated-6to4)
natptconfig -n router -j show stats nonzero 1 >"$dir/changes" &
changes=$!
wait_for test -s "$dir/changes"
at client6 ping -qc3 -i0.5 -W20 -I $C6B $S46 >/dev/null
# told: all changes together are what has changed
told()
{
	local sum
	sum=$(jq -s '[.[][] | select(.name == "translated-6to4") | .value] | add' "$dir/changes")
	[ "$sum" -gt 0 ] && [ "$sum" = $(($(counter translated-6to4) - before)) ]
}
check "show stats SECONDS: the changes" wait_for told
kill $changes
natptconfig -n router show stats 1 >"$dir/changes" &
changes=$!
# Names again and again, with an empty line behind them
again() { [ "$(grep -c '^sessions-opened  *0  ' "$dir/changes")" -ge 2 ] && grep -qx '' "$dir/changes"; }
check "... as text" wait_for again
kill $changes
is "... a reader that goes away is no error" "0 0" \
	"$(natptconfig -n router show stats 1 | head -1 >/dev/null; echo "${PIPESTATUS[*]}")"

# One screen
for host in {1..12}; do
	ip -n client6 addr add "2001:db8:6::f$host/64" dev eth0 nodad
	udp "2001:db8:6::f$host" 4001 53
done
natptconfig -n router top 1 >"$dir/top" &
top=$!
# itself, to be ended
ip netns exec client6 ping -q -i0.1 -I $C6B $S46 >/dev/null &
ping=$!
# seen PATTERN: a line of a screen is this
seen() { grep -qE "^$1\$" "$dir/top"; }
rate='([1-9][0-9]*\.[0-9]|0\.[1-9])'
check "top: packets both ways" wait_for seen "Packets/s +$rate to IPv4, $rate to IPv6"
kill $ping
dropped()
{
	at server4 socat -u - UDP4:$POOL:9 <<<x
	seen " *$rate +no-mapping +IPv4 packet to a pool port .*"
}
check "... why packets were dropped" wait_for dropped
check "... how many sessions there may be" seen 'Sessions +[0-9]+ of 1048576 \(0\.0%\)'
check "... and mappings" seen 'Mappings +[0-9]+ of 1048576 \(0\.0%\)'
check "... the hosts with the most sessions" seen "$C6 +3 +1 +2 +0 +0 +2"
check "... and how many others there are" seen 'and [0-9]+ more'
check "... how full the pools are" seen "50 +192\.0\.2\.64/26 +1024-65535 +.* 0\.0%"
twice() { [ "$(grep -c '^natpt .*, mapping: enable, every 1 s$' "$dir/top")" -ge 2 ]; }
check "... again and again" wait_for twice
check_fails "where there is no terminal nothing is cleared" grep -q $'\e' "$dir/top"
kill $top

natptconfig -n router -j top 1 | head -2 >"$dir/top"
is "-j top: a line for each screen" 2 "$(jq -s length "$dir/top")"
json() { check "$1" jq -se ".[1] | $2" "$dir/top"; }
json "... with the limits" ".enabled and .sessions == {now: $(status sessions), most: 1048576, percent: 0} and .mappings.now == $(status mappings)"
json "... the rates" '.seconds >= 1 and (.translated | has("to4") and has("to6")) and (.errors | has("to4") and has("to6")) and .drops == []'
json "... ten hosts" ".hosts | length == 10 and (map(.sessions) | . == (sort | reverse)) and any(.[]; .host == \"$C6\" and .sessions == 3)"
json "... and the pools" "[.pools[] | select(.to == \"192.0.2.64/26\") | .rules, .addresses] == [[50], 64]"

check "on a terminal each screen takes the place of the one before, until ^C" python3 - <<-'END'
	import fcntl
	import os
	import pty
	import signal
	import struct
	import termios

	# of a size that nobody knows, and of one
	for lines, columns in (0, 0), (7, 30):
	    pid, terminal = pty.fork()
	    if pid == 0:
	        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
	        os.execvp("natptconfig", ["natptconfig", "-n", "router", "top", "1"])
	    text = b""
	    while text.count(b"mapping: enable") < 3:
	        text += os.read(terminal, 4096)
	    os.write(terminal, b"\3")
	    _, status = os.waitpid(pid, 0)
	    screens = text.split(b"\x1b[H\x1b[2J")[1:3]
	    assert len(screens) == 2 and all(it.startswith(b"natpt ") for it in screens), text
	    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
	    widest = max(len(line) for line in screens[0].split(b"\r\n"))
	    if lines:
	        assert screens[0].count(b"\n") == lines - 1 and widest == columns, text
	    else:
	        assert screens[0].count(b"\n") > 7 and widest > 30, text
END
eval "exec ${talk[1]}>&-"

rm -r "$dir"
finish
