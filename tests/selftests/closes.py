# SPDX-License-Identifier: GPL-2.0
"""Both FINs of a connection arrive at once, on two processors, with other segments around them: the
session has seen both."""

import collections
import json
import mmap
import os
import random
import socket
import struct

from mmsg import Batch
from stacks import QUICK, inside
from wire import A6, S4, S46, Wire, config, mac, ok, scapy

CONNECTIONS = 1 << (12 if QUICK else 14)  # of a round
WANTED = int(os.environ.get("NATPT_PACKETS") or 100000)
ROUNDS = 2 if QUICK else -(-WANTED // CONNECTIONS)
AT_ONCE = 8  # that are closed by one system call
HOST, FIRST = 7777, 1000  # ports of the host, and of the server
OWN = "192.0.2.33"  # the host's own address, at which it has the same port
FIN, SYN, ACK = 0x01, 0x02, 0x10


class Turns:
    """Two processes that begin each turn together."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 16)

    def wait(self, who, turn):
        struct.pack_into("=Q", self.memory, 8 * who, turn)
        while struct.unpack_from("=Q", self.memory, 8 * (1 - who))[0] < turn:
            pass


class End:
    """Where frames of one side are sent."""

    def __init__(self, ns, router_dev):
        self.sock = inside(ns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        self.sock.bind(("eth0", 0))
        self.link = bytes.fromhex((mac("router", router_dev) + mac(ns, "eth0")).replace(":", ""))

    def segments(self, addresses, make):
        """One frame of each connection; `make` has the ports and flags of that with a port."""
        source, target = (socket.inet_pton(socket.AF_INET6 if ":" in it else socket.AF_INET, it)
                          for it in addresses)
        six = len(source) == 16
        link = self.link + (b"\x86\xdd" if six else b"\x08\0")
        head = b"\x60\0\0\0\0\x14\x06\x40" if six else b"\x45\0\0\x28\0\0\x40\0\x40\x06\0\0"
        head = bytearray(head + source + target)
        if not six:
            head[10:12] = scapy.utils.checksum(bytes(head)).to_bytes(2, "big")
        pseudo = source + target + struct.pack("!II", 20, socket.IPPROTO_TCP)
        # the sum of what all have in common: nothing of it is folded yet
        common = 0xffff - scapy.utils.checksum(pseudo + struct.pack("!HHIIBBHHH", 0, 0, 1, 1, 80, 0, 999, 0, 0))
        frames = []
        for port in range(FIRST, FIRST + CONNECTIONS):
            sport, dport, flags = make(port)
            total = common + sport + dport + flags
            total = (total & 0xffff) + (total >> 16)
            checksum = 0xffff - ((total & 0xffff) + (total >> 16))
            tcp = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 80, flags, 999, checksum, 0)
            frames.append(link + head + tcp)
        return frames


def close(who, turns, batches):
    """One side's part."""
    os.sched_setaffinity(0, {who})
    for turn, first in enumerate(range(0, CONNECTIONS, AT_ONCE), 1):
        turns.wait(who, turn)
        for _ in range(random.randrange(100)):
            pass
        for batch in batches:
            batch.send(first, AT_ONCE)


def states():
    return collections.Counter(json.loads(config("-j", "show", "sessions"))["tcp"])


os.sched_setaffinity(0, {0})
client, server = End("client6", "in6"), End("server4", "out4")
# hosts that the router finds
Wire("client6", "eth0", "in6", [A6]), Wire("server4", "eth0", "out4", [S4])
config("map", "from", A6, "to", OWN, "bidir")
for option in "host-sessions", "host-rate":
    config("set", option, "=", "1000000")
to4 = [Batch(client.sock, client.segments((A6, S46), lambda port: (HOST, port, flags)))
       for flags in (SYN, FIN | ACK, ACK)]
to6 = [Batch(server.sock, server.segments((S4, OWN), lambda port: (port, HOST, flags)))
       for flags in (SYN | ACK, FIN | ACK)]
seen = collections.Counter()
for turn in range(ROUNDS):
    to4[0].send()
    to6[0].send()
    before = states()
    if before != {"established": CONNECTIONS}:
        ok("connections are established", False, before)
        break
    turns = Turns()
    other = os.fork()
    if other == 0:
        close(1, turns, to6[1:])
        os._exit(0)
    close(0, turns, to4[1:])
    os.waitpid(other, 0)
    seen += states()
    config("session", "flush")
ok(f"of {ROUNDS * CONNECTIONS} connections that both sides close at once no FIN is lost",
   seen == {"v6-fin-v4-fin-rcv": ROUNDS * CONNECTIONS}, seen)
