#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-8 state-10
# What a change of the configuration takes away ends at once, what it leaves goes on.
. "$(dirname "$0")/lib.sh"

network
translator
ip -n server4 addr add 198.51.100.11/24 dev eth0
at server4 socat -t60 UDP4-LISTEN:7,fork EXEC:cat 2>/dev/null &
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

# sessions JQ: about the sessions
sessions() { config -j show xlate | jq -c "$1"; }
# both: how many sessions and mappings there are
both() { echo "$(status sessions) $(status mappings)"; }

# What is left as it was
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
check "a connection" says one
before=$(sessions 'map([."source4", ."source-port4"])')
config -f - <<-END
	map flush
	prefix flush
	prefix $P
	map 700 from any6 to $POOL
END
is "flushed and made again in one change, all is as it was" "$before" "$(sessions 'map([."source4", ."source-port4"])')"
check "... the connection goes on" says two
is "... and so does the count of the rule's mappings" 1 "$(config -j show rules | jq '.[0].mappings')"
config map 100 from 2001:db8:7::/64 to 192.0.2.9
config map renum
config set mss-clamp = 1
check "other rules, numbers and options are no concern of it" says three
config map delete 100
check "nor is another rule that goes" says four
check_fails "a change that fails ends nothing" config -f - <<-END
	map flush
	map delete 4711
END
check "... the connection goes on" says five

# What goes
removed=$(counter sessions-removed)
config -f - <<-END
	map flush
	map from any6 to 192.0.2.2
END
is "with the rule go its sessions and mappings" "0 0" "$(both)"
is "... which is counted" $((removed + 1)) "$(counter sessions-removed)"
check_fails "... the connection is dead" timeout 5 bash -c "read -r -t 3 <&${talk[0]}"
eval "exec ${talk[1]}>&-"
# udp TEXT: a datagram for the server, and its echo
udp() { at client6 socat -t2 - "UDP6:[$S46]:7" <<<"$1"; }
is "new sessions have the new address" "hello 192.0.2.2" "$(udp hello) $(sessions '.[-1].source4' | tr -d '"')"

# an address that was a pool's is anybody's
ip -n server4 addr add $POOL/32 dev lo
ip -n router route add $POOL/32 via $S4
check "a host that has the old address now is reached under the prefix" \
	at client6 ping -qc1 -W20 2001:db8:64::$POOL
check "... and a stateless rule may have it" config map from 2001:db8:a::80 to $POOL stateless
config -f - <<-END
	map flush
	map from any6 to 192.0.2.2
END
ip -n router route del $POOL/32
ip -n server4 addr del $POOL/32 dev lo
check "4,500 addresses, one after the other" bash -c '
	for ((i = 0; i < 9; i++)); do
		{
			echo map flush
			for ((j = 0; j < 500; j++)); do
				echo "map from any6 to 10.$i.$((j / 250)).$((j % 250 + 1))"
			done
		} | natptconfig -n router -f - || exit 1
	done'
config -f - <<-END
	map flush
	map from any6 to $POOL port 2000 - 2999
END

# From the other side
cat >/tmp/revoke.py <<-'END'
	import socket, sys
	host = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	host.bind(("2001:db8:6::2", 5556))
	host.settimeout(float(sys.argv[2]))
	host.sendto(b"open", (sys.argv[1], 1234))
	print("open", flush=True)
	try:
	    while True:
	        print("received", host.recvfrom(99)[0].decode(), flush=True)
	except OSError:
	    pass
END
# from_server TEXT PORT: a datagram to the host's mapping
from_server() { at server4 socat -u - "UDP4:$addr:$port,bind=198.51.100.10:$2" <<<"$1"; }
# host_hears CHANGE...: what an IPv6 host with a mapping hears before and after a change
host_hears()
{
	local out
	out=$(mktemp)
	at client6 python3 /tmp/revoke.py "$S46" $((8 * ${slower:-1})) >"$out" &
	wait_for grep -q open "$out"
	wait_for eval '[ "$(status mappings)" = 1 ]'
	addr=$(sessions '.[0].source4' | tr -d '"') port=$(sessions '.[0]."source-port4"')
	from_server before 1234
	from_server stranger-before 4321
	wait_for grep -q stranger-before "$out"
	config "$@"
	from_server after 1234
	from_server stranger-after 4322
	wait $!
	grep received "$out" | cut -d' ' -f2 | xargs
}
is "a rule that goes: nothing comes through any more" "before stranger-before" "$(host_hears map flush)"
is "... nor is anything left" "0 0" "$(both)"
config map from any6 to $POOL port 2000 - 2999
is "a prefix that goes: the same" "before stranger-before" "$(host_hears prefix flush)"
is "... nor is anything left" "0 0" "$(both)"
config prefix $P
config -f - <<-END
	map flush
	map from any6 to $POOL port 3000 - 3000
END
echo "map flush
map from any6 to $POOL port 4000 - 4000" >/tmp/revoke.conf
is "a range of ports that goes: the same" "before stranger-before" "$(host_hears -f /tmp/revoke.conf)"
udp hello >/dev/null
is "... the new range is used" 4000 "$(sessions '.[0]."source-port4"')"
echo "map flush
map from any6 to $POOL port 4000 - 4001
set port-hold = 0" >/tmp/revoke.conf
config -f /tmp/revoke.conf
udp hello >/dev/null
udp hello >/dev/null
is "... and a port that went with its rule is free again" 2 "$(status mappings)"

# Two prefixes
config -f - <<-END
	map flush
	map from any6 to $POOL
	prefix 2001:db8:65::/96
END
cat >/tmp/revoke2.py <<-'END'
	import socket, sys
	host = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	host.bind(("2001:db8:6::2", 5555))
	host.settimeout(float(sys.argv[1]))
	for prefix in ("64", "65", "64", "65"):
	    to = f"2001:db8:{prefix}::c633:640a"
	    host.sendto(prefix.encode(), (to, 7))
	    data, (peer, *_) = host.recvfrom(99)
	    print("ok" if (data.decode(), peer) == (prefix, to) else f"{data} from {peer}", end=" ")
END
is "one port, one server, two prefixes: each answer comes from where it was asked" "ok ok ok ok" \
	"$(at client6 python3 /tmp/revoke2.py $((10 * ${slower:-1})) | xargs)"
is "... two ports of the pool" 2 "$(sessions '[.[] | select(."source-port6" == 5555) | ."source-port4"] | unique | length')"
finish
