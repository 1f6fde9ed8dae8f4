# SPDX-License-Identifier: GPL-2.0
"""Random packets from both sides at once, inside open sessions and beside them.

The kernel's log tells what breaks inside; what is looked at here is that good packets still pass
and that whatever comes out is as long as it says it is.
"""

import os
import random
import sys
import traceback

from randompackets import Maker, checksum
from wire import *

SEED = int(os.environ.get("NATPT_SEED", 7915))
PACKETS = int(os.environ.get("NATPT_PACKETS", 10000))
BATCH = 100
SO_RCVBUFFORCE, SOL_PACKET, PACKET_VNET_HDR = 33, 263, 15

net = Network()
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL)


def opened(source, kind, field):
    """Opens a session; returns the port of the pool."""
    return getattr(net.open(IPv6(src=source, dst=S46) / kind)[IP].payload, field)


udp = [opened(A6, UDP(sport=port, dport=7), "sport") for port in (4000, 4001)]
tcp = opened(A6, TCP(sport=4000, dport=80, flags="S"), "sport")
echo = opened(A6, ICMPv6EchoRequest(id=4000), "id")
opened(B6, UDP(sport=4000, dport=7), "sport")

# req: A-140
# The first one of these, 48 bytes, once made another translator overwrite its kernel's memory.
quoted6 = bytes(IPv6(src=S46, dst=A6) / UDP(sport=7, dport=4000))
quoted4 = bytes(IP(src=POOL, dst=S4) / UDP(sport=udp[0], dport=7))
rise = Rise()
short = [to4 / ICMPv6DestUnreach(type=kind, code=code) / Raw(quoted6[:n])
         for kind in (1, 2, 3, 4) for code in (0, 1, 4) for n in range(48)]
out, back = net.from_client(*short)
ok("ICMPv6 errors of 48 bytes and up to 47 more: none is translated or answered",
   len(short[0]) == 48 and not out and not back, show(out[:5] + back[:5]))
short = [to6 / ICMP(type=kind, code=code) / Raw(quoted4[:n])
         for kind in (3, 4, 5, 11, 12) for code in (0, 1, 4) for n in range(28)]
out, back = net.from_server(*short)
ok("ICMP errors of 28 bytes and up to 27 more: none is translated or answered",
   len(short[0]) == 28 and not out and not back, show(out[:5] + back[:5]))
ok("… most are counted as drop-inner-truncated", rise["drop-inner-truncated"] > 500)


class Lane:
    """One direction: its random packets, and what comes out."""

    def __init__(self, version):
        self.version = version
        if version == 6:
            self.proto, self.head = ETH_P_IPV6, to4 / UDP(sport=9, dport=9)
            wires = (net.client, "client6"), (net.server, "server4")
            self.maker = Maker(None, 6, (A6, A6, A6, B6), (S46, S46, S56), {
                17: [(4000, 7), (4001, 7)], 6: [(4000, 80)], 1: [(4000, 4000)]})
            self.mtu = 9000
        else:
            self.proto, self.head = ETH_P_IP, to6 / UDP(sport=9, dport=net.port)
            wires = (net.server, "server4"), (net.client, "client6")
            self.maker = Maker(None, 4, (S4, S4, S4, S5), (POOL,), {
                17: [(7, port) for port in udp], 6: [(80, tcp)], 1: [(echo, echo)]})
            self.mtu = 1500
        (self.wire, ns), (far, far_ns) = wires
        self.sock, self.gso_sock = (self.packet_socket(ns, self.wire.dev, kind, 0)
                                    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW))
        self.gso_sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        other = ETH_P_IP if version == 6 else ETH_P_IPV6
        self.far = self.packet_socket(far_ns, far.dev, socket.SOCK_DGRAM, other)
        self.far.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
        self.far.settimeout(300)
        self.ethernet = self.wire.router + bytes.fromhex(mac(ns, self.wire.dev).replace(":", "")) \
            + self.proto.to_bytes(2, "big")
        self.sent = self.forwarded = self.errors = self.bad = 0

    @staticmethod
    def packet_socket(ns, dev, kind, proto):
        sock = inside(ns, lambda: socket.socket(socket.AF_PACKET, kind, 0))
        sock.bind((dev, proto))
        return sock

    def send(self, packet):
        self.sock.sendto(packet, (self.wire.dev, self.proto, 0, 0, self.wire.router))

    def look(self, packet):
        """What came out: whether it is as long as it says, with a good header."""
        self.forwarded += 1
        if self.version == 6:
            size = (packet[0] & 15) * 4
            good = packet[0] >> 4 == 4 and size >= 20 and checksum(packet[:size]) == 0xffff \
                and int.from_bytes(packet[2:4], "big") == len(packet)
            self.errors += packet[9] == 1 and packet[20:21] in (b"\3", b"\x0b", b"\x0c")
        else:
            good = packet[0] >> 4 == 6 and int.from_bytes(packet[4:6], "big") + 40 == len(packet)
            self.errors += packet[6] == 58 and packet[40:41] < b"\x80"
        if not good:
            self.bad += 1
            print(f"a malformed packet came out: {packet[:80].hex()} ({len(packet)} bytes)")

    def batch(self, number):
        """Sends a batch, and reads until its sentinel is there."""
        self.maker.random = random.Random(f"{SEED}/{self.version}/{number}")
        end = self.sent + BATCH
        while self.sent < end:
            if self.maker.chance(2):
                self.gso_sock.send(self.maker.gso(self.ethernet))
                self.sent += 1
                continue
            for packet in self.maker.train():
                self.send(packet[:self.mtu])
                self.sent += 1
        text = b"sentinel %d of %d" % (number, self.version)
        self.send(bytes(self.head / text))
        while True:
            try:
                packet = self.far.recv(1 << 17)
            except TimeoutError:
                raise SystemExit(f"batch {number} of IPv{self.version}: the sentinel is lost")
            if packet.endswith(text):
                return
            self.look(packet)

    def run(self, packets):
        number = 0
        while self.sent < packets:
            if number % 50 == 0:
                with open("/dev/kmsg", "w") as log:
                    print(f"natpt-fuzz: seed {SEED}, IPv{self.version}, {self.sent} packets", file=log)
            self.batch(number)
            number += 1
        return self.sent, self.forwarded, self.errors, self.bad


def in_child(version, cpu):
    """Runs a lane in a process of its own; returns where its results come from."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        status = 1
        try:
            os.sched_setaffinity(0, {cpu})
            os.write(writer, json.dumps(Lane(version).run(PACKETS // 2)).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writer)
    return open(reader)


print(f"seed {SEED}")
sys.stdout.flush()
rise = Rise()
# each lane keeps its order on a processor of its own, and they meet in the module
lanes = in_child(6, 0), in_child(4, min(1, os.cpu_count() - 1))
results = [json.loads(lane.read() or "[0, 0, 0, 0]") for lane in lanes]
for _ in lanes:
    os.wait()
after = counters()
drops = {name: after[name] - rise.before[name] for name in after
         if name.startswith("drop-") and after[name] > rise.before[name]}
print("drops:", drops)
for text, (sent, forwarded, errors, bad) in zip(("IPv6 to IPv4", "IPv4 to IPv6"), results):
    ok(f"{text}: {sent} random packets, after each hundred a good one passes",
       sent >= PACKETS // 2)
    ok(f"{text}: what comes out is well-formed", forwarded and not bad, bad)
    print(f"{forwarded} came out, {errors} of them ICMP errors")
    ok(f"{text}: a tenth of them are translated, and errors among them",
       forwarded > sent / 10 and errors > sent / 200, forwarded, errors)
ok("they are dropped for many reasons", len(drops) >= 15, len(drops))

# with new sockets: those of before have taken in all that came
out, _ = Network().from_server(*(to6 / UDP(sport=7, dport=port) / b"answer" for port in udp))
ok("the sessions of before are still there",
   [(p.dst, p[UDP].dport) for p in out] == [(A6, 4000), (A6, 4001)], show(out))
