#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tools with which people look at a path: mtr, traceroute, tracepath and ping, across two
# routers, a small link, and natpt; afterwards no stack has counted an error.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
# as many errors as it takes
for ns in router hop6 hop4 far6 far4; do
	at $ns sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 \
		net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=10000
done
ip -n router link set far4 mtu 1400
ip -n hop4 link set near mtu 1400
forget() { ip -n far6 -6 route flush cache; }

# req: A-011 A-117
forget
check "traceroute" at far6 traceroute -6 -n -q1 -w20 $FAR46
check "traceroute -I" at far6 traceroute -6 -n -q1 -w20 -I $FAR46
check "traceroute -T" at far6 traceroute -6 -n -q1 -w20 -T -p 9 $FAR46
at far6 tracepath -6 -n -m 6 $FAR46 >/tmp/tracepath
is "tracepath ends with the path MTU and all hops" "pmtu 1420 hops 4" \
	"$(sed -n 's/.*Resume: \(pmtu [0-9]* hops [0-9]*\).*/\1/p' /tmp/tracepath)"

# mtr_hops OPTION...: hop and loss of each line of the report
mtr_hops() { at far6 mtr -6 -n --report --report-wide -c 3 -i 0.3 "$@" $FAR46 | awk '$1 ~ /\|--/ { print $2, $3 }'; }
way="$HOP6 0.0%
2001:db8:66::1 0.0%
$HOP46 0.0%
$FAR46 0.0%"
is "mtr --report" "$way" "$(mtr_hops)"
is "mtr --report --udp" "$way" "$(mtr_hops --udp)"
at far4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
wait_for listening far4 80
is "mtr --report --tcp" "$way" "$(mtr_hops --tcp --port 80)"

# req: A-020 A-021 D-102
check "ping" at far6 ping -n -c3 -i0.2 -W20 $FAR46
for size in 1500 3000 8000 65000; do
	check "ping -s $size" at far6 ping -n -c3 -i0.2 -W20 -s $size $FAR46
done
# sweep: the sizes of data that get an answer with -M do, the path MTU known
sweep()
{
	local size
	at far6 ping -n -c1 -W20 -s 1400 -M "do" $FAR46 >/dev/null 2>&1
	for size in 0 1000 1212 1232 1233 1252 1352 1371 1372 1373 1380 1452; do
		at far6 ping -n -c1 -W20 -s $size -M "do" $FAR46 >/dev/null 2>&1 && echo $size
	done
}
is "ping -M do: all that fits 1420 is answered" "0 1000 1212 1232 1233 1252 1352 1371 1372" \
	"$(sweep | xargs)"
ip -n router link set far4 mtu 1006
ip -n hop4 link set near mtu 1006
forget
is "ping -M do, to a link of 1006: all that fits 1280 is answered" "0 1000 1212 1232" \
	"$(sweep | xargs)"
check "ping -s 8000" at far6 ping -n -c3 -i0.2 -W20 -s 8000 $FAR46

# req: A-163
check "no stack counts an error" \
	python3 "$(dirname "$0")/counted_errors.py" far6 hop6 router hop4 far4
finish
