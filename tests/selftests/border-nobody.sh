#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-7
# What nobody waits for is dropped, and does not go the ways of its old family, whatever chains there are
# behind natpt's; what rules of the raw table, copies and routes by port have to do with it.
. "$(dirname "$0")/lib.sh"

network
translator
config map from 2001:db8:a::/120 to 192.0.2.0/24 stateless 2>/dev/null
ip -n server4 route add 192.0.2.0/24 via $R4
ip -n server4 route add 203.0.113.0/24 via $R4
ip -n router route add default via $S4
ip -n router -6 route add default via 2001:db8:5::10
config map from 2001:db8:a::/120 to 203.0.113.0/24 stateless
at server4 sysctl -qw net.ipv4.ip_forward=0
at server4 nft -f - <<'N'
table ip t {
	counter back { }
	chain pre {
		type filter hook prerouting priority raw;
		ip daddr { 192.0.2.0/24, 203.0.113.0/24 } counter name back
	}
}
N
cat >/tmp/nobody.py <<'P'
import sys
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.sendrecv import send
pool, host = sys.argv[1:]
packets = [IP(dst=pool) / UDP(sport=7, dport=4000) / b"x", IP(dst=pool) / TCP(sport=7, dport=4000, flags="A"),
           IP(dst=pool) / ICMP(type=8, id=7), IP(dst=pool, proto=47) / bytes(8), IP(dst=pool) / ICMP(type=0, id=7),
           IP(dst=pool) / ICMP(type=3, code=1) / IP(src=pool, dst="198.51.100.10") / UDP(sport=4000, dport=7),
           IP(dst=pool, proto=6) / bytes(7),
           IP(dst=host) / ICMP(type=5) / IP(src=host, dst="198.51.100.10") / UDP(),
           IP(dst=host) / ICMP(type=3, code=14) / IP(src=host, dst="198.51.100.10") / UDP(),
           IP(dst=host) / ICMP(type=3, code=1) / IP(src="198.51.100.99", dst="198.51.100.10") / UDP()]
for packet in packets:
    packet.ttl = 255
    send(packet, verbose=False)
P
back() { at server4 nft -j list counter ip t back | jq '.nftables[1].counter.packets'; }
# what comes back of ten packets, and how many were dropped
nobodys()
{
	local before
	before=$(config -j show stats | jq '[.[] | select(.name | startswith("drop-")).value] | add')
	at server4 python3 /tmp/nobody.py $POOL 203.0.113.5
	at server4 ping -qc1 -W20 $R4 >/dev/null
	echo "$(back) $(($(config -j show stats | jq '[.[] | select(.name | startswith("drop-")).value] | add') - before))"
}
is "without a chain: nothing comes back, all are dropped" "0 10" "$(nobodys)"
at router nft -f - <<'N'
table inet t {
	chain pre {
		type filter hook prerouting priority mangle;
	}
}
N
is "with a chain: the same" "0 10" "$(nobodys)"

# what a rule hangs to a packet for a connection that there will not be
cat >/tmp/answered.py <<'P'
import socket
from stacks import make_socket
server = make_socket("server4", "0.0.0.0", socket.SOCK_DGRAM)
server.bind(("198.51.100.10", 7))
client = make_socket("client6", "::", socket.SOCK_DGRAM)
client.bind(("::", 4711))
client.sendto(b"q", ("2001:db8:64::198.51.100.10", 7))
_, peer = server.recvfrom(10)
server.sendto(b"a", peer)
client.recvfrom(10)
P
answered() { config session flush && timeout 60 python3 /tmp/answered.py; }
zone='table inet z { chain pre { type filter hook prerouting priority raw; ct zone set 5; }; }'
check "a session" answered
at router nft "$zone"
check "... with a zone of conntrack's and a chain" answered
at router nft delete table inet t
check "... with a zone, and no chain" answered
is "what nobody waits for is dropped as ever" "0 10" "$(nobodys)"
at router nft delete table inet z

# a copy goes where it is sent
at router nft -f - <<N
table ip6 d {
	chain pre {
		type filter hook prerouting priority mangle;
		ip6 daddr $P udp dport 7 dup to 2001:db8:5::10 device out6
	}
}
N
at server6 nft -f - <<N
table ip6 t {
	counter copies { }
	chain pre {
		type filter hook prerouting priority raw;
		ip6 daddr $P udp dport 7 counter name copies
	}
}
N
at server4 nft 'table ip c { counter queries { }; chain pre { type filter hook prerouting priority raw; udp dport 7 counter name queries; }; }'
check "a session whose packets are copied" answered
is "... the copy is where it was sent, as it was" 1 \
	"$(at server6 nft -j list counter ip6 t copies | jq '.nftables[1].counter.packets')"
is "... and the packet came once" 1 \
	"$(at server4 nft -j list counter ip c queries | jq '.nftables[1].counter.packets')"
at router nft flush ruleset

# the reverse path is the one that rules by port choose
ip -n router link add elsewhere type dummy
ip -n router link set elsewhere up
ip -n router addr add 198.18.0.1/24 dev elsewhere
ip -n router route add $S4/32 via 198.18.0.2 dev elsewhere
ip -n router route add $S4/32 dev out4 table 100
at router ip rule add ipproto udp dport 7 lookup 100 pref 10
at router sysctl -qw net.ipv4.conf.out4.rp_filter=1 net.ipv4.conf.all.rp_filter=0
ip -n router neigh replace $S4 dev out4 lladdr "$(ip -n server4 -j link show eth0 | jq -r '.[0].address')"
check "a strict reverse path filter and a rule by port" answered
at router ip rule del pref 10
check_fails "... without the rule it is another way" timeout 5 python3 /tmp/answered.py
finish
