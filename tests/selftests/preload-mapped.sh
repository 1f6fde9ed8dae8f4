#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Sockets of IPv6 that reach IPv4 nodes by IPv4-mapped addresses, through both libraries.
# needs: no module
# fault: names-16

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

pair host 2001:db8:64::c000:202 peer 2001:db8:64::c000:201 120
name host "192.0.2.1 peer.test"
start_peer peer 6
relay at host env NATPT_PREFIX=2001:db8:64:: LD_PRELOAD=/natpt/bin/libshortcut.so \
	/natpt/tests/selftests/preload_mapped.py peer.test 2001:db8:64::c000:201
# the prefix is known as well, and is not what the address stands for
sed -i '/peer.test/d' /etc/netns/host/hosts
name host "2001:db8:64::c000:201 peer.test"
relay at host env LD_PRELOAD=/natpt/bin/libbia.so \
	/natpt/tests/selftests/preload_mapped.py peer.test 2001:db8:64::c000:201
finish
