# SPDX-License-Identifier: GPL-2.0
"""Packets with a virtio header, which says what is left to do: in on one side, out on the other.

A packet socket leaves a packet no more room than for the link's header, and keeps apart in pages
what comes after the first `hdr_len` bytes.
"""

import socket
import struct

from wire import *

VNET = struct.Struct("<BBHHHH")
NEEDS_CSUM = 1
TCPV4, UFO, TCPV6, UDP_L4 = 1, 3, 4, 5
SOL_PACKET, PACKET_VNET_HDR = 263, 15


def fold(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def finished(raw, start, offset):
    """The bytes with the sum that a device makes of them from `start` on."""
    raw = bytearray(raw)
    raw[start + offset:start + offset + 2] = struct.pack("!H", ~fold(bytes(raw[start:])) & 0xffff)
    return bytes(raw)


def left_open(packet):
    """The bytes of a packet whose sum a device is to finish, and where it is: start and offset."""
    v6 = isinstance(packet, IPv6)
    start, offset = 40 if v6 else 20, 16 if TCP in packet else 6
    raw = bytearray(bytes(packet))
    addresses = raw[8:40] if v6 else raw[12:20]
    pseudo = bytes(addresses) + struct.pack("!II", len(raw) - start, 6 if TCP in packet else 17)
    raw[start + offset:start + offset + 2] = struct.pack("!H", fold(pseudo))
    return bytes(raw), start, offset


class Device:
    """An end of a link: what it sends looks as if it came from a driver."""

    def __init__(self, ns, wire):
        self.wire = wire
        self.sock = inside(ns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        self.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        self.sock.bind((wire.dev, ETH_P_ALL))
        self.sock.settimeout(60)
        self.mac = bytes.fromhex(mac(ns, wire.dev).replace(":", ""))

    def send(self, packet, left=None, gso=0, gso_size=0, hdr_len=14):
        """Sends a packet; `left` is where a sum is left open: start and offset."""
        raw = bytes(packet)
        start, offset = left or (-14, 0)
        header = VNET.pack(NEEDS_CSUM if left else 0, gso, hdr_len, gso_size, start + 14, offset)
        proto = ETH_P_IPV6 if raw[0] >> 4 == 6 else ETH_P_IP
        self.sock.send(header + self.wire.router + self.mac + struct.pack("!H", proto) + raw)

    def receive(self, wanted):
        """The next packet that is wanted, its sum finished as a device would: (gso, gso_size,
        packet)."""
        while True:
            data, (_, proto, kind, _, _) = self.sock.recvfrom(1 << 17)
            flags, gso, _, gso_size, start, offset = VNET.unpack_from(data)
            raw = data[VNET.size + 14:]
            if kind == PACKET_OUTGOING or proto not in (ETH_P_IP, ETH_P_IPV6):
                continue
            if flags & NEEDS_CSUM:
                raw = finished(raw, start - 14, offset)
            packet = (IPv6 if proto == ETH_P_IPV6 else IP)(raw)
            if wanted(packet):
                return gso, gso_size, packet

    def receive_port(self, dport):
        """The next packet to a port."""
        return self.receive(lambda packet: any(layer in packet and packet[layer].dport == dport
                                               for layer in (TCP, UDP)))
