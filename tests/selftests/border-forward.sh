#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-3 border-10
# A session's packets are forwarded as ip_forward() and ip6_forward() forward: IPsec policies and
# switches count for each of them, priorities and counters are the kernel's.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n router -6 route add blackhole $P
modprobe -a -q xfrm_user esp6 esp4

cat >/tmp/border.py <<'P'
import socket
import sys

sys.path.insert(0, "/natpt/tests/selftests")
from stacks import make_socket

# there FROM-PORT: whether a datagram reaches the IPv4 server; back: whether its answer comes, too
verb, port = sys.argv[1], int(sys.argv[2])
server = make_socket("server4", "0.0.0.0", socket.SOCK_DGRAM)
server.bind(("198.51.100.10", 7))
client = make_socket("client6", "::", socket.SOCK_DGRAM)
client.bind(("::", port))
wait = float(sys.argv[3]) if len(sys.argv) > 3 else 20
server.settimeout(wait)
client.settimeout(wait)
client.sendto(b"question", ("2001:db8:64::198.51.100.10", 7))
_, peer = server.recvfrom(100)
if verb == "back":
    server.sendto(b"answer", peer)
    client.recvfrom(100)
P
there() { python3 /tmp/border.py there "$@"; }
back() { python3 /tmp/border.py back "$@"; }
xfrm() { ip -n router xfrm "$@"; }

check "a session is open" back 4000

# switches, each for a session that lives
stops() # TEXT SYSCTL ON OFF
{
	at router sysctl -qw "$2=$4"
	check_fails "$1" back 4000 2
	at router sysctl -qw "$2=$3"
	check "... and on again" back 4000
}
stops "IPv4 forwarding off stops a session's packets to IPv4" net.ipv4.conf.in6.forwarding 1 0
at router sysctl -qw net.ipv6.conf.all.forwarding=0
# the switch deletes the default routes' neighbours' trust, not ours: the answer alone is tested
check_fails "IPv6 forwarding off stops a session's answers" back 4000 2
check "... not its packets to IPv4" there 4000
at router sysctl -qw net.ipv6.conf.out4.force_forwarding=1
check "force_forwarding on the interface lets them pass" back 4000
at router sysctl -qw net.ipv6.conf.out4.force_forwarding=0 net.ipv6.conf.all.forwarding=1
check "on again" back 4000

# policies that block, by ports
policy=(dir out src "$POOL/32" dst "$S4/32" proto udp)
xfrm policy add "${policy[@]}" dport 7 action block
check_fails "an IPsec policy with a port blocks a session's packets" there 4000 2
check_fails "... and those of a new one" there 4001 2
xfrm policy flush
xfrm policy add "${policy[@]}" dport 8 action block
check "... not those to another port" back 4000
xfrm policy flush
xfrm policy add dir out src $S46/128 dst $C6/128 proto udp sport 7 action block
check_fails "a policy of the other family blocks answers" back 4000 2
xfrm policy flush
xfrm policy add dir fwd src $C6/128 dst $P proto udp action block
check_fails "a forward policy blocks packets as they come in" there 4000 2
check "... and says so" [ "$(counter drop-ipsec-policy)" -gt 0 ]
at router sysctl -qw net.ipv6.conf.in6.disable_policy=1
check "... but where disable_policy is set" back 4000
at router sysctl -qw net.ipv6.conf.in6.disable_policy=0
xfrm policy flush
xfrm policy add dir fwd src $POOL/32 dst $S4/32 action block
check_fails "... and as they are in the new family" there 4000 2
xfrm policy flush
xfrm policy setdefault fwd block
check_fails "... and by default" there 4000 2
xfrm policy setdefault fwd accept
check "without policies all is well" back 4000

# encrypted on one side: what comes in clear is not let in
key=0x0102030405060708090a0b0c0d0e0f1011121314
sa() # NAMESPACE SPI FROM TO
{
	ip -n "$1" xfrm state add src "$3" dst "$4" proto esp spi "$2" mode tunnel \
		aead 'rfc4106(gcm(aes))' $key 128
}
tunnel() # NAMESPACE LOCAL REMOTE LOCAL-NET REMOTE-NET
{
	local tmpl=(proto esp mode tunnel)
	ip -n "$1" xfrm policy add dir out src "$4" dst "$5" tmpl src "$2" dst "$3" "${tmpl[@]}"
	ip -n "$1" xfrm policy add dir in src "$5" dst "$4" tmpl src "$3" dst "$2" "${tmpl[@]}"
	ip -n "$1" xfrm policy add dir fwd src "$5" dst "$4" tmpl src "$3" dst "$2" "${tmpl[@]}"
}
for ns in client6 router; do
	sa $ns 0x100 $C6 $R6
	sa $ns 0x101 $R6 $C6
done
tunnel client6 $C6 $R6 $C6/128 $P
tunnel router $R6 $C6 $P $C6/128
check "a session by ESP" back 4002
# used SPI: whether packets went by this security association of the router
used() { ip -n router -s xfrm state list | grep -A12 "spi $1" | grep -q ', [1-9][0-9]*(packets)'; }
check "... to the router" used 0x00000100
check "... and back" used 0x00000101
ip -n client6 xfrm policy flush
check_fails "the same flow in clear text is stopped" there 4002 2
check_fails "... and a new one" there 4003 2
xfrm policy flush
xfrm state flush
ip -n client6 xfrm state flush

# encrypted by port on the IPv4 side
sa router 0x200 $R4 $S4
sa server4 0x200 $R4 $S4
xfrm policy add dir out src "$POOL/32" dst "$S4/32" proto udp dport 7 tmpl src $R4 dst $S4 proto esp mode tunnel
ip -n server4 xfrm policy add dir in src $POOL/32 dst $S4/32 tmpl src $R4 dst $S4 proto esp mode tunnel
check "a policy with a port has a session's packets encrypted" there 4000
check "... so it has" used 0x00000200
ip -n router route replace $S4/32 dev out4
check "... once, also by a route that is new" there 4000
ip -n router -6 route replace $P dev lo
own()
{
	at server4 timeout 20 socat -u UDP4-RECV:7,bind=$S4 - >/tmp/own &
	local server=$!
	wait_for at server4 sh -c 'ss -Hlun "sport = :7" | grep -q .'
	at router socat -u - "UDP6:[$S46]:7" <<<own
	wait_for grep -q own /tmp/own
	kill $server
	grep -q own /tmp/own
}
check "... and those of the router's own sockets" own
ip -n router -6 route replace blackhole $P
ip -n router route del $S4/32 dev out4
xfrm policy flush
xfrm state flush
ip -n server4 xfrm policy flush
ip -n server4 xfrm state flush

# what nstat shows
mib() { at router nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'; }
grows() # TEXT COUNTER COMMAND...
{
	local before
	before=$(mib "$2")
	"${@:3}" >/dev/null 2>&1
	check "$1" [ "$(mib "$2")" -gt "$before" ]
}
grows "IpForwDatagrams" IpForwDatagrams there 4000
grows "Ip6OutForwDatagrams" Ip6OutForwDatagrams back 4000
hop1() { at client6 ping -nqc1 -W1 -t1 $S46; }
grows "Ip6InHdrErrors" Ip6InHdrErrors hop1
no_route() { at client6 ping -nqc1 -W1 2001:db8:64::cb00:7163; }
grows "Ip6InNoRoutes" Ip6InNoRoutes no_route

# priority by TOS, as ip_forward() sets it: 6 for minimum delay (0x10), for the packet to IPv4 only
at router nft -f - <<'N'
table inet prio {
	counter interactive { }
	chain post {
		type filter hook postrouting priority 0;
		oif out4 meta priority 0:6 counter name interactive
	}
}
N
at client6 ping -nqc1 -W20 -Q0x10 $S46 >/dev/null
is "the priority follows the type of service" 1 \
	"$(at router nft -j list counter inet prio interactive | jq '.nftables[1].counter.packets')"
at router nft flush ruleset

# routes that say no, in words or in silence
for kind in "blackhole|100% packet loss" "prohibit|Administratively prohibited" "unreachable|No route"; do
	ip -n router route add "${kind%|*}" 203.0.113.0/24
	at client6 ping -nc1 -W1 2001:db8:64::cb00:7163 >/tmp/ping 2>&1
	check "a ${kind%|*} route" grep -q "${kind#*|}" /tmp/ping
	ip -n router route del "${kind%|*}" 203.0.113.0/24
done
finish
