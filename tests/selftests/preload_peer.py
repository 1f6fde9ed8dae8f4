#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""preload_peer.py 4|6: the host that the conformance cases talk to.

Echo on port 7, TCP and UDP. Port 8 reads a line "tcp PORT" or "udp PORT" and calls the client
back there with "hello", then closes."""

import socket
import sys
import threading

FAMILY = socket.AF_INET if sys.argv[1] == "4" else socket.AF_INET6


def echo_tcp(connection):
    with connection:
        while data := connection.recv(65536):
            connection.sendall(data)


def echo_udp():
    with socket.socket(FAMILY, socket.SOCK_DGRAM) as server:
        server.bind(("", 7))
        while True:
            data, client = server.recvfrom(65536)
            server.sendto(data, client)


def call_back(connection):
    with connection:
        protocol, port = connection.makefile().readline().split()
        client = (connection.getpeername()[0], int(port))
        if protocol == "tcp":
            with socket.create_connection(client) as other:
                other.sendall(b"hello")
                # so that the name of the client's end is still there when it is asked for
                connection.shutdown(socket.SHUT_WR)
                other.recv(1)
        else:
            with socket.socket(FAMILY, socket.SOCK_DGRAM) as other:
                other.sendto(b"hello", client)


def serve(port, handler):
    with socket.create_server(("", port), family=FAMILY, backlog=100) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=quietly, args=(handler, connection), daemon=True).start()


def quietly(handler, connection):
    try:
        handler(connection)
    except OSError:
        pass  # the client has gone


threading.Thread(target=echo_udp, daemon=True).start()
threading.Thread(target=serve, args=(8, call_back), daemon=True).start()
serve(7, echo_tcp)
