#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The conformance cases through libbia.so on an IPv6-only network, and without it on an IPv4
# network: the same results, but for what tests/preload/differences/bia lists.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

CLIENT4=plain
# the addresses of the IPv4 network are those that bia makes up
pair plain 10.170.175.254 peer4 10.170.160.1 20
pair bump 2001:db8:5::2 peer6 2001:db8:5::1 64
name plain "10.170.160.1 peer.test alias.test"
name bump "2001:db8:5::1 peer.test alias.test"
for n in 2 3 4; do
	name plain "10.170.160.$n three.test"
	name bump "2001:db8:5::1$n three.test"
done
start_peer peer4 4
start_peer peer6 6

cases=$(preload-conformance --list)
at plain preload-conformance $cases >/tmp/plain 2>&1
at bump env LD_PRELOAD=/natpt/bin/libbia.so preload-conformance $cases >/tmp/bia 2>&1
compare /tmp/plain /tmp/bia /natpt/tests/preload/differences/bia
finish
