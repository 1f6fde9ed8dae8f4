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

# A program that has not the library sees what the sockets are.
at short env NATPT_PREFIX=2001:db8:64:: LD_PRELOAD=/natpt/bin/libshortcut.so python3 - >/tmp/kinds <<-'END'
	import socket as s, subprocess
	SEE = """
	import socket as s
	seen = s.socket(fileno=0)
	only = seen.getsockopt(s.IPPROTO_IPV6, s.IPV6_V6ONLY) if seen.family == s.AF_INET6 else ""
	print(seen.family.name, seen.type.name, only)
	"""
	for kind in [(s.AF_INET, s.SOCK_STREAM), (s.AF_INET, s.SOCK_STREAM | s.SOCK_NONBLOCK),
	             (s.AF_INET, s.SOCK_DGRAM | s.SOCK_CLOEXEC), (s.AF_INET, s.SOCK_DGRAM),
	             (s.AF_INET, s.SOCK_RAW, s.IPPROTO_ICMP), (s.AF_UNIX, s.SOCK_STREAM)]:
	    with s.socket(*kind) as one:
	        subprocess.run(["python3", "-c", SEE], stdin=one, env={})
END
# req: G-038
is "TCP and UDP are of IPv6 that serves IPv4, others as they were" "AF_INET6 SOCK_STREAM 0
AF_INET6 SOCK_STREAM 0
AF_INET6 SOCK_DGRAM 0
AF_INET6 SOCK_DGRAM 0
AF_INET SOCK_RAW
AF_UNIX SOCK_STREAM" "$(sed 's/ *$//' /tmp/kinds)"

# The examples of RFC 6052 section 2.4: where a datagram socket is connected to.
ip -n short -6 route add 2001:db8::/32 dev eth0
# req: G-039
while read -r prefix address; do
	is "192.0.2.33 under $prefix" "$address" "$(at short env NATPT_PREFIX="$prefix" \
		LD_PRELOAD=/natpt/bin/libshortcut.so python3 -c '
import socket, subprocess
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    one.connect(("192.0.2.33", 7))
    subprocess.run(["python3", "-c", "import socket; print(socket.socket(fileno=0).getpeername()[0])"],
                   stdin=one, env={})')"
done <<-'END'
	2001:db8::/32 2001:db8:c000:221::
	2001:db8:100::/40 2001:db8:1c0:2:21::
	2001:db8:122::/48 2001:db8:122:c000:2:2100::
	2001:db8:122:300::/56 2001:db8:122:3c0:0:221::
	2001:db8:122:344::/64 2001:db8:122:344:c0:2:2100:0
	2001:db8:122:344::/96 2001:db8:122:344::c000:221
END

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
