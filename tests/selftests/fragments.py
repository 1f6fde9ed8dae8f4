# SPDX-License-Identifier: GPL-2.0
"""Fragments: collected, translated as one, cut again; those of others are left alone."""

import itertools
import random

from scapy.layers.inet import defragment
from scapy.layers.inet6 import defragment6

from wire import *

random.seed(4787)
net = Network()
ids = itertools.count(0x12340001)
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL)
udp = net.open(to4 / UDP(sport=4000, dport=7) / b"x")[UDP].sport


def cut6(packet, *sizes, id=None):
    """Fragments of an IPv6 packet with so much data each; the last one has the rest."""
    ip, data = IPv6(src=packet.src, dst=packet.dst), bytes(packet)[40:]
    number, at, out = id or next(ids), 0, []
    for size in (*sizes, len(data)):
        part = data[at:at + size]
        more = at + len(part) < len(data)
        out.append(ip / IPv6ExtHdrFragment(nh=packet.nh, offset=at // 8, m=more, id=number)
                   / Raw(part))
        at += size
        if not more:
            return out


def cut4(packet, *sizes, id=None):
    """The same for IPv4."""
    ip, data = IP(src=packet.src, dst=packet.dst, proto=packet.proto), bytes(packet)[20:]
    ip.id, at, out = id or next(ids) & 0xffff, 0, []
    for size in (*sizes, len(data)):
        part, one = data[at:at + size], ip.copy()
        more = at + len(part) < len(data)
        one.flags, one.frag = "MF" if more else 0, at // 8
        out.append(one / Raw(part))
        at += size
        if not more:
            return out


def whole(packet):
    return packet.__class__(bytes(packet))


def joined4(packets):
    parts = [p for p in defragment([whole(p) for p in packets])]
    return [IP(bytes(p)) for p in parts]


def joined6(packets):
    if not all(IPv6ExtHdrFragment in p for p in packets):
        return [p for p in packets if IPv6ExtHdrFragment not in p]
    return [IPv6(bytes(defragment6(packets)))]


def same(out, data):
    return len(out) == 1 and sums_right(out[0]) and out[0][Raw].load == data


# req: D-096 D-100 A-024 A-027
data = random.randbytes(3000)
sent = whole(to4 / UDP(sport=4000, dport=7) / data)
right, sizes = [], set()
for order in itertools.permutations(range(3)):
    parts = cut6(sent, 1232, 1232)
    out, _ = net.from_client(*(parts[n] for n in order))
    sizes |= {p.len for p in out}
    right.append(same(joined4(out), data))
ok("IPv6 to IPv4: three fragments in all orders arrive whole", all(right), right)
# req: D-102 A-026
ok("… cut no bigger than they came", max(sizes) <= 1252, sizes)
ok("… with DF clear", not any(p.flags.DF for p in out), show(out))

# req: D-096 D-100
sent = whole(to6 / UDP(sport=7, dport=udp) / data)
right, sizes = [], set()
for order in itertools.permutations(range(3)):
    parts = cut4(sent, 1480, 1480)
    out, _ = net.from_server(*(parts[n] for n in order))
    sizes |= {p.plen + 40 for p in out}
    right.append(same(joined6(out), data))
ok("IPv4 to IPv6: three fragments in all orders arrive whole", all(right), right)
# req: D-102 A-044 A-050
ok("… in fragments of at most 1280 bytes", max(sizes) <= 1280, sizes)
ok("… of one identification, all but the last in multiples of 8 bytes",
   len({p[IPv6ExtHdrFragment].id for p in out}) == 1 and
   all((p.plen - 8) % 8 == 0 for p in out if p[IPv6ExtHdrFragment].m), show(out))

# req: A-159 D-101 C-010
rise = Rise()
bare = whole(to6 / UDP(sport=7, dport=udp, chksum=0) / data)
right = []
for order in itertools.permutations(range(3)):
    parts = cut4(bare, 1480, 1480)
    out, _ = net.from_server(*(parts[n] for n in order))
    right.append(same(joined6(out), data))
ok("fragments of a datagram without checksum arrive whole, with one", all(right), right)
ok("… and are counted", rise["udp-checksums-made"] == 6)

# req: A-032 D-104
echo = net.open(to4 / ICMPv6EchoRequest(id=4000))[ICMP].id
out, _ = net.from_client(*cut6(whole(to4 / ICMPv6EchoRequest(id=4000, data=data)), 1232, 1232))
out = joined4(out)
ok("IPv6 to IPv4: an echo in fragments", len(out) == 1 and sums_right(out[0]), show(out))
out, _ = net.from_server(*cut4(whole(to6 / ICMP(type=0, id=echo) / data), 1480, 1480))
out = joined6(out)
ok("IPv4 to IPv6: an echo in fragments", len(out) == 1 and sums_right(out[0]), show(out))

# req: A-031
one, two, three = cut6(whole(to4 / UDP(sport=4000, dport=7) / data), 1232, 1232)
over = two.copy()
over[IPv6ExtHdrFragment].offset -= 2
out, _ = net.from_client(one, over, three, two)
ok("IPv6 fragments that overlap: nothing comes of them", not out, show(out))
one, two, three = cut4(whole(to6 / UDP(sport=7, dport=udp) / data), 1480, 1480)
over = two.copy()
over.frag -= 2
out, _ = net.from_server(one, over, three, two)
ok("IPv4 fragments that overlap: nothing comes of them", not out, show(out))

# req: A-025 A-030
number = next(ids)
train = cut6(whole(to4 / UDP(sport=4000, dport=7) / data), 1232, 1232, id=number)
atom = cut6(whole(to4 / UDP(sport=4000, dport=7) / b"alone"), 1232, id=number)
first, _ = net.from_client(train[0], train[1], *atom)
ok("an atomic fragment is alone", len(first) == 1 and first[0][Raw].load == b"alone"
   and not first[0].flags.DF, show(first))
ok("… and keeps its identification", [p.id for p in first] == [number & 0xffff], show(first))
rest, _ = net.from_client(train[2])
ok("… and the train that waits with the same one is not hurt", same(joined4(rest), data))

# A fragment whose first one never comes says nothing.
out, _ = net.from_client(*cut6(whole(to4 / TCP(sport=4000, dport=80, flags="S")), 8)[1:])
ok("a fragment without the first one is not translated", not out, show(out))

# req: D-103
several = [cut6(whole(IPv6(src=src, dst=S46) / UDP(sport=4000, dport=7) / text), 1232, id=77)
           for src, text in ((A6, b"A" * 2000), (B6, b"B" * 2000))]
out, _ = net.from_client(several[0][0], several[1][0], several[1][1], several[0][1])
texts = {p[Raw].load for p in joined4(out)}
ok("fragments of two hosts with one identification do not mix",
   texts == {b"A" * 2000, b"B" * 2000}, show(out))

# req: A-028
chained = to4 / IPv6ExtHdrFragment(nh=60, offset=0, m=1, id=next(ids)) / IPv6ExtHdrDestOpt(nh=17) \
    / Raw(b"x" * 1200)
rise = Rise()
out, _ = net.from_client(chained)
ok("a fragment header before another extension header is dropped and counted",
   not out and rise["drop-fragment-header"] == 1, show(out))

# req: A-044 A-046 A-049
out, _ = net.from_server(to6 / UDP(sport=7, dport=udp) / data[:92])
ok("a small packet without DF has no fragment header", [p.nh for p in out] == [17], show(out))
out, _ = net.from_server(IP(src=S4, dst=POOL, id=0xbeef) / UDP(sport=7, dport=udp) / data[:1472])
ok("1500 bytes without DF: 1280 and the rest",
   [p.plen + 40 for p in out] == [1280, 296], show(out))
ok("… arrive whole", same(joined6(out), data[:1472]))
# req: A-048
out, _ = net.from_server(to6.__class__(src=S4, dst=POOL, flags="DF")
                         / UDP(sport=7, dport=udp) / data[:1372])
ok("1400 bytes with DF are not cut", [p.plen for p in out] == [1380], show(out))

# req: A-045
config("set", "lowest-ipv6-mtu", "=", "1500")
out, _ = net.from_server(to6 / UDP(sport=7, dport=udp) / data[:1452])
ok("lowest-ipv6-mtu 1500: 1480 bytes pass whole", [p.nh for p in out] == [17], show(out))
out, _ = net.from_server(to6 / UDP(sport=7, dport=udp) / data[:1453])
ok("… and 1481 bytes are cut", [p.nh for p in out] == [44, 44] and
   max(p.plen + 40 for p in out) <= 1500 and same(joined6(out), data[:1453]), show(out))
config("set", "lowest-ipv6-mtu", "=", "1280")

# Other traffic, while natpt is on.
S66, T4 = "2001:db8:5::a", "203.0.113.20"
far6 = Wire("server6", "eth0", "out6", [S66])
far4 = Wire("server6", "more4", "more4", [T4])


def native(text, sender, receiver, given, field):
    for packet in given:
        sender.send(packet)
    out = [bytes(receiver.next(30) or b"") for _ in given]
    given = [whole(packet) for packet in given]
    for packet in given:
        if packet.version == 4:
            del packet.chksum
        setattr(packet, field, getattr(packet, field) - 1)
    ok(text, out == [bytes(packet) for packet in given], show(given))


parts = cut6(whole(IPv6(src=A6, dst=S66) / UDP(sport=4000, dport=7) / data), 800, 1232)
native("native IPv6 fragments come out as they went in", net.client, far6,
       [parts[n] for n in (2, 0, 1)], "hlim")
native("… one alone too", net.client, far6, parts[1:2], "hlim")
parts = cut4(whole(IP(src=S4, dst=T4) / UDP(sport=4000, dport=7) / data), 800, 1480)
native("native IPv4 fragments come out as they went in", net.server, far4,
       [parts[n] for n in (2, 0, 1)], "ttl")
native("… one alone too", net.server, far4, parts[1:2], "ttl")

# req: D-097 D-179
middle6 = bytes(cut6(whole(to4 / UDP(sport=4000, dport=7) / data), 1232, 1232)[1])
middle4 = bytes(cut4(whole(to6 / UDP(sport=7, dport=udp) / data), 1480, 1480)[1])
for n in range(2000):
    net.client.send(*patched(middle6, (44, next(ids).to_bytes(4, "big"))))
    net.server.send(*patched(middle4, (4, n.to_bytes(2, "big"))))
out, _ = net.from_client(to4 / UDP(sport=4000, dport=7) / b"after")
ok("4000 fragments that never become whole do not stop others", len(out) == 1, show(out))
limit = max(int(inside("router", lambda name=name: open(name).read()))
            for name in ("/proc/sys/net/ipv4/ipfrag_high_thresh",
                         "/proc/sys/net/netfilter/nf_conntrack_frag6_high_thresh"))
used = [int(line.split()[line.split().index("memory") + 1])
        for name in ("/proc/thread-self/net/sockstat", "/proc/thread-self/net/sockstat6")
        for line in inside("router", lambda name=name: open(name).read()).splitlines()
        if line.startswith("FRAG")]
# the one that comes when there is just room goes beyond it
ok("… and stay within the kernel's limit", all(n <= limit + 8192 for n in used), used, limit)
