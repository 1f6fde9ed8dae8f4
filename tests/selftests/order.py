# SPDX-License-Identifier: GPL-2.0
"""Numbered datagrams of some flows, both ways at the same time: each flow's arrive in their order."""

import socket
import struct
import threading

from stacks import QUICK, make_socket, ok

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
# RPS may leave one flow where it is, hardly all of them
FLOWS = 8
COUNT = (10000 if QUICK else 100000) // FLOWS
# so many of a flow are on their way at once; queues and buffers hold those of all
BURST = 50
PADDING = bytes(1000)


def flow(port):
    """Both ends of one."""
    server = make_socket("server4", SERVER4, socket.SOCK_DGRAM)
    server.bind((SERVER4, port))
    client = make_socket("client6", SERVER46, socket.SOCK_DGRAM)
    client.connect((SERVER46, port))
    client.send(b"first")
    server.connect(server.recvfrom(100)[1])
    for sock in client, server:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return client, server


def send(way, sender, receiver, wrong):
    try:
        for first in range(0, COUNT, BURST):
            numbers = range(first, first + BURST)
            for number in numbers:
                sender.send(struct.pack("!I", number) + PADDING[:number % len(PADDING)])
            got = [struct.unpack_from("!I", receiver.recv(2000))[0] for _ in numbers]
            if got != [*numbers]:
                wrong.append(f"{way}: sent {first} to {numbers[-1]}, received {got}")
    except OSError as error:
        wrong.append(f"{way}: after {first}: {error}")


wrong = []
ways = []
for port in range(7, 7 + FLOWS):
    client, server = flow(port)
    ways += [threading.Thread(target=send, args=(*way, wrong)) for way in
             ((f"to IPv4, {port}", client, server), (f"from IPv4, {port}", server, client))]
for way in ways:
    way.start()
for way in ways:
    way.join()
ok(f"{FLOWS} flows of {COUNT} datagrams each way arrive in their order", not wrong, *wrong[:10])
