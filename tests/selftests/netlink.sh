#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The netlink family by itself: bad requests, permissions, long listings.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
network
translator
relay at router python3 "$here/nl_requests.py"

config -f - <<-END
	prefix flush
	map flush
	prefix $P
	map 100 from any6 to $POOL
	map enable
END
# a server, so that no ICMP error comes back
at server4 socat -u UDP4-RECV:9 /dev/null &
at client6 python3 "$here/nl_open.py" $S46 9 3000
relay at router python3 "$here/nl_dumps.py"

nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
before=$(config -j show config)
is "without CAP_NET_ADMIN nothing is shown" \
	"natptconfig: this needs CAP_NET_ADMIN in the network namespace (run it as root)" \
	"$(at router "${nobody[@]}" natptconfig show xlate 2>&1)"
check_fails "... nor listed" at router "${nobody[@]}" natptconfig show rules
check_fails "... nor set" at router "${nobody[@]}" natptconfig map disable
check_fails "root without CAP_NET_ADMIN is refused too" \
	at router setpriv --bounding-set=-net_admin --inh-caps=-net_admin natptconfig map disable
check_fails "root of a user namespace is refused in the network namespace of its parent" \
	at router "${nobody[@]}" unshare --map-root-user natptconfig map disable
is "... none of which changed anything" "$before" "$(config -j show config)"
echo 1 >/sys/module/natpt/parameters/userns
check "in a network namespace of its own it may do all where userns=1" \
	"${nobody[@]}" unshare --map-root-user --net natptconfig -f /natpt/configs/natpt.conf
is "... of which nothing is seen elsewhere" "$before" "$(config -j show config)"
check "rmmod after all this" rmmod natpt
finish
