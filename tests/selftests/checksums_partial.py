# SPDX-License-Identifier: GPL-2.0
"""Sums that are left open where a tunnel's end, a guest or an attacker may leave one.

What comes out must be what a device made of the packet before, translated. All is done twice: the
router's devices finish sums, and do not.
"""

import itertools
import random
import struct

from scapy.layers.inet6 import PadN
from vnet import *

random.seed(9)
net = Network()
client, server = Device("client6", net.client), Device("server4", net.server)
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL, flags="DF")
udp = net.open(to4 / UDP(sport=4000, dport=7) / b"x")[UDP].sport
tcp = net.open(to4 / TCP(sport=4000, dport=80, flags="S"))[TCP].sport
echo = net.open(to4 / ICMPv6EchoRequest(id=4000))[ICMP].id
up = {"UDP": UDP(sport=4000, dport=7), "TCP": TCP(sport=4000, dport=80, flags="A"),
      "a SYN": TCP(sport=4000, dport=80, flags="S", options=[("MSS", 1300)]),
      "an echo": ICMPv6EchoRequest(id=4000)}
down = {"UDP": UDP(sport=7, dport=udp), "UDP without a sum": UDP(sport=7, dport=udp, chksum=0),
        "TCP": TCP(sport=80, dport=tcp, flags="A"), "an echo": ICMP(type=0, id=echo)}


def through(packet, left):
    """What comes out of a packet with a sum left open."""
    sender, receiver = (client, server) if bytes(packet)[0] >> 4 == 6 else (server, client)
    marker = bytes(packet)[-8:]
    sender.send(packet, left)
    return receiver.receive(lambda got: marker in bytes(got))[2]


def in_payload(ip, transport):
    """A sum left open in what a packet carries; its own is finished, as if that one were."""
    carried = random.randbytes(16) + b"\0\0" + random.randbytes(63)
    whole = bytes(ip / transport / finished(carried, 6, 10))
    raw = bytearray(whole)
    start = len(raw) - len(carried) + 6
    raw[start + 10:start + 12] = b"\0\0"
    return bytes(raw), (start, 10), whole[-len(carried):]


def trial(text, raw, left, data):
    got = through(raw, left)
    ok(f"tx {switch}: {text}", sums_right(got) and bytes(got)[-len(data):] == data,
       got.show2(dump=True))


def by_how_much(packet):
    """How wrong a transport checksum is."""
    layer = TCP if TCP in packet else UDP
    right = packet.__class__(rebuilt(packet))
    return (packet[layer].chksum - right[layer].chksum) % 0xffff


def everything():
    for ip, transports, way in (to4, up, "to IPv4"), (to6, down, "to IPv6"):
        for name, transport in transports.items():
            raw, left, data = in_payload(ip, transport)
            trial(f"{way}: in what {name} carries", raw, left, data)

    # Sums that count what translation changes are finished before it.
    for ip, transports, header, way in (to4, up, 40, "to IPv4"), (to6, down, 20, "to IPv6"):
        for name, (text, start) in itertools.product(
                ("UDP", "TCP"),
                (("the transport header", header), ("the ports", header + 2), ("the IP header", 8))):
            raw = bytes(ip / transports[name] / random.randbytes(64))
            offset = len(raw) - 32 - start
            done = finished(raw, start, offset)
            got = through(raw, (start, offset))
            ok(f"tx {switch}: {way}: from {text} of {name} on",
               bytes(got)[-64:] == done[-64:]
               and by_how_much(got) == by_how_much(ip.__class__(done)), got.show2(dump=True))

    # Those of headers that go away go with them.
    for start, place in (40, 6), (8, 40), (48, 2):
        options = IPv6ExtHdrDestOpt(len=31, options=[PadN(optdata=bytes(252))])
        raw = bytes(to4 / options / up["UDP"] / random.randbytes(32))
        got = through(raw, (start, place))
        ok(f"tx {switch}: from byte {start} on, before the transport, into {start + place}",
           sums_right(got) and bytes(got)[-32:] == raw[-32:], got.show2(dump=True))

    # The sum of an error itself, and of what it quotes.
    quoted = net.from_server(to6 / UDP(sport=7, dport=udp) / random.randbytes(40))[0][0]
    error = bytes(to4 / ICMPv6DestUnreach(code=4) / bytes(quoted))
    pseudo = fold(error[8:40] + struct.pack("!II", len(error) - 40, 58))
    left = error[:42] + struct.pack("!H", pseudo) + error[44:]
    client.send(left, (40, 2))
    got = server.receive(lambda it: ICMP in it)[2]
    ok(f"tx {switch}: of an error", got[ICMP].type == 3 and sums_right(got), got.show2(dump=True))

    # A UDP length that is not that of the packet.
    for surplus in b"SURPLUS!", b"odd":
        datagram = struct.pack("!HHHH", 7, udp, 12, 0) + random.randbytes(4)
        net.server.send(IP(src=S4, dst=POOL, proto=17) / Raw(datagram + surplus))
        got = client.receive(lambda it: surplus in bytes(it))[2]
        raw = bytes(got)
        good = fold(raw[8:40] + struct.pack("!II", 12, 17) + raw[40:52]) == 0xffff
        ok(f"tx {switch}: a made UDP checksum covers the datagram, not {surplus}", good,
           got.show2(dump=True))
    rise = Rise()
    lengths = 0, 7, 17, 65535
    for length in lengths:
        datagram = struct.pack("!HHHH", 7, udp, length, 0) + bytes(8)
        net.server.send(IP(src=S4, dst=POOL, proto=17) / Raw(datagram))
    net.from_server()
    ok(f"tx {switch}: UDP lengths that cannot be are not summed up",
       rise["drop-truncated"] == len(lengths))


for switch in "on", "off":
    for dev in "in6", "out4":
        run("ip", "netns", "exec", "router", "ethtool", "-K", dev, "tx", switch)
    everything()
