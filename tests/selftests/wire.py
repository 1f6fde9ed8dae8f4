# SPDX-License-Identifier: GPL-2.0
"""Raw packets on the wires of the selftests' network, and what comes out at the other end.

The hosts here are addresses that no kernel answers for: whatever arrives for them was made by the
router. Nothing waits for time to pass: a sentinel follows the packets of a test, and what has not
come before it does not come.
"""

import itertools
import json
import os
import select
import socket

import scapy.utils
# The tests take them from here; scapy.all takes a guest on TCG six seconds and more.
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPerror  # noqa: F401
from scapy.layers.inet6 import (  # noqa: F401
    ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6ParamProblem,
    ICMPv6TimeExceeded, IPerror6, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting)
from scapy.packet import Raw  # noqa: F401

from stacks import inside, ok, run  # noqa: F401

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD
PACKET_OUTGOING = 4

A6, B6 = "2001:db8:6::a", "2001:db8:6::b"
S4, S5 = "198.51.100.20", "198.51.100.21"
S46, S56 = "2001:db8:64::198.51.100.20", "2001:db8:64::198.51.100.21"
R6, R4 = "2001:db8:6::1", "198.51.100.1"
POOL = "192.0.2.1"


def config(*words):
    return run("natptconfig", "-n", "router", *words)


def counters():
    return {row["name"]: row["value"] for row in json.loads(config("-j", "show", "stats"))}


class Rise:
    """By how much counters rise: rise = Rise(); ...; rise["drop-truncated"]"""

    def __init__(self):
        self.before = counters()

    def __getitem__(self, name):
        return counters()[name] - self.before[name]


def mac(ns, dev):
    return json.loads(run("ip", "-n", ns, "-j", "link", "show", dev))[0]["address"]


class Wire:
    """The end of a link to the router, and the made-up hosts there."""

    def __init__(self, ns, dev, router_dev, hosts):
        self.dev, self.hosts = dev, set()
        self.router = bytes.fromhex(mac("router", router_dev).replace(":", ""))
        self.sock = inside(ns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        self.sock.bind((dev, ETH_P_ALL))
        self.ns, self.router_dev = ns, router_dev
        for host in hosts:
            self.add(host)

    def add(self, host):
        """Makes up one more host."""
        self.hosts.add(host)
        run("ip", "-n", "router", "neigh", "replace", host, "lladdr", mac(self.ns, self.dev),
            "nud", "permanent", "dev", self.router_dev)

    def send(self, packet, proto=None):
        """Sends a packet, or bytes of a protocol."""
        if proto is None:
            proto = ETH_P_IPV6 if isinstance(packet, IPv6) else ETH_P_IP
        self.sock.sendto(bytes(packet), (self.dev, proto, 0, 0, self.router))

    def next(self, wait):
        """The next packet for one of the hosts; nothing if none comes within `wait` seconds."""
        while select.select([self.sock], [], [], wait)[0]:
            data, (_, proto, kind, _, _) = self.sock.recvfrom(1 << 16)
            if kind == PACKET_OUTGOING or proto not in (ETH_P_IP, ETH_P_IPV6):
                continue
            packet = IPv6(data) if proto == ETH_P_IPV6 else IP(data)
            if packet.dst in self.hosts:
                return packet
        return None


class Network:
    """Both sides of the router, and the sentinels."""

    def __init__(self):
        # packets of one CPU stay in order
        os.sched_setaffinity(0, {0})
        self.client = Wire("client6", "eth0", "in6", [A6, B6])
        self.server = Wire("server4", "eth0", "out4", [S4, S5])
        self.numbers = itertools.count()
        self.port, self.sentinel6 = None, A6
        self.from_client()
        self.from_server()

    def sentinel(self, sender):
        text = b"sentinel %d" % next(self.numbers)
        if sender is self.client:
            sender.send(IPv6(src=self.sentinel6, dst=S46) / UDP(sport=9, dport=9) / text)
        else:
            sender.send(IP(src=S4, dst=POOL) / UDP(sport=9, dport=self.port) / text)
        return text

    def exchange(self, sender, receiver, packets):
        """Sends packets; returns those that came out on the other side, and those that came back."""
        for packet in packets:
            sender.send(*packet) if isinstance(packet, tuple) else sender.send(packet)
        text = self.sentinel(sender)
        forwarded = []
        while True:
            packet = receiver.next(60)
            if packet is None:
                found = {name: value for name, value in counters().items() if value}
                raise SystemExit(f"the sentinel is lost: {found}")
            if Raw in packet and packet[Raw].load == text:
                self.last = packet
                break
            forwarded.append(packet)
        returned = []
        while (packet := sender.next(0)) is not None:
            returned.append(packet)
        return forwarded, returned

    def from_client(self, *packets):
        result = self.exchange(self.client, self.server, packets)
        if self.port is None:
            self.port = self.last[UDP].sport
        return result

    def from_server(self, *packets):
        return self.exchange(self.server, self.client, packets)

    def open(self, packet):
        """Sends a packet that opens a session; returns what the server sees."""
        forwarded, _ = self.from_client(packet)
        if len(forwarded) != 1:
            raise SystemExit(f"a packet that opens a session: {forwarded}")
        return forwarded[0]


def patched(packet, *changes):
    """A packet as bytes and their protocol, with other bytes at some offsets, and the right sum in an
    IPv4 header: many of these take a fraction of the time that Scapy does."""
    raw = bytearray(packet)
    for at, data in changes:
        raw[at:at + len(data)] = data
    if raw[0] >> 4 == 6:
        return bytes(raw), ETH_P_IPV6
    raw[10:12] = bytes(2)
    raw[10:12] = scapy.utils.checksum(bytes(raw[:20])).to_bytes(2, "big")
    return bytes(raw), ETH_P_IP


def rebuilt(packet):
    """The packet with its checksums made from scratch; what an error quotes stays."""
    copy = packet.copy()
    layer = copy
    while layer and not isinstance(layer, (IPerror, IPerror6)):
        if "chksum" in layer.fields:
            del layer.chksum
        if "cksum" in layer.fields:
            del layer.cksum
        layer = layer.payload
    return bytes(copy)


def sums_right(packet):
    return rebuilt(packet) == bytes(packet)


def show(packets):
    return "\n".join(repr(packet) for packet in packets)
