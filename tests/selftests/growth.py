#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""growth ADDRESS: 32,768 flows to as many ports and from some, each asked twice and answered."""

import selectors
import socket
import sys
import time

from stacks import ok

SOCKETS, PORTS = 16, range(20000, 22048)
SO_RCVBUFFORCE = 33
PATIENCE = 20  # times that what was lost is sent again

socks = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(SOCKETS)]
waiting = selectors.DefaultSelector()
for number, sock in enumerate(socks):
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    sock.setblocking(False)
    waiting.register(sock, selectors.EVENT_READ, number)


def hear(missing, strange, timeout):
    """Take the answers that are there."""
    for key, _ in waiting.select(timeout):
        try:
            while True:
                data, peer = key.fileobj.recvfrom(100)
                flow = key.data, peer[1]
                if data.decode() != f"{flow[0]} {flow[1]}":
                    strange.add((flow, data))
                missing.discard(flow)
        except BlockingIOError:
            pass


for turn in "new", "known":
    missing, strange = {(n, port) for n in range(SOCKETS) for port in PORTS}, set()
    for _ in range(PATIENCE):
        for sent, (number, port) in enumerate(sorted(missing, key=lambda flow: flow[1])):
            socks[number].sendto(f"{number} {port}".encode(), (sys.argv[1], port))
            if sent % 64 == 0:
                hear(missing, strange, 0)
        end = time.monotonic() + 2
        while missing and time.monotonic() < end:
            hear(missing, strange, 0.1)
        if not missing:
            break
    ok(f"{turn} flows are answered, each to its own port", not missing and not strange,
       (len(missing), len(strange), sorted(strange)[:3]))
