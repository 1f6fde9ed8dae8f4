#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""natptrun_echo.py HOST PORT CLIENTS: so many clients at once have a line from the server, an
IPv4 address, and then their own words back."""

import ipaddress
import socket
import sys

host, port, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connections = [socket.create_connection((host, port), timeout=120) for _ in range(clients)]
for number, connection in enumerate(connections):
    connection.sendall(b"client %d\n" % number)
for number, connection in enumerate(connections):
    lines = connection.makefile()
    ipaddress.IPv4Address(lines.readline().strip())
    answer = lines.readline()
    if answer != f"client {number}\n":
        sys.exit(f"client {number} got {answer!r}")
