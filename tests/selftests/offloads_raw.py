# SPDX-License-Identifier: GPL-2.0
"""Packets with a virtio header, which says what is left to do: in on one side, out on the other.

A packet socket leaves a packet no more room than for the link's header, and keeps apart in pages
what comes after the first `hdr_len` octets.
"""

import fcntl
import itertools
import os
import socket
import struct

from stacks import make_socket
from wire import *

VNET = struct.Struct("<BBHHHH")
NEEDS_CSUM = 1
TCPV4, UFO, TCPV6, UDP_L4 = 1, 3, 4, 5
TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x0001, 0x1000, 0x4000
SOL_PACKET, PACKET_VNET_HDR = 263, 15
SERVER4, SERVER46, CLIENT6 = "198.51.100.10", "2001:db8:64::198.51.100.10", "2001:db8:6::2"
payload = os.urandom(5000)
net = Network()


def fold(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def left_open(packet):
    """The octets of a packet whose sum a device is to finish, and where it is: start and offset."""
    v6 = isinstance(packet, IPv6)
    start, offset = 40 if v6 else 20, 16 if TCP in packet else 6
    octets = bytearray(bytes(packet))
    addresses = octets[8:40] if v6 else octets[12:20]
    pseudo = bytes(addresses) + struct.pack("!II", len(octets) - start, 6 if TCP in packet else 17)
    octets[start + offset:start + offset + 2] = struct.pack("!H", fold(pseudo))
    return octets, start, offset


class Device:
    """An end of a link: what it sends looks as if it came from a driver."""

    def __init__(self, ns, wire):
        self.wire = wire
        self.sock = inside(ns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        self.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.sock.bind((wire.dev, ETH_P_ALL))
        self.sock.settimeout(60)
        self.mac = bytes.fromhex(mac(ns, wire.dev).replace(":", ""))

    def send(self, packet, gso=0, gso_size=0, partial=False, hdr_len=14):
        octets, start, offset = bytes(packet), 0, 0
        if partial:
            octets, start, offset = left_open(packet)
            start += 14
        header = VNET.pack(int(partial), gso, hdr_len, gso_size, start, offset)
        proto = ETH_P_IPV6 if isinstance(packet, IPv6) else ETH_P_IP
        link = self.wire.router + self.mac + struct.pack("!H", proto)
        self.sock.send(header + link + octets)

    def receive(self, dport):
        """The next packet to a port, its sum finished as a device would: (gso, gso_size, packet)."""
        while True:
            data, (_, proto, kind, _, _) = self.sock.recvfrom(1 << 17)
            flags, gso, _, gso_size, start, offset = VNET.unpack_from(data)
            octets = bytearray(data[VNET.size + 14:])
            if kind == PACKET_OUTGOING or proto not in (ETH_P_IP, ETH_P_IPV6):
                continue
            if flags & NEEDS_CSUM:
                place = start - 14 + offset
                check = ~fold(bytes(octets[start - 14:])) & 0xffff
                octets[place:place + 2] = struct.pack("!H", check)
            packet = (IPv6 if proto == ETH_P_IPV6 else IP)(bytes(octets))
            for layer in TCP, UDP:
                if layer in packet and packet[layer].dport == dport:
                    return gso, gso_size, packet


client, server = Device("client6", net.client), Device("server4", net.server)
ports = {}
# every protocol has a session, so that both directions have one to use
for layer, extra in (TCP, {"flags": "S"}), (UDP, {}):
    net.client.send(IPv6(src=A6, dst=S46) / layer(sport=4000, dport=7, **extra))
    ports[layer] = server.receive(7)[2].sport


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
        sender.send(packet, kind, gso_size, partial, head)
        got_gso, got_size, got = receiver.receive(port)
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

    def send_datagram(self, packet, size):
        """A UDP datagram that is to be cut into IP fragments (virtio's UFO)."""
        octets, start, _ = left_open(packet)
        os.write(self.fd, VNET.pack(NEEDS_CSUM, UFO, start + 8, size, start, 6) + octets)


guest = Guest()
receiver = make_socket("server4", SERVER4, socket.SOCK_DGRAM)
receiver.bind((SERVER4, 4500))
guest.send_datagram(IPv6(src=A6, dst=SERVER46) / UDP(sport=4000, dport=4500) / payload, 1400)
ok("a datagram to be cut into fragments, to IPv4", receiver.recv(1 << 16) == payload)
sender = make_socket("client6", S46, socket.SOCK_DGRAM)
sender.bind((CLIENT6, 4600))
sender.connect((S46, 4700))
sender.send(b"opens a session")
port = server.receive(4700)[2].sport
guest.send_datagram(IP(src=S4, dst=POOL) / UDP(sport=4700, dport=port) / payload, 1400)
ok("… from IPv4", sender.recv(1 << 16) == payload)
