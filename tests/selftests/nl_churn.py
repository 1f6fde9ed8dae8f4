# SPDX-License-Identifier: GPL-2.0
"""nl_churn.py SOURCE ADDRESS PORT [NUMBER]: so many sessions from one port, or 2000 again and again."""

import itertools
import socket
import sys

source, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
one = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
one.bind((source, 9999))
for n in range(int(sys.argv[4])) if len(sys.argv) > 4 else itertools.cycle(range(2000)):
    one.sendto(b"natpt", (address, port + n))
