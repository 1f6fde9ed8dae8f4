# SPDX-License-Identifier: GPL-2.0
"""Packets that do not fit the next link."""

from scapy.layers.inet import defragment

from wire import *

net = Network()
opened = net.open(IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / b"x")


def mtu(size, ns, router_dev):
    run("ip", "-n", "router", "link", "set", router_dev, "mtu", str(size))
    run("ip", "-n", ns, "link", "set", "eth0", "mtu", str(size))


def v6(size):
    return IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / (b"x" * (size - 48))


def v4(size, **fields):
    return IP(src=S4, dst=POOL, **fields) / UDP(sport=7, dport=opened.sport) / (b"x" * (size - 28))


# req: A-020
mtu(1000, "server4", "out4")
out, back = net.from_client(v6(1280))
ok("1280 bytes to a link of 1000: two fragments without DF",
   len(out) == 2 and all(p.len <= 1000 and not p.flags.DF for p in out) and not back,
   show(out), show(back))
joined = [IP(bytes(p)) for p in defragment([IP(bytes(p)) for p in out])]
ok("… that make the datagram", len(joined) == 1 and sums_right(joined[0])
   and joined[0].len == 1260, show(joined))

# req: A-021 A-064
for size, link, want in (1300, 1000, 1280), (1500, 1400, 1420), (1421, 1400, 1420):
    mtu(link, "server4", "out4")
    out, back = net.from_client(v6(size))
    ok(f"{size} bytes to a link of {link}: packet too big, MTU {want}",
       not out and [p[ICMPv6PacketTooBig].mtu for p in back] == [want]
       and back[0].src == R6 and len(back[0]) <= 1280 and sums_right(back[0]),
       show(out), show(back))
out, back = net.from_client(v6(1420))
ok("1420 bytes to a link of 1400 fit", [p.len for p in out] == [1400] and not back, show(back))
mtu(1500, "server4", "out4")

# req: A-047 A-065 D-131
for size, link, want in (1500, 1500, 1480), (1481, 1500, 1480), (1500, 1280, 1260):
    mtu(link, "client6", "in6")
    out, back = net.from_server(v4(size, flags="DF"))
    ok(f"{size} bytes with DF to a link of {link}: fragmentation needed, MTU {want}",
       not out and [(p[ICMP].type, p[ICMP].code, p[ICMP].nexthopmtu) for p in back] ==
       [(3, 4, want)] and back[0].src == R4 and len(back[0]) <= 576, show(out), show(back))
mtu(1500, "client6", "in6")
out, back = net.from_server(v4(1480, flags="DF"))
ok("1480 bytes with DF to a link of 1500 fit", [p.plen for p in out] == [1460] and not back,
   show(out), show(back))
