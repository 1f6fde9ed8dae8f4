# SPDX-License-Identifier: GPL-2.0
"""TCP and UDP between real stacks, in both directions, with the offloads as they are set."""

import random
import socket
import sys
import threading

from wire import inside, ok

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
UDP_SEGMENT = 103
text = sys.argv[1]
random.seed(331)


def make(ns, family, kind):
    sock = inside(ns, lambda: socket.socket(family, kind))
    sock.settimeout(60)
    return sock


def receive(sock, size):
    data = bytearray()
    while len(data) < size and (part := sock.recv(1 << 18)):
        data += part
    return bytes(data)


# TCP, both ways at once
listener = make("server4", socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((SERVER4, 80))
listener.listen()
client = make("client6", socket.AF_INET6, socket.SOCK_STREAM)
client.connect((SERVER46, 80))
server, _ = listener.accept()
server.settimeout(60)
up, down = random.randbytes(4000001), random.randbytes(4000001)
senders = [threading.Thread(target=sock.sendall, args=(data,))
           for sock, data in ((client, up), (server, down))]
got = {}
receivers = [threading.Thread(target=lambda: got.update(up=receive(server, len(up)))),
             threading.Thread(target=lambda: got.update(down=receive(client, len(down))))]
for thread in senders + receivers:
    thread.start()
for thread in senders + receivers:
    thread.join()
ok(f"{text}: TCP to IPv4", got.get("up") == up)
ok(f"{text}: TCP from IPv4", got.get("down") == down)
for sock in client, server, listener:
    sock.close()

# UDP, one by one, in segments, and in fragments
server = make("server4", socket.AF_INET, socket.SOCK_DGRAM)
server.bind((SERVER4, 7))
client = make("client6", socket.AF_INET6, socket.SOCK_DGRAM)
client.connect((SERVER46, 7))
client.send(b"first")
_, peer = server.recvfrom(100)
server.connect(peer)
server.send(b"first")
client.recv(100)
for direction, sender, receiver in ("to", client, server), ("from", server, client):
    # 1452 and no more: beyond, the path MTU would first have to be learnt
    sizes = [0, 1, 2, 1000, 1231, 1232, 1452, 3001, 8000]
    data = [random.randbytes(size) for size in sizes]
    right = []
    for one in data:
        sender.send(one)
        right.append(receiver.recv(1 << 16) == one)
    ok(f"{text}: UDP {direction} IPv4", all(right), right)
    data = random.randbytes(10 * 1200 + 7)
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1200)
    sender.send(data)
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
    got = [receiver.recv(1 << 16) for _ in range(11)]
    ok(f"{text}: UDP in segments {direction} IPv4", b"".join(got) == data,
       [len(part) for part in got])
