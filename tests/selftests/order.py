# SPDX-License-Identifier: GPL-2.0
"""Numbered datagrams of one flow, both ways at the same time: they arrive in their order."""

import os
import socket
import struct
import threading

from stacks import make_socket, ok

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
COUNT = 10000 if os.environ.get("NATPT_DEBUG") else 100000
# so many are on their way at once; queues and buffers hold them
BURST = 200
PADDING = bytes(1000)

server = make_socket("server4", SERVER4, socket.SOCK_DGRAM)
server.bind((SERVER4, 7))
client = make_socket("client6", SERVER46, socket.SOCK_DGRAM)
client.connect((SERVER46, 7))
client.send(b"first")
server.connect(server.recvfrom(100)[1])
for sock in client, server:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)


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
ways = [threading.Thread(target=send, args=(*way, wrong)) for way in
        (("to IPv4", client, server), ("from IPv4", server, client))]
for way in ways:
    way.start()
for way in ways:
    way.join()
ok(f"{COUNT} datagrams each way arrive in their order", not wrong, *wrong[:10])
