#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The conformance cases through libbia.so on an IPv6-only network, and without it on an IPv4
# network: the same results, but for what tests/preload/differences/bia lists.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

pair bump 2001:db8:5::2 peer6 2001:db8:5::1 64
name bump "2001:db8:5::1 peer.test alias.test"
for n in 2 3 4; do
	name bump "2001:db8:5::1$n three.test"
done
# The plain network really has the addresses that bia makes of those, which come from a hash.
pair plain 172.21.112.1 peer4 10.170.166.55 32
ip -n plain route add 10.170.160.0/20 dev eth0
ip -n peer4 route add 172.21.112.0/20 dev eth0
name plain "10.170.166.55 peer.test alias.test"
for addr in 10.170.171.178 10.170.171.238 10.170.173.42; do
	name plain "$addr three.test"
done
start_peer peer4 4
start_peer peer6 6

cases=$(preload-conformance --list)
at plain preload-conformance $cases >/tmp/plain 2>/dev/null
at bump env LD_PRELOAD=/natpt/bin/libbia.so preload-conformance $cases >/tmp/bia 2>/dev/null
compare /tmp/plain /tmp/bia /natpt/tests/preload/differences/bia
finish
