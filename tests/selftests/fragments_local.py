#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# NAMESPACE 4|6 ROUNDS: sends 200 fragments of one packet that never becomes whole, through a raw
# socket, as often as told. IPv4 ones go to the pool, IPv6 ones to a host under the prefix.

import socket
import struct
import sys

from stacks import inside

POOL, S4, S46, C6 = "192.0.2.1", "198.51.100.10", "2001:db8:64::c633:640a", "2001:db8:6::2"


def four():
    src, dst = socket.inet_aton(S4), socket.inet_aton(POOL)
    return [
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 36, 1, 0x2000 | at * 2, 64, 17, 0, src, dst) + bytes(16)
        for at in range(200)
    ]


def six():
    return [struct.pack("!BBHI", 17, 0, at * 16 | 1, 1) + bytes(16) for at in range(200)]


namespace, family, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if family == 4:
    raw = inside(namespace, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 255))
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
    packets, to = four(), (POOL, 0)
else:
    raw = inside(namespace, lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 44))
    packets, to = six(), (S46, 0)
for _ in range(rounds):
    for packet in packets:
        try:
            raw.sendto(packet, to)
        except OSError:
            pass  # the box's own answer to it
