# SPDX-License-Identifier: GPL-2.0
"""nl_change.py HOST OTHER: listings while another host's sessions come and go."""

import socket
import struct
import sys

from nl_client import (APPLY, MAP_ADD, MAP_DELETE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE,
                       SESSION_GET, Netlink, attr, attrs, nest, test)

host, guest = (socket.inet_pton(socket.AF_INET6, name) for name in sys.argv[1:3])
kernel, other = Netlink(read_size=4096), Netlink()
rule = nest(MAP_ADD, attr(1, struct.pack("=I", 50)), attr(2, guest), attr(4, socket.inet_aton("192.0.2.2")))


def listing(between):
    """The sessions, and whether a change was flagged."""
    kernel.send(kernel.message(SESSION_GET, flags=NLM_F_DUMP))
    found, flagged = [], False
    while True:
        for kind, flags, payload in kernel.messages():
            flagged |= bool(flags & NLM_F_DUMP_INTR)
            if kind == NLMSG_DONE:
                return found, flagged
            found.append(attrs(payload[4:]))
        between()


def change():
    """The guest's sessions end; new ones come meanwhile."""
    other.request(APPLY, attr(MAP_DELETE, struct.pack("=I", 50)))
    other.request(APPLY, rule)


def tuples(entries, whose):
    return [(entry[1], entry[3], entry[8]) for entry in entries if entry[2] == whose]


quiet = tuples(listing(lambda: None)[0], host)
entries, flagged = listing(change)
busy = tuples(entries, host)
missing, twice = len(set(quiet) - set(busy)), len(busy) - len(set(busy))
test("in a listing with changes between its parts no living session is missing",
     len(quiet) >= 1000 and missing == 0, (len(quiet), missing))
test("... and none is there twice", twice == 0, twice)
test("... so that nothing needs to be flagged", not flagged)
test("there were others meanwhile", len(tuples(entries, guest)) > 0)
