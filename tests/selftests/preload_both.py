#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Bind both families to one port in all the ways that programs have, and see who gets what."""

import asyncio
import itertools
import select
import socket

PORTS = itertools.count(9000)
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def check(text, passed, detail=""):
    print(f"{'ok' if passed else 'not ok'} {text}" + (f" ({detail})" if not passed else ""))


def open_socket(family, kind, port, reuse, only=1):
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    sock.settimeout(20)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    sock.bind(("", port))
    return sock


def reached(family, kind, port, sock):
    """Whether this socket gets what is sent to its family."""
    with socket.socket(family, kind) as client:
        client.settimeout(20)
        client.connect((LOOPBACK[family], port))
        client.send(b"hello")
        if kind == socket.SOCK_DGRAM:
            return sock.recvfrom(9)[1][:2] == client.getsockname()[:2]
        conn, peer = sock.accept()
        with conn:
            return peer[:2] == client.getsockname()[:2]


def both(kind, order, reuse, late):
    port, socks = next(PORTS), {}
    for family in order:
        socks[family] = open_socket(family, kind, port, reuse)
        if not late and kind == socket.SOCK_STREAM:
            socks[family].listen(17)
    if late and kind == socket.SOCK_STREAM:
        for family in order:
            socks[family].listen(17)
    right = [family.name for family in order if reached(family, kind, port, socks[family])]
    for sock in socks.values():
        sock.close()
    return right


V4, V6 = socket.AF_INET, socket.AF_INET6
for kind, order, reuse, late in itertools.product(
        (socket.SOCK_STREAM, socket.SOCK_DGRAM), ((V4, V6), (V6, V4)), (0, 1), (False, True)):
    if kind == socket.SOCK_DGRAM and (late or (reuse and order[0] == V6)):
        continue
    text = f"{kind.name}, {order[0].name} first, reuse {reuse}" + (", listening later" if late else "")
    try:
        right = both(kind, order, reuse, late)
    except OSError as error:
        right = error
    check(text, right == [family.name for family in order], right)

# a socket that is watched is so afterwards
port, poll = next(PORTS), select.epoll()
with open_socket(V4, socket.SOCK_STREAM, port, 1) as four:
    four.listen(3)
    four.setblocking(False)
    poll.register(four, select.EPOLLIN)
    try:
        with open_socket(V6, socket.SOCK_STREAM, port, 1) as six:
            six.listen()
            with socket.create_connection(("127.0.0.1", port)):
                check("epoll still watches it", poll.poll(20) == [(four.fileno(), select.EPOLLIN)])
                four.accept()[0].close()
            check("… and it does not block", not four.getblocking() and four.getsockname() == ("0.0.0.0", port))
    except OSError as error:
        check("epoll still watches it", False, error)

# what fails without the library fails with it
port = next(PORTS)
with open_socket(V4, socket.SOCK_STREAM, port, 0) as four:
    four.listen()
    try:
        open_socket(V6, socket.SOCK_STREAM, port, 0, only=0)
        check("a socket of IPv6 for both families", False)
    except OSError as error:
        check("a socket of IPv6 for both families is refused", "in use" in str(error), error)


async def serve():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), None, next(PORTS))
    families = sorted(sock.family.name for sock in server.sockets)
    server.close()
    return families

try:
    families = asyncio.run(serve())
except OSError as error:
    families = error
check("asyncio listens for both", families == ["AF_INET", "AF_INET6"], families)
