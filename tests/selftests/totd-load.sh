#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Queries per second: totd and unbound's dns64, one processor each, the same forwarder, no cache.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
write_zones
start_authoritative
wait_for answers 5300
totd_conf "forwarder 127.0.0.1 port 5300" "prefix $P" "port 5302"
background taskset -c 1 totd -d -c $DNS/totd.conf
totd=$!
{
	unbound_server 5305 "dns64 iterator"
	cat <<-END
		server:
		  dns64-prefix: $P
		  cache-max-ttl: 0
		  cache-max-negative-ttl: 0
		  outgoing-range: 4096
		  num-queries-per-thread: 2048
		  so-rcvbuf: 4m
		forward-zone:
		  name: "."
		  forward-addr: 127.0.0.1@5300
	END
} >$DNS/unbound-5305.conf
background taskset -c 1 unbound -d -c $DNS/unbound-5305.conf
wait_for answers 5302
wait_for answers 5305

# names that are asked for once only: made, real and other answers
for ((i = 0; i < 20000; i++)); do
	case $((i % 4)) in
	0 | 1)	echo "n$i.wild.example4.test AAAA" ;;
	2)	echo "n$i.wild6.example4.test AAAA" ;;
	3)	echo "n$i.wild.example4.test A" ;;
	esac
done >$DNS/queries

# load PORT: dnsperf's report
load()
{
	at router taskset -c 0 dnsperf -s 127.0.0.1 -p "$1" -d $DNS/queries -l 10 -q 100 -t 20
}

# value NAME: of the report
value() { awk -F: -v name="$1" 'index($1, name) { split($2, word, " "); print word[1] }'; }

# one after the other, twice, so that a busy host hits both
best_totd=0 best_unbound=0 lost=0
for round in 1 2; do
	for port in 5302 5305; do
		report=$(load $port)
		rate=$(value "Queries per second" <<<"$report")
		rate=${rate%.*}
		echo "# round $round, port $port: $rate queries per second," \
			"$(value "Queries lost" <<<"$report") lost"
		if [ $port = 5302 ]; then
			lost=$((lost + $(value "Queries lost" <<<"$report")))
			((rate <= best_totd)) || best_totd=$rate
		else
			((rate <= best_unbound)) || best_unbound=$rate
		fi
	done
done
memory=$(awk '/VmHWM/ { print $2 }' "/proc/$totd/status")
echo "# totd: $best_totd queries per second, unbound: $best_unbound; totd's memory: $memory kB"
check "totd is at least as fast as unbound" test "$best_totd" -ge "$best_unbound"
is "nothing is lost" 0 "$lost"
check "less than 32 MB resident" test "$memory" -lt 32768
finish
