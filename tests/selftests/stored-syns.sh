#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-1
# A SYN that nobody waits for is answered after 6 seconds, and not at all if the other side opens
# the connection meanwhile.
. "$(dirname "$0")/lib.sh"

network
translator
at router sysctl -qw net.ipv4.icmp_ratelimit=0
relay python3 "$(dirname "$0")/stored_syns.py"

# Two hosts that open a connection to each other at once, by a port that a filter keeps others off
config -f - <<-END
	map flush
	map from any6 to $POOL filter port
END
cat >/tmp/both.py <<-'END'
	import errno, json, os, socket, subprocess, sys, time
	def inside(ns, family, address):
	    """A socket of a namespace that is bound there."""
	    with open("/proc/self/ns/net") as here, open(f"/run/netns/{ns}") as there:
	        os.setns(there.fileno())
	        one = socket.socket(family, socket.SOCK_STREAM)
	        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
	        one.bind(address)
	        os.setns(here.fileno())
	    return one
	s4, s46, c6, pool = sys.argv[1:]
	# the host's port gets one of the pool
	first = inside("client6", socket.AF_INET6, (c6, 7000))
	first.settimeout(60)
	try:
	    first.connect((s46, 9))
	except ConnectionRefusedError:
	    pass
	rows = json.loads(subprocess.check_output("natptconfig -n router -j show xlate", shell=True))
	port = next(row["source-port4"] for row in rows if row["source-port6"] == 7000)
	first.close()
	four = inside("server4", socket.AF_INET, (s4, 8000))
	four.setblocking(False)
	assert four.connect_ex((pool, port)) == errno.EINPROGRESS
	time.sleep(0.5)
	six = inside("client6", socket.AF_INET6, (c6, 7000))
	six.settimeout(60)
	six.connect((s46, 8000))
	six.send(b"hello")
	four.setblocking(True)
	four.settimeout(60)
	print(four.recv(9).decode())
	# longer than the SYN waits
	time.sleep(8)
	six.send(b"still")
	print(four.recv(9).decode())
END
answered=$(counter syns-answered)
held=$(counter syns-held)
# req: D-052 D-056 D-085 D-087
is "two hosts open a connection to each other at once" "hello still" \
	"$(python3 /tmp/both.py "$S4" "$S46" "$C6" "$POOL" | xargs)"
check "... by a SYN that waited" [ "$(counter syns-held)" -gt "$held" ]
is "... which nobody is told of" "$answered" "$(counter syns-answered)"

# The box's own address: its services and NAT go on, and its kernel does not answer for the hosts
config -f - <<-END
	map flush
	map from any6 to $R4
	set icmp-errors = 1
END
at router socat -t60 TCP4-LISTEN:2222,fork,reuseaddr EXEC:'echo box' 2>/dev/null &
wait_for listening router 2222
# knock PORT: how a connection to the box's port ends, and after how many seconds
knock()
{
	read -r how seconds < <(at server4 python3 - <<-END
		import socket, time
		since = time.monotonic()
		try:
		    one = socket.create_connection(("$R4", $1), 60)
		    how = one.recv(9).decode().strip()
		except OSError as no:
		    how = no.strerror
		print(how.split()[-1], int(time.monotonic() - since))
	END
	)
}
# req: D-019 D-057
knock 2222
is "pool on the box's own address: its services answer" box "$how"
knock 2223
is "... a port that a host could have is refused" refused "$how"
check "... after 6 seconds" test "$seconds" -ge 6
knock 223
is "... one of the box's own" refused "$how"
check "... at once" test "$seconds" -lt 6
at router nft -f - <<-END
	table ip nat {
		chain pre {
			type nat hook prerouting priority dstnat;
			iifname out4 tcp dport 2224 redirect to :2222
		}
	}
END
knock 2224
is "... what the box's NAT leads to a service is not held" box "$how"
at router nft flush ruleset
is "... the box itself is told at once" "Connection refused" \
	"$(at router socat -T1 - "TCP4:$R4:2225" 2>&1 </dev/null |
		grep -o 'Connection refused' | sort -u)"

config set held-syns = 0
knock 2223
is "held-syns = 0: the box refuses what it has no service for" refused "$how"
check "... at once" test "$seconds" -lt 6

# req: D-181
config -f - <<-END
	map flush
	map from any6 to $POOL
	set held-syns = 1024
END
held=$(counter syns-held)
at server4 socat -u OPEN:/dev/null "TCP4:$POOL:2226" 2>/dev/null &
held() { [ "$(counter syns-held)" -gt "$held" ]; }
check "a SYN waits" wait_for held
check "... and the module can go" rmmod natpt
# what would be left of its cache, the kernel would tell in its log
finish
