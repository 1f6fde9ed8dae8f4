#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module comes and goes at any moment, under traffic too.
. "$(dirname "$0")/lib.sh"

# Hooks elsewhere, so that the kernel need not patch its code with each of ours that comes first
# or goes last: emulated processors may stumble over code that is patched while they run it.
ip netns add elsewhere
at elsewhere nft -f - <<-'END'
	table inet elsewhere {
		chain prerouting { type filter hook prerouting priority 0; }
		chain output { type filter hook output priority 0; }
	}
END

times=$(sized 20 5)

# traffic: both ways, without end, until the namespaces go.
traffic()
{
	at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
	wait_for listening server4 80
	at client6 ping -qf $S46 >/dev/null 2>&1 &
	at client6 socat -u -b512 /dev/zero UDP6-SENDTO:[$S46]:9 2>/dev/null &
	at client6 bash -c "while :; do curl -sm1 http://[$S46]/natpt.conf; done" >/dev/null 2>&1 &
}

# flows: translation does something at this moment.
flows()
{
	local before
	before=$(counter translated-4to6)
	wait_for more_than "$before"
}

more_than() { [ "$(counter translated-4to6)" -gt $(($1 + 20)) ]; }

fetch() { at client6 curl -sSm20 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }

gone() { ! ip -n "$1" link show "$2"; }

for ((i = 0; i < times; i++)); do
	insmod /natpt/natpt.ko && rmmod natpt || break
done
is "load and unload $times times" $times $i

# req: C-045
network
traffic
for ((i = 0; i < times; i++)); do
	translator && flows && rmmod natpt || break
done
is "load and unload $times times under traffic, with sessions" $times $i

translator
for ((i = 0; i < 2 * times; i++)); do
	config map disable && config map enable || break
done
is "map disable and enable $((2 * times)) times under traffic" $((2 * times)) $i
check "... and it flows again" flows

for ((i = 0; i < times; i++)); do
	config -f - <<-END || break
		map flush
		prefix flush
		prefix 64:ff9b::/96
		map from any6 to 192.0.2.200
	END
	config -f - <<-END || break
		map flush
		prefix flush
		prefix $P
		map from any6 to $POOL
	END
done
is "the whole configuration replaced $times times under traffic" $times $i
check "... and it flows again" flows

# A route that a session holds must not keep its device from going.
ip -n router link del out4
check "a device goes while sessions hold routes over it" gone router out4
check_fails "... without anybody waiting for it" grep -q 'unregister_netdevice: waiting' <<<"$(dmesg)"
link router out4 server4 eth0
ip -n router addr add $R4/24 dev out4
ip -n server4 addr add $S4/24 dev eth0
ip -n server4 route add default via $R4
check "... and when it is back translation works" wait_for fetch

for ((i = 0; i < times / 5 + 1; i++)); do
	flows || break
	ip netns del router
	wait_for gone client6 eth0 || break
	for ns in client6 server4 server6; do
		ip netns pids $ns | xargs -r kill -9
		ip netns del $ns
	done
	network
	traffic
	translator
done 2>/dev/null
is "the namespace deleted $((times / 5 + 1)) times under traffic" $((times / 5 + 1)) $i
check "... and a new one works" fetch
rmmod natpt
check_fails "nobody waits for a device" grep -q 'unregister_netdevice: waiting' <<<"$(dmesg)"
check_fails "without the module nothing is translated" at client6 ping -qc1 -W2 $S46
finish
