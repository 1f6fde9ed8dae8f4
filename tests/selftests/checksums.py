# SPDX-License-Identifier: GPL-2.0
"""Checksums of translated packets: right ones stay right, wrong ones stay wrong."""

import random

from wire import *

random.seed(6146)
net = Network()
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL)
udp = net.open(to4 / UDP(sport=4000, dport=7) / b"x")[UDP].sport
tcp = net.open(to4 / TCP(sport=4000, dport=80, flags="S"))[TCP].sport
echo = net.open(to4 / ICMPv6EchoRequest(id=4000))[ICMP].id
lengths = [0, 1, 2, 3, 31, 32, 33, 999, 1000, 1220]


def packets(ip, *transports):
    """Each transport header with data of many lengths, made whole so that it can be changed."""
    made = (ip / transport / random.randbytes(n) for transport in transports for n in lengths)
    return [packet.__class__(bytes(packet)) for packet in made]


both = {
    "IPv6 to IPv4": (net.from_client, packets(
        to4, UDP(sport=4000, dport=7), TCP(sport=4000, dport=80, flags="A", seq=1, ack=1),
        ICMPv6EchoRequest(id=4000, seq=7))),
    "IPv4 to IPv6": (net.from_server, packets(
        to6, UDP(sport=7, dport=udp), TCP(sport=80, dport=tcp, flags="SA", seq=1, ack=1),
        ICMP(type=0, id=echo, seq=7))),
}

# req: A-017 A-096 A-115 A-153 B-025 C-011
for text, (send, given) in both.items():
    out, _ = send(*given)
    ok(f"{text}: UDP, TCP and echo of all lengths come through", len(out) == len(given), len(out))
    wrong = [packet for packet in out if not sums_right(packet)]
    ok(f"{text}: checksums are right", not wrong, show(wrong[:3]))
    ok(f"{text}: data is the same",
       all(bytes(p)[-n:] == bytes(g)[-n:] for p, g, n in zip(out, given, lengths * 3) if n))

# req: A-154
for text, (send, given) in both.items():
    broken = []
    for packet in given:
        raw = bytearray(bytes(packet))
        raw[-1] ^= 0x55
        broken.append((bytes(raw), ETH_P_IPV6 if packet.version == 6 else ETH_P_IP))
    out, _ = send(*broken)
    right = [packet for packet in out if sums_right(packet)]
    ok(f"{text}: a wrong checksum stays wrong", not right, show(right[:3]))

# req: A-159 A-160
rise = Rise()
bare = [to6 / UDP(sport=7, dport=udp, chksum=0) / random.randbytes(n) for n in lengths]
out, _ = net.from_server(*bare)
ok("IPv4 UDP without checksum gets one",
   len(out) == len(bare) and all(sums_right(p) and p[UDP].chksum for p in out), show(out))
ok("… and is counted", rise["udp-checksums-made"] == len(bare))

# req: A-161
rise = Rise()
out, _ = net.from_client(to4 / UDP(sport=4000, dport=7, chksum=0) / b"x")
ok("IPv6 UDP without checksum is dropped", not out, show(out))
ok("… and is counted", rise["drop-udp-checksum-zero"] == 1)

# req: A-156 A-162
for text, send, header in (("IPv6 to IPv4", net.from_client, to4 / UDP(sport=4000, dport=7)),
                           ("IPv4 to IPv6", net.from_server, to6 / UDP(sport=7, dport=udp))):
    out, _ = send(header / b"\0\0")
    out, _ = send(header / out[0][UDP].chksum.to_bytes(2, "big"))
    ok(f"{text}: a checksum that comes out as 0 is written as ffff",
       [p[UDP].chksum for p in out] == [0xffff], show(out))
