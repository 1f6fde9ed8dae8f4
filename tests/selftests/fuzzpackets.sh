#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets made at random, both ways at once. NATPT_PACKETS says how many, NATPT_SEED which.

. "$(dirname "$0")/lib.sh"

network
# bigger packets than the other side takes, both ways
ip -n client6 link set eth0 mtu 9000
ip -n router link set in6 mtu 9000
ip -n router route replace 2001:db8:6::/64 dev in6 mtu 1400
translator
relay python3 "$(dirname "$0")/fuzzpackets.py"

check "client6 still reaches server6" at client6 ping -q -c3 -i0.2 -W20 $S6
check "client6 still reaches server4" at client6 ping -q -c3 -i0.2 -W20 $S46
check "the module goes" rmmod natpt
finish
