#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Network cards between machines, with several queues, that make sums and segments: the hosts are
# in one VM, the router is another.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/router.bash"

network
translator
# QEMU's card receives by its first queue only: RPS, which the debug kernel lacks, gives packets to
# all processors, XPS a queue to each
for card in in6 out4; do
	at router bash -c "for ((i = 0; i < 4; i++)); do
		[ $SIZE = quick ] || echo f >/sys/class/net/$card/queues/rx-\$i/rps_cpus
		printf %x \$((1 << i)) >/sys/class/net/$card/queues/tx-\$i/xps_cpus
	done"
done

# sent CARD COUNTER: how much each queue of the router's has sent
sent() { at router ethtool -S "$1" | sed -n "s/^ *$2 tx: //p"; }

# req: A-163
relay python3 "$(dirname "$0")/vmxnet3.py"

head -c 4000000 /dev/urandom >/tmp/file
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
at server4 socat -u TCP4-LISTEN:81 CREATE:/tmp/received &
for port in 80 81; do
	wait_for listening server4 $port
done
is "a file from IPv4" "$(sha256sum </tmp/file)" \
	"$(at client6 curl -sS "http://[$S46]/file" | sha256sum)"
check "a file to IPv4" at client6 socat -u OPEN:/tmp/file "TCP6:[$S46]:81"
check "… arrives as it was" wait_for cmp /tmp/file /tmp/received
check "iperf3, TCP both ways, 16 flows" iperf --bidir -P 16 -n "$(sized 6M 4M)"
check "iperf3, UDP to IPv4" iperf -u -b 20M -n 2M -l 1200
check "iperf3, UDP from IPv4" iperf -u -b 20M -n 2M -l 1200 -R

for card in in6 out4; do
	is "$card has four queues" 4 "$(sent $card 'ucast pkts' | wc -l)"
	[ $SIZE = quick ] || check "… and used several" test \
		"$(sent $card 'ucast pkts' | awk '$1 > 100' | wc -l)" -gt 1
	check "… and cut segments" test \
		"$(sent $card 'TSO pkts' | awk '{ sum += $1 } END { print sum }')" -gt 100
done
for way in 6to4 4to6; do
	check "natpt translated packets, $way" test "$(counter translated-$way)" -gt 10000
done
check "… and put fragments together" test "$(counter reassembled)" -gt 50
is "… and dropped none" "" "$(config show stats | awk '/^drop-/ && $2')"
errors=/natpt/tests/selftests/counted_errors.py
check "no stack of the hosts counts an error" python3 $errors client6 server4
check "… nor the router's" on_router python3 $errors router
finish
