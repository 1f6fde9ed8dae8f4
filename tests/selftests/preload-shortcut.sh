#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The conformance cases through libshortcut.so on an IPv6-only network, and without it on an
# IPv4 network: the same results, but for what tests/preload/differences/shortcut lists.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

pair plain 192.0.2.2 peer4 192.0.2.1
# every IPv6 address is that of IPv4 under the prefix, so that the names are the same too
pair short 2001:db8:64::c000:202 peer6 2001:db8:64::c000:201 120
for ns in plain short; do
	name $ns "192.0.2.1 peer.test alias.test"
	name $ns "192.0.2.11 three.test"
	name $ns "192.0.2.12 three.test"
	name $ns "192.0.2.13 three.test"
done
start_peer peer4 4
start_peer peer6 6

cases=$(preload-conformance --list)
at plain preload-conformance $cases >/tmp/plain 2>/dev/null
at short env NATPT_PREFIX=2001:db8:64:: LD_PRELOAD=/natpt/bin/libshortcut.so \
	preload-conformance $cases >/tmp/shortcut 2>/dev/null
compare /tmp/plain /tmp/shortcut /natpt/tests/preload/differences/shortcut

# without a prefix the library is not there
# req: G-042
at plain env -u NATPT_PREFIX LD_PRELOAD=/natpt/bin/libshortcut.so \
	preload-conformance $cases >/tmp/inert 2>/tmp/warning
is "no prefix: nothing differs" "" "$(diff /tmp/plain /tmp/inert)"
is "… and one line says so" 1 "$(grep -c NATPT_PREFIX /tmp/warning)"

# a host that has IPv4 and no IPv6 speaks IPv4
# req: G-044
cases=$(grep -vx rights <<<"$cases")
at plain env NATPT_PREFIX=2001:db8:64:: LD_PRELOAD=/natpt/bin/libshortcut.so \
	preload-conformance $cases >/tmp/without6 2>/dev/null
compare /tmp/plain /tmp/without6 /natpt/tests/preload/differences/shortcut
finish
