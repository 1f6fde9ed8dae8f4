#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checksums and segments in every state in which a device or the stack may leave them.

. "$(dirname "$0")/lib.sh"

network
translator

# all OPTION...: the same for every device on the way
all()
{
	at client6 ethtool -K eth0 "$@" >/dev/null
	at server4 ethtool -K eth0 "$@" >/dev/null
	routers "$@"
}

# routers OPTION...: for the router's two devices
routers()
{
	at router ethtool -K in6 "$@" >/dev/null
	at router ethtool -K out4 "$@" >/dev/null
}

on=(rx on tx on sg on tso on gso on gro off)

# variant TEXT: exchanges in both directions; every receiver looks at checksums that it is given
variant() { relay python3 "$(dirname "$0")/offloads.py" "$1"; }

# req: A-163
variant "all on"
all gro on
variant "receive merging too"
all rx-udp-gro-forwarding on
variant "receive merging of forwarded UDP"
all rx-udp-gro-forwarding off rx-gro-list on
variant "receive merging as lists"
all rx-gro-list off "${on[@]}"
# the router finishes what senders left to it, the receivers verify it
routers tx off
variant "the router sums up"
routers "${on[@]}" tso off gso off
variant "the router cuts segments"
routers "${on[@]}" sg off
variant "no scatter-gather in the router"
all rx off tx off gro off gso off tso off
variant "all off"

for ns in client6 router server4; do
	is "no checksum error in $ns" "" \
		"$(at $ns nstat -as 2>/dev/null | awk '/CsumErrors/ && $2 > 0 { print $1, $2 }')"
done
finish
