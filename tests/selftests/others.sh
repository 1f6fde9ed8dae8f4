#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Other protocols than TCP, UDP and ICMP through stateful rules: SCTP, ESP, GRE, and whatever comes.

. "$(dirname "$0")/lib.sh"

modprobe -a -q sctp esp4 esp6 xfrm_user ip_gre ip6_gre
network
translator
config set evict = 0
at router sysctl -qw net.ipv6.icmp.ratelimit=0 net.ipv4.icmp_ratelimit=0 \
	net.ipv4.icmp_msgs_per_sec=100000
relay python3 "$(dirname "$0")/others.py"

# Real ones, each with what the kernel has for it.
# fault: state-17
config map flush
config map 10 from any6 to $POOL proto icmp/tcp/udp/other

# SCTP, whose checksum counts no addresses: an association, and 100 kB there and back.
cat >/tmp/sctp.py <<-'END'
	import socket, sys
	SCTP = 132
	kind, address = sys.argv[1:]
	family = socket.AF_INET6 if ":" in address else socket.AF_INET
	s = socket.socket(family, socket.SOCK_STREAM, SCTP)
	if kind == "serve":
	    s.bind((address, 3868))
	    s.listen()
	    c, peer = s.accept()
	    while data := c.recv(65536):
	        c.sendall(data)
	    print(peer[0])
	else:
	    s.connect((address, 3868))
	    sent = bytes(range(256)) * 400
	    got = b""
	    for at in range(0, len(sent), 1024):
	        s.sendall(sent[at:at + 1024])
	        while len(got) < at + 1024:
	            got += s.recv(65536)
	    print("same" if got == sent else "different")
END
at server4 python3 /tmp/sctp.py serve $S4 >/tmp/peer &
server=$!
sctp_listens() { at server4 grep -q ' 3868 ' /proc/net/sctp/eps; }
wait_for sctp_listens
is "SCTP: what comes back is what was sent" same \
	"$(at client6 timeout 120 python3 /tmp/sctp.py connect $S46)"
wait $server
is "... and its server sees the pool address" $POOL "$(cat /tmp/peer)"

# An ESP tunnel with IPv4 in it, whose ends have an address of either family.
key=0x$(printf '%064d' 7)
auth=0x$(printf '%064d' 9)
esp() # NAMESPACE OWN-OUTER PEER-OUTER OUTER-OF-PEER'S-PACKETS OWN-INNER PEER-INNER SPI-OUT SPI-IN
{
	ip -n "$1" xfrm state add src "$2" dst "$3" proto esp spi "$7" mode tunnel \
		enc 'cbc(aes)' "$key" auth-trunc 'hmac(sha256)' "$auth" 128 sel src 0.0.0.0/0 dst 0.0.0.0/0
	ip -n "$1" xfrm state add src "$3" dst "$4" proto esp spi "$8" mode tunnel \
		enc 'cbc(aes)' "$key" auth-trunc 'hmac(sha256)' "$auth" 128 sel src 0.0.0.0/0 dst 0.0.0.0/0
	ip -n "$1" xfrm policy add dir out src "$5" dst "$6" tmpl src "$2" dst "$3" proto esp mode tunnel
	ip -n "$1" xfrm policy add dir in src "$6" dst "$5" tmpl src "$3" dst "$4" proto esp mode tunnel
	ip -n "$1" addr add "$5/32" dev lo
	case $2 in
	*:*)	ip -n "$1" route add "$6" dev eth0 src "$5" ;;
	*)	ip -n "$1" route add "$6" via $R4 src "$5" ;;
	esac
}
esp client6 $C6 $S46 $C6 10.50.0.1 10.50.0.2 0x100 0x200
esp server4 $S4 $POOL $S4 10.50.0.2 10.50.0.1 0x200 0x100
check "ESP: ping through a tunnel" at client6 ping -c 5 -i 0.2 -W 20 -I 10.50.0.1 10.50.0.2
check "... with large packets" at client6 ping -c 3 -i 0.2 -W 20 -s 3000 -I 10.50.0.1 10.50.0.2
check "... and the other way round" at server4 ping -c 3 -i 0.2 -W 20 -I 10.50.0.2 10.50.0.1
ip -n client6 xfrm policy flush
ip -n server4 xfrm policy flush

# A GRE tunnel
ip -n client6 link add gre7 type ip6gre local $C6 remote $S46
ip -n server4 link add gre7 type gre local $S4 remote $POOL
for end in client6:1 server4:2; do
	ip -n "${end%:*}" addr add "10.47.0.${end#*:}/24" dev gre7
	ip -n "${end%:*}" link set gre7 up
done
check "GRE: ping through a tunnel" at client6 ping -c 5 -i 0.2 -W 20 10.47.0.2
check "... with large packets" at client6 ping -c 3 -i 0.2 -W 20 -s 3000 10.47.0.2

# What is told about them
is "the sessions are counted by protocol" 'esp gre sctp' \
	"$(config -j show sessions | jq -r 'keys[]' | grep -xE 'esp|gre|sctp' | xargs)"
is "... and listed by it" "$C6 $S46 $POOL $S4" \
	"$(config -j show xlate proto gre | jq -r '.[] | "\(.source6) \(.target6) \(.source4) \(.target4)"')"
is "... or by its number" 1 "$(config -j show xlate proto 47 | jq length)"
check "one protocol's are ended" config session delete proto gre
is "... and gone" 0 "$(config -j show xlate proto 47 | jq length)"
check "the rule is shown as it was given" \
	grep -q 'proto icmp/tcp/udp/other$' <<<"$(config show rules)"

# The box's own address is its own for such protocols.
config map flush
config map 10 from any6 to $R4 proto other
dropped=$(counter drop-ports-exhausted)
check_fails "no tunnel by the router's own address" at client6 ping -c 1 -W 2 10.47.0.2
check "... and it is counted" [ "$(counter drop-ports-exhausted)" -gt "$dropped" ]
finish
