#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-16
# A router at work for NATPT_SECONDS (20): connections that last and such that do not, fragments, errors, floods, changes
# of its configuration, namespaces that come and go. Who is not meant notices nothing, and nothing is left of it.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
seconds=${NATPT_SECONDS:-20}
BAD=2001:db8:6::bad
dir=$(mktemp -d)

# Hooks elsewhere: see lifecycle.sh.
ip netns add elsewhere
at elsewhere nft 'add table inet it; add chain inet it pre { type filter hook prerouting priority 0; }; add chain inet it out { type filter hook output priority 0; }'
network
# nobody takes it who is not told to
ip -n client6 addr add $BAD/64 dev eth0 nodad preferred_lft 0
translator
config -f - <<-END
	map 50 from $BAD to 192.0.2.2
	set max-sessions = 65536
END
ip -n server4 route add 192.0.2.0/24 via $R4
at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
at server4 socat TCP4-LISTEN:9,fork,reuseaddr EXEC:cat 2>/dev/null &
for port in 80 9; do
	wait_for listening server4 $port
done

# again NAME COMMAND...: without end; in files of these names a character for each success and each failure
again()
{
	local name=$1
	shift
	while :; do
		if "$@" >"$dir/$name.said" 2>&1; then
			printf . >>"$dir/$name"
		else
			[ -e "$dir/$name.why" ] || mv "$dir/$name.said" "$dir/$name.why"
			printf . >>"$dir/$name.failed"
		fi
	done &
	workers+=($!)
}
workers=()
count() { stat -c %s "$dir/$1" 2>/dev/null || echo 0; }
all=(fetched fragmented refused traced changed lived)
all_happened() { local what; for what in "${all[@]}"; do [ "$(count $what)" -gt 0 ] || return; done; }

fetch() { at client6 curl -sSm120 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }
long_ping() { at client6 ping -qc1 -W120 -s $((RANDOM % 9000 + 1500)) $S46; }
closed_port() { at client6 socat -u - "UDP6:[$S46]:$((RANDOM + 1024))" <<<x; sleep 0.2; }
way() { at client6 traceroute -6 -n -m 3 -q 1 -w 20 $S46; }

# change: what others have, and what nobody notices
change()
{
	config -f - <<-END &&
		prefix 2001:db8:65::/96
		map 200 from 2001:db8:9::/64 to 192.0.2.7 port $((RANDOM % 1000 + 2000)) - 4000
		map 201 from 2001:db8:9::1 to 192.0.2.$((RANDOM % 100 + 100))
		set udp-timeout = $((RANDOM % 1000 + 120))
		set max-sessions = $((RANDOM % 30000 + 4000))
	END
		config -j show xlate limit 2000 &&
		config session delete host $BAD &&
		config -f - <<-END
			map delete 50
			map 50 from $BAD to 192.0.2.$((RANDOM % 3 + 2))
			map delete 200
			map delete 201
			prefix flush
			prefix $P
		END
}

# another: a namespace with a translator of its own, which goes in the middle of its traffic
another()
{
	local ns=soak$BASHPID
	ip netns add "$ns" &&
		ip -n "$ns" link set lo up &&
		ip -n "$ns" link add out4 type dummy &&
		ip -n "$ns" link set out4 up &&
		ip -n "$ns" addr add $R4/24 dev out4 &&
		ip -n "$ns" addr add $R6/64 dev out4 nodad &&
		at "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 &&
		natptconfig -n "$ns" -f - <<-END || return
			prefix $P
			map from any6 to $POOL
			map enable
		END
	ip -n "$ns" route add 2001:db8:64::/96 dev out4
	at "$ns" ping -qc3 -i0.1 -W1 $S46
	at "$ns" socat -u - "UDP6:[$S46]:7" <<<x
	natptconfig -n "$ns" show xlate
	ip netns del "$ns"
}

again fetched fetch
again fragmented long_ping
again refused closed_port
again traced way
again changed change
again lived another
at client6 python3 "$here/soak.py" flood $BAD $S46 &
workers+=($!)
at server4 python3 "$here/soak.py" flood $S4 $POOL &
workers+=($!)
relay at client6 python3 "$here/soak.py" talk $S46 9 8 "$seconds"
# a slow machine takes its time
for ((i = 0; i < 600; i++)); do
	all_happened && break
	sleep 1
done
kill "${workers[@]}"
wait "${workers[@]}" 2>/dev/null

for what in "${all[@]}"; do
	check "$what: $(count $what) times" [ "$(count $what)" -gt 0 ]
	is "... and never in vain" "0 " "$(count $what.failed) $(cat "$dir/$what.why" 2>/dev/null)"
done
check "SYNs and the like were refused" [ "$(counter drop-no-mapping)" -gt 100 ]
for ns in client6 server4; do
	ip netns pids $ns | xargs -r kill -9
done
config session flush
is "no session is left, no mapping" "0 0" "$(status sessions) $(status mappings)"
check "the module goes" timeout 60 rmmod natpt
finish
