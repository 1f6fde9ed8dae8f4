# SPDX-License-Identifier: GPL-2.0
"""Listings of thousands: whole, in parts, interrupted, abandoned."""

import socket
import struct

from nl_client import (APPLY, MAPPING_GET, NLM_F_DUMP, RULE_GET, SESSION_GET, STATUS_GET, MAP_ADD,
                       Netlink, attr, nest, test)

kernel, other = Netlink(read_size=4096), Netlink()


def number(entry, kind):
    return int.from_bytes(entry[kind], "little")


status = kernel.request(STATUS_GET)[0]
sessions, mappings = number(status, 3), number(status, 4)
test("there are thousands of sessions", sessions >= 3000 and mappings >= 3000, status)

entries, reads, interrupted = kernel.dump(SESSION_GET)
test("all sessions are listed, each once", len(entries) == sessions
     and len({tuple(entry[kind] for kind in range(1, 9)) for entry in entries}) == sessions,
     (len(entries), sessions))
test("... in many parts, as the reader's buffer is small", reads > 50 and not interrupted, reads)
test("... each with all of its values",
     all(sorted(entry) == list(range(1, 12)) for entry in entries))
test("... that make sense", all(
    entry[4] == socket.inet_pton(socket.AF_INET6, "2001:db8:64::c633:640a")
    and entry[5] == socket.inet_aton("192.0.2.1") and number(entry, 10) + number(entry, 11) >= 299
    for entry in entries if entry[1] == b"\x11"))

entries, reads, interrupted = kernel.dump(MAPPING_GET)
test("all mappings are listed, each once", len(entries) == mappings
     and len({(entry[1], entry[4], entry[5]) for entry in entries}) == mappings,
     (len(entries), mappings))
test("mappings tell their number of sessions",
     sum(number(entry, 6) for entry in entries) == sessions)

rules = [nest(MAP_ADD, attr(1, struct.pack("=I", n)), attr(4, socket.inet_aton("192.0.2.1")))
         for n in range(1000, 3000)]
other.request(APPLY, b"".join(rules))
entries, reads, interrupted = kernel.dump(RULE_GET)
test("2001 rules are listed in many parts", len(entries) == 2001 and reads > 10 and not interrupted,
     (len(entries), reads))
test("... in the order of their numbers",
     [number(entry, 1) for entry in entries] == [100, *range(1000, 3000)])
change = nest(MAP_ADD, attr(4, socket.inet_aton("192.0.2.2")))
_, _, interrupted = kernel.dump(RULE_GET, between=lambda: other.request(APPLY, change))
test("a change in the middle is flagged to the reader", interrupted)
_, _, interrupted = kernel.dump(RULE_GET)
test("... and the next listing is without a flag", not interrupted)

many = [Netlink() for _ in range(20)]
for one in many:
    one.send(one.message(SESSION_GET, flags=NLM_F_DUMP))
    one.socket.recv(4096)
    one.socket.close()
test("20 readers that go away in the middle are survived",
     len(kernel.dump(SESSION_GET)[0]) == sessions)
