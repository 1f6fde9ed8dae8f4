#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checksums that are left to a device, wherever in the packet they are.
# fault: border-9

. "$(dirname "$0")/lib.sh"

network
translator
# a SYN's options are changed too
config set mss-clamp = 1
for dev in in6 out4; do
	at router ethtool -K $dev gro off
done

relay python3 "$(dirname "$0")/checksums_partial.py"

# A tunnel across the translator, whose ends leave the sums of what it carries to their devices.
# IPv4 tunnels have no sum of their own, IPv6 ones do.
T6=2001:db8:6::7
config map from $T6 to 192.0.2.7 stateless
ip -n client6 addr add $T6/128 dev eth0 nodad
ip -n client6 link add tunnel type vxlan id 7 remote $S46 local $T6 dstport 4789 dev eth0
ip -n server4 link add tunnel type vxlan id 7 remote 192.0.2.7 local $S4 dstport 4789 dev eth0
ip -n client6 link set tunnel address 02:00:00:00:00:06 mtu 1380 up
ip -n server4 link set tunnel address 02:00:00:00:00:04 mtu 1380 up
ip -n client6 addr add 10.7.0.6/24 dev tunnel
ip -n server4 addr add 10.7.0.4/24 dev tunnel
sent=$(head -c 300000 /dev/urandom | tee /tmp/sent | sha256sum)
at server4 socat -t60 TCP4-LISTEN:8000,fork EXEC:cat &
at server4 socat UDP4-LISTEN:8000,fork EXEC:cat &
wait_for listening server4 8000

# wrong NAMESPACE: datagrams and segments with wrong checksums so far, inner or outer
wrong()
{
	at "$1" nstat -asz UdpInCsumErrors Udp6InCsumErrors TcpInCsumErrors |
		awk 'NR > 1 { n += $2 } END { print n }'
}

# tunnel TEXT: datagrams and a connection through it, both ways
tunnel()
{
	local before6 before4
	before6=$(wrong client6)
	before4=$(wrong server4)
	is "$1: a datagram" hello "$(at client6 nc -4 -u -w20 -W1 10.7.0.4 8000 <<<hello)"
	is "$1: a connection" "$sent" \
		"$(at client6 nc -4 -N -w20 10.7.0.4 8000 </tmp/sent | sha256sum)"
	is "$1: no checksum was wrong" "$before6 $before4" "$(wrong client6) $(wrong server4)"
}
for ends in on off; do
	at client6 ethtool -K eth0 tx $ends >/dev/null
	at server4 ethtool -K eth0 tx $ends >/dev/null
	for switch in on off; do
		at router ethtool -K in6 tx $switch >/dev/null
		at router ethtool -K out4 tx $switch >/dev/null
		tunnel "a tunnel, checksums by devices: $ends at its ends, $switch on the router"
	done
done
finish
