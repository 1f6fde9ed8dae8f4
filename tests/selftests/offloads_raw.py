# SPDX-License-Identifier: GPL-2.0
"""Packets as drivers and guests hand them over: in on one side, out on the other."""

import fcntl
import itertools
import os
import struct

from stacks import make_socket
from vnet import *

TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x0001, 0x1000, 0x4000
SERVER4, SERVER46, CLIENT6 = "198.51.100.10", "2001:db8:64::198.51.100.10", "2001:db8:6::2"
payload = os.urandom(5000)
net = Network()
client, server = Device("client6", net.client), Device("server4", net.server)
ports = {}
# every protocol has a session, so that both directions have one to use
for layer, extra in (TCP, {"flags": "S"}), (UDP, {}):
    net.client.send(IPv6(src=A6, dst=S46) / layer(sport=4000, dport=7, **extra))
    ports[layer] = server.receive_port(7)[2].sport


def upward(layer, data, **extra):
    return IPv6(src=A6, dst=S46) / layer(sport=4000, dport=7, **extra) / data


def downward(layer, data, **extra):
    return IP(src=S4, dst=POOL, flags="DF") / layer(sport=7, dport=ports[layer], **extra) / data


def variant(text, layer, gso, gso_size, partial, hdr_len):
    """One packet each way: it must come out in one piece, right, with its data."""
    extra = {"flags": "A"} if layer is TCP else {}
    size = len(payload) if gso else 1001
    wrong = []
    for make, sender, receiver, port in ((upward, client, server, 7),
                                         (downward, server, client, 4000)):
        packet = make(layer, payload[:size], **extra)
        kind = TCPV6 if gso == TCPV4 and make is upward else gso
        want = TCPV4 if gso == TCPV4 and make is upward else TCPV6 if gso == TCPV4 else gso
        head = {"link": 14, "headers": 14 + len(packet) - size, "all": 14 + len(packet)}[hdr_len]
        raw, *left = left_open(packet) if partial else (packet,)
        sender.send(raw, left, kind, gso_size, head)
        got_gso, got_size, got = receiver.receive_port(port)
        right = bytes(got[layer].payload) == payload[:size] and sums_right(got)
        if not right or (got_gso, got_size) != (want if gso else 0, gso_size):
            wrong.append(f"{make.__name__}: {got_gso} {got_size} {got!r:.500}")
    ok(text, not wrong, *wrong)


# req: A-163
for (name, layer, gso, gso_size), partial, hdr_len in itertools.product(
        (("TCP", TCP, 0, 0), ("UDP", UDP, 0, 0), ("TCP segments", TCP, TCPV4, 1400),
         ("UDP segments", UDP, UDP_L4, 1200)),
        (True, False), ("link", "headers", "all")):
    if gso == UDP_L4 and not partial:
        # no guest may hand this over
        continue
    variant(f"{name}, sum {'left open' if partial else 'made'}, the head holds: {hdr_len}",
            layer, gso, gso_size, partial, hdr_len)


class Guest:
    """A guest's device, whose packets the router gets as they are: nothing cuts them before."""

    def __init__(self):
        self.fd = inside("router", lambda: os.open("/dev/net/tun", os.O_RDWR))
        request = struct.pack("16sH22x", b"guest", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)
        fcntl.ioctl(self.fd, TUNSETIFF, request)
        run("ip", "-n", "router", "link", "set", "guest", "up")

    def send(self, raw, left, gso, size, hdr_len):
        os.write(self.fd, VNET.pack(NEEDS_CSUM, gso, hdr_len, size, *left) + bytes(raw))

    def send_datagram(self, packet, size):
        """A UDP datagram that is to be cut into IP fragments (virtio's UFO)."""
        raw, *left = left_open(packet)
        self.send(raw, left, UFO, size, left[0] + 8)


guest = Guest()
receiver = make_socket("server4", SERVER4, socket.SOCK_DGRAM)
receiver.bind((SERVER4, 4500))
guest.send_datagram(IPv6(src=A6, dst=SERVER46) / UDP(sport=4000, dport=4500) / payload, 1400)
ok("a datagram to be cut into fragments, to IPv4", receiver.recv(1 << 16) == payload)
sender = make_socket("client6", S46, socket.SOCK_DGRAM)
sender.bind((CLIENT6, 4600))
sender.connect((S46, 4700))
sender.send(b"opens a session")
port = server.receive_port(4700)[2].sport
guest.send_datagram(IP(src=S4, dst=POOL) / UDP(sport=4700, dport=port) / payload, 1400)
ok("… from IPv4", sender.recv(1 << 16) == payload)

# A fragment that claims to be segments is split into them, or dropped by name.
# fault: border-16
config("map", "from", B6, "to", "192.0.2.7", "stateless")
claim = IP(src=S4, dst="192.0.2.7", flags="MF+DF", id=7) \
    / TCP(sport=7, dport=4800, flags="A") / payload[:4200]
raw, *left = left_open(claim)
server.send(raw, left, TCPV4, 1400)
out = [client.receive(lambda got: got.dst == B6) for _ in range(3)]
ok("an IPv4 fragment that claims to be segments leaves as one each",
   [(gso, got[IPv6ExtHdrFragment].m, bytes(got)[-1400:]) for gso, _, got in out]
   == [(0, 1, payload[at:at + 1400]) for at in (0, 1400, 2800)], *out)
rise = Rise()
segment = bytes(TCP(sport=7, dport=4800)) + payload
for header, gso in ((IPv6(src=B6, dst=S46) / IPv6ExtHdrFragment(m=1, nh=6), TCPV6),
                    (IPv6(src=A6, dst=S46) / IPv6ExtHdrFragment(m=1, nh=6), TCPV6),
                    (IP(src=S4, dst=POOL, flags="MF", proto=1), TCPV4),
                    (IP(src=S4, dst="192.0.2.7", flags="MF", proto=1), TCPV4)):
    guest.send(header / segment, (len(header), 16), gso, 1400, len(header) + 20)
net.from_client()
net.from_server()
ok("those that cannot be split are counted", rise["drop-segmentation"] == 4,
   rise["drop-segmentation"])
