# SPDX-License-Identifier: GPL-2.0
"""Hosts at work.

soak.py talk ADDRESS PORT NUMBER SECONDS: so many connections to an echo server, which answers each
line of each of them for so long.
soak.py flood SOURCE TARGET: SYNs, resets, datagrams and errors from and to any port, without end.
"""

import itertools
import random
import socket
import struct
import sys
import time

from stacks import ok

PATIENCE = 120  # seconds that an answer may take where much else goes on


def talk(address, port, number, seconds):
    """Connections that live as long as the test."""
    lines = []
    for _ in range(number):
        one = socket.create_connection((address, port), timeout=PATIENCE)
        lines.append((one, one.makefile("rb")))
    ok(f"{number} connections", True)
    end, answered, wrong = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        for n, (one, answers) in enumerate(lines):
            said = f"{n} {answered}\n".encode() * random.choice((1, 1, 100))
            one.sendall(said)
            wrong += answers.read(len(said)) != said
            answered += 1
        time.sleep(0.5)
    ok("each answers to the end", answered >= number and not wrong, (answered, wrong))
    for one, _ in lines:
        one.close()
    ok("... and is closed", True)


def flood(source, target):
    """Packets that nobody asked for. The kernel fills in the header, and the sum where it can."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    error = 58 if family == socket.AF_INET6 else 1
    raw = {}
    for proto in 6, 17, error:
        raw[proto] = socket.socket(family, socket.SOCK_RAW, proto)
        raw[proto].bind((source, 0))
        if family == socket.AF_INET6 and proto != error:
            raw[proto].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_CHECKSUM, 16 if proto == 6 else 6)
    for n in itertools.count():
        ports = random.randbytes(4)
        packets = {
            6: ports + random.randbytes(8) + struct.pack("!BBHHH", 0x50, random.choice((2, 2, 4, 17)), 99, 0, 0),
            17: ports + struct.pack("!HH", 12, 0) + b"soak",
            error: bytes([1 if error == 58 else 3, 3, 0, 0]) + random.randbytes(60),
        }
        for proto, packet in packets.items():
            try:
                raw[proto].sendto(packet, (target, 0))
            except OSError:
                pass
        if n % 64 == 0:
            time.sleep(0.01)


if sys.argv[1] == "talk":
    talk(sys.argv[2], *map(int, sys.argv[3:]))
else:
    flood(*sys.argv[2:])
