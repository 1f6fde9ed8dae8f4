# SPDX-License-Identifier: GPL-2.0
"""Sends what pktgen cannot, many packets with one system call: the clock counts little else."""

import socket
import struct
import time

from mmsg import MOST, Batch
from stacks import inside

SYN, ACK = 0x02, 0x10
ETHERNET = 14
SOL_PACKET, PACKET_VNET_HDR = 263, 15
NEEDS_CSUM, TCPV4, TCPV6 = 1, 1, 4


def sender(sock, contents):
    """A function that sends so many messages, these in turn, and tells how many nanoseconds they took."""
    batch = Batch(sock, max(MOST // len(contents), 1) * contents)

    def send(count):
        took = 0
        while count > 0:
            some = min(count, len(batch.messages))
            begin = time.perf_counter_ns()
            batch.send(0, some)
            took += time.perf_counter_ns() - begin
            count -= some
        return took
    return send


def datagrams(namespace, target, port):
    """A sender of a program's datagrams."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    sock = inside(namespace, lambda: socket.socket(family, socket.SOCK_DGRAM))
    sock.connect((target, port))
    return sender(sock, [bytes(28)])


def frames(namespace, device, router, packets, segment=0):
    """A sender of packets to the MAC address of the router; with the size of a segment, of TCP trains."""
    sock = inside(namespace, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.bind((device, 0))
    link = bytes.fromhex(router.replace(":", "")) + sock.getsockname()[4]
    contents = []
    for raw in packets:
        six = raw[0] >> 4 == 6
        start = ETHERNET + (40 if six else 20)
        # what a driver leaves in one piece: the headers
        vnet = struct.pack("<BBHHHH", 0, 0, min(ETHERNET + len(raw), start + 20), 0, 0, 0)
        if segment:
            vnet = struct.pack("<BBHHHH", NEEDS_CSUM, TCPV6 if six else TCPV4, start + 20, segment, start, 16)
        contents.append(vnet + link + struct.pack("!H", 0x86DD if six else 0x0800) + raw)
    return sender(sock, contents)


def fold(data):
    """The sum of the bytes in one's complement."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def packet(source, target, layer, tos=0, unfinished=False):
    """An IP packet; unfinished, its checksum is left to the device. `layer` is what follows the header:
    its protocol, its bytes, and where among them the checksum is."""
    protocol, raw, at = layer
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, target)
    pseudo = addresses + struct.pack("!II", len(raw), protocol)
    if protocol == socket.IPPROTO_ICMP:
        pseudo = b""
    total = fold(pseudo) if unfinished else ~fold(pseudo + raw) & 0xffff
    raw = raw[:at] + struct.pack("!H", total) + raw[at + 2:]
    if family == socket.AF_INET6:
        return struct.pack("!IHBB", 6 << 28 | tos << 20, len(raw), protocol, 64) + addresses + raw
    header = struct.pack("!BBHHHBB", 0x45, tos, 20 + len(raw), 0, 0x4000, 64, protocol)
    return header + struct.pack("!H", ~fold(header + addresses) & 0xffff) + addresses + raw


def udp(source, target):
    return socket.IPPROTO_UDP, struct.pack("!HHHH", source, target, 8 + 28, 0) + bytes(28), 6


def tcp(source, target, flags, data=0):
    header = struct.pack("!HHIIBBHHH", source, target, 1, 1, 5 << 4, flags, 65535, 0, 0)
    return socket.IPPROTO_TCP, header + bytes(data), 16


def echo(kind, ident):
    protocol = socket.IPPROTO_ICMPV6 if kind >= 128 else socket.IPPROTO_ICMP
    return protocol, struct.pack("!BBHHH", kind, 0, 0, ident, 1) + bytes(28), 2
