# SPDX-License-Identifier: GPL-2.0
"""nl_open.py ADDRESS PORT NUMBER: a UDP datagram each from so many ports, 10000 and up."""

import socket
import sys

address, port, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for source in range(10000, 10000 + number):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        one.bind(("::", source))
        one.sendto(b"natpt", (address, port))
