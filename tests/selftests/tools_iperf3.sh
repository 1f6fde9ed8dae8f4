#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# iperf3, TCP and UDP in both directions, with every combination of the router's offloads.

. "$(dirname "$0")/lib.sh"

network
translator

# router OPTION...: offloads of the router's two links
router()
{
	at router ethtool -K in6 "$@" >/dev/null 2>&1
	at router ethtool -K out4 "$@" >/dev/null 2>&1
}

# moved OPTION...: whether iperf3 is content, and both ends say that data has arrived
moved()
{
	iperf -J --bidir "$@" >/tmp/iperf3.json &&
		jq -e '.end | .sum_received.bytes > 0 and .sum_received_bidir_reverse.bytes > 0' /tmp/iperf3.json
}

receive=$(sized "on off" on)

# req: A-163
for sg in on off; do
	for tx in on off; do
		for rx in $receive; do
			for tso in on off; do
				for gro in on off; do
					router rx $rx sg $sg tx $tx tso $tso gso $tso gro $gro
					text="sg $sg, tx $tx, rx $rx, tso $tso, gro $gro"
					check "TCP, $text" moved -n 1M
					check "UDP, $text" moved -u -b 40M -n 300K
				done
			done
		done
	done
done
check "no stack counts an error" \
	python3 "$(dirname "$0")/counted_errors.py" client6 router server4
finish
