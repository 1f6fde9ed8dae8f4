#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which packets of IPv4 hosts open sessions, and whose packets keep sessions alive, rule by rule.
. "$(dirname "$0")/lib.sh"

network
translator

rules() { config show rules | sed 's/^ *[0-9]*: *//'; }
field() { config -j show rules | jq -r ".[0].$1"; }

is "a rule filters nothing by itself" "none both" "$(field filter) $(field refresh)"
config -f - <<-END
	map flush
	map from any6 to $POOL port 1024 - 65535 proto tcp/udp filter address refresh outbound
END
is "show rules tells of it" \
	"from any6 to $POOL port 1024 - 65535 proto tcp/udp filter address refresh outbound" "$(rules)"
is "... as JSON, too" "address outbound" "$(field filter) $(field refresh)"
config show config >/tmp/saved
config map flush
check "show config makes it again" config -f /tmp/saved
is "... as it was" "address outbound" "$(field filter) $(field refresh)"
check_fails "stateless rules have none" \
	config map from 2001:db8::7 to 192.0.2.9 stateless filter port

# A listener of the IPv6 host, whose port a packet to the server has opened
# mapped ARGUMENT...: a rule like this, and in $port the port that stands for the host's port 7000
mapped()
{
	config -f - <<-END
		map flush
		map from any6 to $POOL $*
	END
	at client6 socat -u - "UDP6:[$S46]:9,bind=[$C6]:7000" <<<open
	port=$(config -j show xlate | jq -r '.[] | select(."source-port6" == 7000) | ."source-port4"')
}
at server4 socat -u UDP4-RECV:9 /dev/null &
ip -n server4 addr add 198.51.100.11/24 dev eth0
# heard SOURCE: what the host hears of a datagram from there
heard()
{
	rm -f /tmp/heard
	ip netns exec client6 socat -u UDP6-RECV:7000 OPEN:/tmp/heard,creat >/dev/null 2>&1 &
	local listener=$!
	wait_for eval 'at client6 ss -Hlnu sport = :7000 | grep -q .'
	at server4 socat -u - "UDP4:$POOL:$port,bind=$1" <<<there
	wait_for grep -q . /tmp/heard || true
	kill $listener
	wait $listener 2>/dev/null
	cat /tmp/heard
}
mapped filter none
# req: D-027 D-151
is "without a filter strangers are heard" there "$(heard 198.51.100.11:5000)"
mapped filter address
# req: D-026
is "filter address: the server is heard, from any port" there "$(heard $S4:5000)"
relay python3 "$(dirname "$0")/filtering.py"
finish
