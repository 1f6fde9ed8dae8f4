#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Errors of the router itself about packets between two hosts that are both its own: each is sent
# once, and not translated there and back until the kernel's stack is full.
. "$(dirname "$0")/lib.sh"

A=2001:db8:64::192.0.2.33
B=2001:db8:64::192.0.2.34
R=2001:db8:64::192.0.2.1

# unreachable ADDRESS: what a datagram to a closed port there comes to
unreachable()
{
	at client6 python3 - <<-END
		import socket
		sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		sock.settimeout(20)
		sock.bind(("$A", 0))
		sock.connect(("$1", 4242))
		sock.send(b"x")
		try:
		    print(sock.recv(10))
		except OSError as error:
		    print(error.strerror)
	END
}

# fault: border-12
network
modprobe_natpt
config prefix $P
config map from $P to 192.0.2.0/24 stateless
config map enable
at router sysctl -qw net.ipv6.icmp.ratelimit=0
ip -n router addr add $R/120 dev in6 nodad
ip -n client6 addr add $A/120 dev eth0 nodad
ip -n client6 route replace default via $R
ip -n client6 route add $B/128 via $R
ip -n server6 addr add $B/128 dev lo nodad
ip -n router route add $B/128 via $S6

check "time exceeded, on the way from one host under the prefix to another" \
	bash -c "ip netns exec client6 ping -c1 -W5 -t1 -I $A $B | grep -q 'exceeded'"
is "port unreachable, from the router's own address under the prefix" "Connection refused" "$(unreachable $R)"
is "... its other one" "Connection refused" "$(unreachable $R6)"
finish
