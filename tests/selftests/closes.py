# SPDX-License-Identifier: GPL-2.0
"""Both FINs of a connection arrive at once, on two processors, with other segments around them: the
session has seen both."""

import collections
import json
import mmap
import os
import random
import struct

from stacks import QUICK
from wire import A6, ETH_P_IP, ETH_P_IPV6, IP, POOL, S4, S46, TCP, IPv6, Wire, config, ok

CONNECTIONS = 500 if QUICK else 4000
HOST, FIRST = 7777, 1000


class Turns:
    """Two processes that begin each turn together."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 16)

    def wait(self, who, turn):
        struct.pack_into("=Q", self.memory, 8 * who, turn)
        while struct.unpack_from("=Q", self.memory, 8 * (1 - who))[0] < turn:
            pass


def six(port, flags):
    return bytes(IPv6(src=A6, dst=S46) / TCP(sport=HOST, dport=port, seq=1, ack=1, flags=flags))


def four(port, flags):
    return bytes(IP(src=S4, dst=POOL) / TCP(sport=port, dport=pool_port, seq=1, ack=1, flags=flags))


def close(who, turns):
    """One side's part."""
    os.sched_setaffinity(0, {who})
    frames = [(six(port, "FA"), six(port, "A")) if who == 0 else (four(port, "FA"),) for port in ports]
    for turn, (fin, *acks) in enumerate(frames, 1):
        turns.wait(who, turn)
        if who == 0:
            client.send(fin, ETH_P_IPV6)
            for _ in range(12):
                client.send(acks[0], ETH_P_IPV6)
        else:
            for _ in range(random.randrange(2000)):
                pass
            server.send(fin, ETH_P_IP)


os.sched_setaffinity(0, {0})
client, server = Wire("client6", "eth0", "in6", [A6]), Wire("server4", "eth0", "out4", [S4])
ports = range(FIRST, FIRST + CONNECTIONS)
client.send(six(FIRST, "S"), ETH_P_IPV6)
pool_port = server.next(60)[TCP].sport
for port in ports:
    client.send(six(port, "S"), ETH_P_IPV6)
    server.send(four(port, "SA"), ETH_P_IP)
turns = Turns()
other = os.fork()
if other == 0:
    close(1, turns)
    os._exit(0)
close(0, turns)
os.waitpid(other, 0)
states = collections.Counter(row["state"] for row in json.loads(config("-j", "show", "xlate")))
ok(f"of {CONNECTIONS} connections that both sides close at once no FIN is lost",
   states == {"v6-fin-v4-fin-rcv": CONNECTIONS}, states)
