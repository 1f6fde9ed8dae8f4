# SPDX-License-Identifier: GPL-2.0
"""A forwarder with bad habits on 127.0.0.1 port 5300, and a client of totd on [::1] port 53."""

import collections
import random
import socket
import struct
import time

from stacks import QUICK

A, AAAA, TXT = 1, 28, 16
RCVBUFFORCE = 33


def question(name, kind, query_id):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack(">HHHHHH", query_id, 0x100, 1, 0, 0, 0)
    return head + labels + b"\0" + struct.pack(">HH", kind, 1)


def question_end(query):
    """What follows is OPT."""
    at = 12
    while at < len(query) and query[at]:
        at += query[at] + 1
    return at + 5


def kind_of(query):
    end = question_end(query)
    return int.from_bytes(query[end - 4 : end - 2], "big")


def answer(query, rcode=0, address="198.51.100.10", flags=0x8180):
    """To A with one address, to anything else with nothing."""
    records = b""
    if kind_of(query) == A and rcode == 0:
        records = b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + socket.inet_aton(address)
    head = query[:2] + struct.pack(">HHHHH", flags | rcode, 1, 1 if records else 0, 0, 0)
    return head + query[12 : question_end(query)] + records


def ok(passed, text):
    print(("ok " if passed else "not ok ") + text)


forwarder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
forwarder.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 64 << 20)
forwarder.bind(("127.0.0.1", 5300))
client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
client.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 64 << 20)
client.connect(("::1", 53))
forwarder.settimeout(20)
client.settimeout(20)


def serve(reply, count=1):
    for _ in range(count):
        query, peer = forwarder.recvfrom(4096)
        for message in reply(query):
            forwarder.sendto(message, peer)


def ask(name, kind=AAAA, query_id=None):
    query = question(name, kind, random.randrange(65536) if query_id is None else query_id)
    client.send(query)
    return query


def made(reply):
    return reply[3] & 15 == 0 and reply.endswith(socket.inet_pton(socket.AF_INET6, "2001:db8:64::c633:640a"))



def steps(numbers):
    """How often the most frequent step from one number to the next was taken: 3 times at random."""
    taken = [(after - before) % 65536 for before, after in zip(numbers, numbers[1:])]
    return collections.Counter(taken).most_common(1)[0][1]


# ids and ports that nobody can predict
ports, ids = [], []
for n in range(500):
    ask(f"n{n}.example")
    for _ in range(2):
        query, peer = forwarder.recvfrom(4096)
        ports.append(peer[1])
        ids.append(int.from_bytes(query[:2], "big"))
        forwarder.sendto(answer(query), peer)
    client.recv(4096)
for text, numbers, least in (("a port of its own for each of 1000 questions", ports, 900),
                             ("… and an id", ids, 950)):
    different = len(set(numbers))
    ok(different > least, f"{text}: {different}")
    ok(steps(numbers) < 10, f"… that does not follow from the last: one step {steps(numbers)} times")

# lies before the truth
def lies(query):
    yield bytes([query[0] ^ 1]) + answer(query, address="192.0.2.66")[1:]
    end = question_end(query)
    yield answer(query[: end - 6] + b"x\0" + query[end - 4 : end], address="192.0.2.66")
    yield query
    yield b""
    yield query[:2] + random.randbytes(30)
    yield answer(query)


ask("lies.example")
serve(lies, 2)
ok(made(client.recv(4096)), "the lies of others are not believed")

# another address than the one that was asked
ask("spoof.example")
query, peer = forwarder.recvfrom(4096)
spoofer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
spoofer.bind(("127.0.0.2", 5300))
spoofer.sendto(answer(query, rcode=3), peer)
forwarder.sendto(answer(query), peer)
serve(lambda query: [answer(query)])
ok(made(client.recv(4096)), "an answer from elsewhere is not heard")

# a flood of lies: another port, and the truth from there
ask("flood.example", TXT)
query, peer = forwarder.recvfrom(4096)
for _ in range(100):
    forwarder.sendto(answer(query, flags=0x0180), peer)
serve(lambda query: [answer(query)])
reply = client.recv(4096)
ok(reply[3] & 15 == 0, "a flood of lies")

# no answer to AAAA
start = time.monotonic()
query = ask("silent.example")
while True:
    asked, peer = forwarder.recvfrom(4096)
    if kind_of(asked) == A:
        break
forwarder.sendto(answer(asked), peer)
reply = client.recv(4096)
ok(made(reply), "no answer to AAAA: A is asked")
limit = 30 if QUICK else 5
ok(time.monotonic() - start < limit, f"… in {time.monotonic() - start:.1f} seconds")

# slow
query = ask("slow.example", TXT)
asked, peer = forwarder.recvfrom(4096)
time.sleep(2.5)
forwarder.sendto(answer(asked), peer)
ok(client.recv(4096)[:2] == query[:2], "an answer after 2.5 seconds")
forwarder.settimeout(0.2)
try:
    while True:
        forwarder.recvfrom(4096)
except TimeoutError:
    forwarder.settimeout(20)

# noise
noise = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for n in range(2000):
    message = bytearray(question(f"z{n}.example", AAAA, n))
    for _ in range(random.randrange(1, 8)):
        message[random.randrange(len(message))] = random.randrange(256)
    noise.sendto(message[: random.randrange(len(message) + 1)], ("::1", 53))
forwarder.setblocking(False)
until = time.monotonic() + 8
while time.monotonic() < until:
    try:
        query, peer = forwarder.recvfrom(4096)
        message = bytearray(answer(query) if len(query) > 16 else query)
        for _ in range(random.randrange(0, 6)):
            message[random.randrange(2, len(message))] = random.randrange(256)
        forwarder.sendto(message, peer)
    except BlockingIOError:
        time.sleep(0.01)
forwarder.setblocking(True)
forwarder.settimeout(20)
query = ask("after.example")
while True:
    asked, peer = forwarder.recvfrom(4096)
    forwarder.sendto(answer(asked), peer)
    if b"\5after" in asked and kind_of(asked) == A:
        break
ok(made(client.recv(4096)), "noise from both sides")
