#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: failing allocations
# fault: state-16
# Allocations that fail, under natpt only: of each request each of them once, then a fifth of those for packets. What
# fails changes nothing and loses nothing but the packet, and all works when there is memory again.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
injectors=(/sys/kernel/debug/{failslab,fail_page_alloc})

# fail FILE VALUE: a setting of both injectors; the second does not know all of them
fail()
{
	local injector
	for injector in "${injectors[@]}"; do
		[ ! -e "$injector/$1" ] || echo "$2" >"$injector/$1"
	done
}

# aim: from here on, what natpt has called, however deep
aim()
{
	local size base
	read -r size base < <(awk '$1 == "natpt" { print $2, $6 }' /proc/modules)
	fail verbose 0
	fail times -1
	fail space 0
	fail interval 1
	fail ignore-gfp-wait N
	fail ignore-gfp-highmem N
	fail min-order 0
	fail stacktrace-depth 32
	fail require-start "$base"
	fail require-end "$(printf '%#x' $((base + size)))"
}

fetch() { at client6 curl -sSm100 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }

# traffic SECONDS: all kinds of packets, and of changes beside them
traffic()
{
	local end=$((SECONDS + $1)) flows=()
	at client6 python3 "$here/failures.py" flows $S46 "$1" &
	flows+=($!)
	at server4 python3 "$here/failures.py" flows $POOL "$1" &
	flows+=($!)
	while [ $SECONDS -lt $end ]; do
		fetch
		at client6 ping -qc5 -i0.2 -W1 -s 4000 $S46
		at client6 traceroute -6 -n -m 3 -q 1 -w 1 $S46
		config map 70 from 2001:db8:7::/64 to 192.0.2.9
		config map 71 from 2001:db8:8::1 to 192.0.2.10
		config -j show xlate limit 1000
		config -j show mapping
		config map delete 70
		config map delete 71
		ip netns add other && natptconfig -n other prefix $P && natptconfig -n other map enable
		ip netns del other
	done >/dev/null 2>&1
	wait "${flows[@]}"
}

# opened N: of so many flows, how many got a port of the few that the host has first, and how many ports these are
opened()
{
	at client6 python3 "$here/failures.py" open $S46 "$1"
	config -j show xlate pool 192.0.2.3 | jq -r '"\(length) \(map(."source-port4") | unique | length)"'
}

# Hooks elsewhere: see lifecycle.sh.
ip netns add elsewhere
at elsewhere nft 'add table inet it; add chain inet it pre { type filter hook prerouting priority 0; }; add chain inet it out { type filter hook output priority 0; }; add chain inet it post { type filter hook postrouting priority 0; }'
network
ip -n client6 addr add 2001:db8:6::f/64 dev eth0 nodad preferred_lft 0
translator
config -f - <<-END
	map 10 from 2001:db8:6::f to 192.0.2.3 port 1024 - 1055
	map 20 from 2001:db8:6::20 to 192.0.2.20
	set port-hold = 0
	set evict = 0
END
ip -n server4 route add 192.0.2.0/24 via $R4
at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
wait_for listening server4 80
check "there are allocations to be had fail" [ -e /proc/self/fail-nth ]
aim
relay python3 "$here/failures.py" requests

fail probability 20
traffic "${NATPT_SECONDS:-60}"
fail probability 0
check "packets were dropped for want of memory" [ "$(counter drop-no-memory)" -gt 10 ]
check "translation goes on: TCP" fetch
check "... fragments" at client6 ping -qc3 -W60 -s 4000 $S46
config session flush
is "no session is left, no mapping" "0 0" "$(status sessions) $(status mappings)"
is "no port is lost, and none there twice" "32 32" "$(opened 200)"
config session flush
is "... again" "32 32" "$(opened 200)"
for ns in client6 server4; do
	ip netns pids $ns | xargs -r kill -9
done
check "the module goes" timeout 60 rmmod natpt
echo "natpt-selftest: no memory" >/dev/kmsg
relay python3 "$here/failures.py" insmod
echo "natpt-selftest: memory again" >/dev/kmsg
check "and comes" insmod /natpt/natpt.ko
finish
