#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-11
# Tables that grow and shrink while all that is in them is in use.
. "$(dirname "$0")/lib.sh"

network
modprobe nf_conntrack
sysctl -qw net.netfilter.nf_conntrack_max=262144
translator
config -f - <<-END
	set host-rate = 1000000
	set host-sessions = 1000000
END
at server4 nft -f - <<-END
	table ip every {
		chain ports { type nat hook prerouting priority dstnat; meta l4proto udp redirect to :7; }
	}
END
at server4 python3 -c '
import socket
SO_RCVBUFFORCE = 33
it = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
it.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
it.bind(("", 7))
while True:
    it.sendto(*it.recvfrom(100))' &
echo=$!
relay at client6 python3 "$(dirname "$0")/growth.py" $S46
is "each has a session" 32768 "$(config -j show sessions | jq '[.[] | add] | add')"
check "all end" config map flush
# more than the pause of expiry, after which the tables are small again
sleep 6
config map from any6 to $POOL
relay at client6 python3 "$(dirname "$0")/growth.py" $S46
kill $echo
finish
