#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-9
# The pool on an address of the box: its sockets, and connections that its own NAT made, keep theirs.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n server4 addr add 198.51.100.11/24 dev eth0
ip -n router addr add 10.0.6.1/24 dev in6
ip -n client6 addr add 10.0.6.2/24 dev eth0
ip -n client6 route add default via 10.0.6.1
at server4 socat -t60 UDP4-LISTEN:7,fork EXEC:cat 2>/dev/null &
at server4 socat -t60 TCP4-LISTEN:9,fork,reuseaddr EXEC:cat 2>/dev/null &
wait_for listening server4 9
config -f - <<-END
	map flush
	map from any6 to $R4 port 20000 - 20003
	set port-hold = 0
END

# ports PROTO: the pool's ports that hosts have
ports() { config -j show xlate | jq -c "[.[] | select(.proto == \"$1\") | .\"source-port4\"] | unique"; }
bound() { at router ss -Hln"$1" "sport = :$2" | grep -q .; }

# Sockets that were there first
at router socat UDP4-RECVFROM:20001,fork EXEC:'echo box' 2>/dev/null &
at router socat TCP6-LISTEN:20002,fork,reuseaddr EXEC:'echo box' 2>/dev/null &
wait_for bound u 20001
wait_for bound t 20002
for i in 1 2 3 4 5 6 7 8; do
	at client6 socat -u - "UDP6:[$S46]:$((100 + i))" <<<x
	at client6 timeout 5 socat -u OPEN:/dev/null "TCP6:[$S46]:$((100 + i))" 2>/dev/null
done
is "UDP hosts get the ports that no socket has" "[20000,20002,20003]" "$(ports udp)"
is "TCP hosts, too" "[20000,20001,20003]" "$(ports tcp)"
ask() { at server4 socat -t$((2 * ${slower:-1})) - "$1" </dev/null; }
is "the box's UDP service answers" box "$(echo x | at server4 socat -t10 - UDP4:$R4:20001)"
is "its TCP service answers" box "$(ask TCP4:$R4:20002)"

# A socket that comes later
at router socat UDP4-RECVFROM:20003,fork EXEC:'echo late' 2>/dev/null &
wait_for bound u 20003
is "a service that comes after a host had its port hears strangers" late \
	"$(echo x | at server4 socat -t10 - UDP4:$R4:20003)"

# The box's own NAT
config -f - <<-END
	map flush
	map from any6 to $R4
END
at router nft -f - <<-'NFT'
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat;
			ip saddr 10.0.6.0/24 oifname out4 masquerade
		}
	}
NFT
cat >/tmp/own.py <<-'END'
	import json, socket, subprocess, sys
	def sessions():
	    return json.loads(subprocess.check_output(["natptconfig", "-n", "router", "-j", "show", "xlate"]))
	six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	six.bind(("2001:db8:6::2", 5600))
	six.settimeout(float(sys.argv[2]))
	six.sendto(b"x", (sys.argv[1], 9999))
	port = next(it["source-port4"] for it in sessions() if it["source-port6"] == 5600)
	four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	four.bind(("10.0.6.2", port))
	four.settimeout(float(sys.argv[2]))
	four.sendto(b"mine", ("198.51.100.10", 7))
	def heard(it):
	    try:
	        return it.recv(99).decode()
	    except OSError:
	        return "nothing"
	print(heard(four), heard(six))
END
is "a masqueraded host with the port of an IPv6 host gets its answers" "mine nothing" \
	"$(at client6 python3 /tmp/own.py "$S46" $((3 * ${slower:-1})))"
check "the router's pings are answered" at router ping -qc3 -i0.2 -W20 $S4
check "... and those of an IPv6 host" at client6 ping -qc3 -i0.2 -W20 $S46
config set conntrack = 1
check "... with conntrack, too" at client6 ping -qc2 -i0.2 -W20 $S46
is "... and UDP" hello "$(echo hello | at client6 socat -t5 - "UDP6:[$S46]:7")"
finish
