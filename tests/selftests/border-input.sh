#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-4 border-5
# What is for the router itself comes in through INPUT on the interface where it arrived; what is
# not passes FORWARD, also when it turns back at the pool's address.
. "$(dirname "$0")/lib.sh"

network
translator
R46=2001:db8:64::c633:6401
ip -n router addr add $POOL/32 dev lo
at router python3 -m http.server --bind 0.0.0.0 8080 >/dev/null 2>&1 &
at router python3 -m http.server --bind 127.0.0.1 8081 >/dev/null 2>&1 &
wait_for listening router 8080
wait_for listening router 8081
fetch() { at "$1" curl -gsSm"${3:-20}" -o /dev/null "http://$2/"; }

check "a service of the router (control: by IPv4)" fetch server4 $R4:8080
check "... by its IPv4 address under the prefix" fetch client6 "[$R46]:8080"
check "... and by the pool's" fetch client6 "[2001:db8:64::$POOL]:8080"

at router nft -f - <<'N'
table inet filter {
	counter on_in6 { }
	counter on_lo { }
	chain input {
		type filter hook input priority 0; policy drop;
		meta l4proto ipv6-icmp accept
		iif lo counter name on_lo accept
		iifname in6 ip daddr { 198.51.100.1, 192.0.2.1 } tcp dport 8080 counter name on_in6 jump services
	}
	chain services { }
}
N
hits() { at router nft -j list counter inet filter "$1" | jq '.nftables[1].counter.packets'; }
check_fails "what only lo may do, nobody from outside may (control: by IPv4)" fetch server4 $R4:8080 3
check_fails "... by its address under the prefix" fetch client6 "[$R46]:8080" 3
check_fails "... by the pool's" fetch client6 "[2001:db8:64::$POOL]:8080" 3
check "INPUT sees the interface where it arrived" [ "$(hits on_in6)" -gt 0 ]
is "... and lo sees nothing" 0 "$(hits on_lo)"
at router nft add rule inet filter services accept
check "a rule for that interface lets it in" fetch client6 "[$R46]:8080"
check "... by the pool's address too" fetch client6 "[2001:db8:64::$POOL]:8080"
is "... and lo still sees nothing" 0 "$(hits on_lo)"
check_fails "127/8 cannot be reached" fetch client6 "[2001:db8:64::127.0.0.1]:8081" 2
at router sysctl -qw net.ipv4.conf.all.route_localnet=1
check_fails "... not with route_localnet either" fetch client6 "[2001:db8:64::127.0.0.1]:8081" 2
at router nft flush ruleset
check "ping to the router's IPv4 address" at client6 ping -nqc2 -i0.2 -W20 $R46

# sockets that are bound to an interface
at router socat -u UDP4-RECVFROM:9000,so-bindtodevice=in6 CREATE:/tmp/from_in6 &
bound=$!
wait_for at router sh -c 'ss -Hlun "sport = :9000" | grep -q .'
echo here | at client6 socat -u - "UDP6:[$R46]:9000"
wait_for grep -q here /tmp/from_in6
check "a socket bound to that interface gets what comes in there" grep -q here /tmp/from_in6
kill $bound 2>/dev/null

# turning back
cat >/tmp/hairpin.py <<'P'
import json
import socket
import sys

sys.path.insert(0, "/natpt/tests/selftests")
from stacks import make_socket, run

a = make_socket("server6", "::", socket.SOCK_DGRAM)
a.bind(("2001:db8:5::10", 5000))
a.sendto(b"open", ("2001:db8:64::198.51.100.10", 9))
b = make_socket("client6", "::", socket.SOCK_DGRAM)
for _ in range(200):
    sessions = json.loads(run("natptconfig", "-n", "router", "-j", "show", "xlate"))
    ports = [it["source-port4"] for it in sessions if it["source6"] == "2001:db8:5::10"]
    if ports:
        break
a.settimeout(float(sys.argv[1]))
b.sendto(b"hairpin", ("2001:db8:64::192.0.2.1", ports[0]))
data, peer = a.recvfrom(100)
assert data == b"hairpin", data
assert peer[0] == "2001:db8:64::c000:201", peer
b.settimeout(float(sys.argv[1]))
a.sendto(b"back", peer[:2])
data, peer = b.recvfrom(100)
assert (data, peer[1]) == (b"back", ports[0]), (data, peer)
P
hairpin() { python3 /tmp/hairpin.py "${1:-20}"; }
check "two IPv6 hosts find each other by the pool, the router's own address" hairpin

cat >/tmp/refused.py <<'P'
import socket
import sys
import time

sys.path.insert(0, "/natpt/tests/selftests")
from stacks import make_socket, run
from wire import counters

port = int(sys.argv[1])
b = make_socket("client6", "::", socket.SOCK_DGRAM)
run("ip", "-n", "router", "route", "add", "prohibit", "2001:db8:6::2/128")
before = counters()
b.sendto(b"refused", ("2001:db8:64::192.0.2.1", port))
for _ in range(200):
    rise = {name: value - before[name] for name, value in counters().items()}
    if rise["drop-prohibited"]:
        break
    time.sleep(0.1)
run("ip", "-n", "router", "route", "del", "prohibit", "2001:db8:6::2/128")
print(rise["drop-prohibited"], rise["icmp-errors-6to4"], rise["icmp-errors-4to6"])
P
# of the host that hairpin leaves a mapping of, and nobody at its port
port=$(config -j show xlate | jq '[.[] | select(.source6 == "2001:db8:5::10")][0]."source-port4"')
# fault: border-15
is "an ICMP error that cannot turn back is a drop, and nothing else" "1 0 0" "$(python3 /tmp/refused.py "$port")"

# depth: bytes of stack between the arrival of an ICMP error that turns back and its way on
depth()
{
	local tracing=/sys/kernel/tracing
	echo 'p:arrival ipv6_rcv sp=%sp:s64' >$tracing/kprobe_events
	echo 'p:departure natpt:natpt_forward6 sp=%sp:s64' >>$tracing/kprobe_events
	echo >$tracing/trace
	echo 1 >$tracing/events/kprobes/enable
	at client6 socat -u - "UDP6:[2001:db8:64::$POOL]:$1" <<<refused
	# the datagram, and the error about it
	wait_for eval '[ "$(grep -c departure $tracing/trace)" -ge 2 ]'
	echo 0 >$tracing/events/kprobes/enable
	sed -nE 's/.* (arrival|departure): .*sp=(-?[0-9]+)$/\1 \2/p' $tracing/trace | deepest
	echo >$tracing/kprobe_events
}
# deepest: the longest way down from an arrival to the departure behind it
deepest()
{
	local event sp from=0 most=0
	while read -r event sp; do
		case $event in
		arrival)	from=$sp ;;
		*)		most=$((from - sp > most ? from - sp : most)) ;;
		esac
	done
	echo $most
}
# the debug kernel's frames are longer, and it has no probes
mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing 2>/dev/null
if [ -e /sys/kernel/tracing/kprobe_events ]; then
	bytes=$(depth "$port")
	note "$bytes bytes of stack"
	check "one that turns back leaves the stack to who sends it" test "$bytes" -gt 0 -a "$bytes" -lt 2304
fi
at router nft -f - <<'N'
table inet filter {
	counter forwarded { }
	counter elsewhere { }
	chain forward {
		type filter hook forward priority 0;
		meta nfproto ipv6 iifname { in6, out6 } oifname { in6, out6 } counter name forwarded
	}
	chain out {
		type filter hook output priority 0;
		meta l4proto udp counter name elsewhere
	}
	chain input {
		type filter hook input priority 0;
		meta l4proto udp counter name elsewhere
	}
}
N
check "again" hairpin
is "FORWARD sees each packet once" 2 "$(hits forwarded)"
is "... OUTPUT and INPUT none" 0 "$(hits elsewhere)"
at router nft add chain inet filter forward '{ policy drop; }'
check_fails "where nothing is forwarded, nothing turns back" hairpin 2
at router nft flush ruleset
ip -n router addr del $POOL/32 dev lo
check "the same with an address that is not the router's" hairpin
finish
