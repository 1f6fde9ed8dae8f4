# SPDX-License-Identifier: GPL-2.0
"""Headers of translated packets, as the other side sees them."""

import itertools
import time

from scapy.layers.inet import (
    IPOption_LSRR, IPOption_Router_Alert, IPOption_RR, IPOption_SSRR, IPOption_Timestamp)

from wire import *

net = Network()


def v6(data=b"x" * 32, **fields):
    return IPv6(src=A6, dst=S46, **fields) / UDP(sport=4000, dport=7) / data


opened = net.open(v6())


def v4(data=b"x" * 32, **fields):
    return IP(src=S4, dst=POOL, **fields) / UDP(sport=7, dport=opened[UDP].sport) / data


# req: A-002
out, _ = net.from_client(*(v6(tc=tc) for tc in range(256)))
ok("every traffic class becomes the TOS", [p.tos for p in out] == list(range(256)))

# req: A-035
out, _ = net.from_server(*(v4(tos=tos) for tos in range(256)))
ok("every TOS becomes the traffic class", [p.tc for p in out] == list(range(256)))

# req: A-034 A-036
ok("IPv6 with flow label 0 and the length of the payload",
   all((p.version, p.fl, p.plen) == (6, 0, 40) for p in out), show(out[:1]))

# req: A-003
config("set", "tos", "=", "16")
config("set", "ignore-traffic-class", "=", "1")
out, _ = net.from_client(v6(tc=0xff))
ok("ignore-traffic-class writes tos", [p.tos for p in out] == [0x10], show(out))
config("set", "ignore-traffic-class", "=", "0")

# req: A-035
config("set", "zero-traffic-class", "=", "1")
out, _ = net.from_server(v4(tos=0xb9))
ok("zero-traffic-class writes 0", [p.tc for p in out] == [0], show(out))
config("set", "zero-traffic-class", "=", "0")

# req: A-001 A-004 A-007 A-009
out, _ = net.from_client(v6(b"x" * 1232))
ok("1260 bytes: DF is clear",
   [(p.ihl, p.len, p.flags.value, p.frag) for p in out] == [(5, 1260, 0, 0)], show(out))

# req: A-008 A-009
out, _ = net.from_client(v6(b"x" * 1233))
ok("1261 bytes: DF is set",
   [(p.ihl, p.len, p.flags.value, p.frag) for p in out] == [(5, 1261, 2, 0)], show(out))

# req: A-010 A-017
out, _ = net.from_client(v6(hlim=64), v6(hlim=2), v6(hlim=255))
ok("IPv6 to IPv4: the hop limit goes down once", [p.ttl for p in out] == [63, 1, 254], show(out))
ok("the header checksum is right", all(sums_right(p) for p in out), show(out))

# req: A-038
out, _ = net.from_server(v4(ttl=64), v4(ttl=2), v4(ttl=255))
ok("IPv4 to IPv6: the TTL goes down once", [p.hlim for p in out] == [63, 1, 254], show(out))

# req: A-011 A-066 A-067
out, back = net.from_client(v6(hlim=1))
ok("hop limit 1 is not forwarded", not out, show(out))
ok("hop limit 1: time exceeded from the router's address, with the packet",
   len(back) == 1 and ICMPv6TimeExceeded in back[0] and back[0].src == R6
   and back[0][ICMPv6TimeExceeded].code == 0
   and bytes(back[0][ICMPv6TimeExceeded].payload) == bytes(v6(hlim=1)), show(back))
ok("… with a right checksum", all(sums_right(p) for p in back), show(back))

# req: A-038 A-066 A-067
out, back = net.from_server(v4(ttl=1))
ok("TTL 1 is not forwarded", not out, show(out))
ok("TTL 1: time exceeded from the router's address, with the packet",
   len(back) == 1 and ICMP in back[0] and back[0].src == R4
   and (back[0][ICMP].type, back[0][ICMP].code) == (11, 0)
   and bytes(back[0][ICMP].payload)[:28] == bytes(v4(ttl=1))[:28], show(back))

# req: A-005 A-006
hosts = [IPv6(src=src, dst=S46) / UDP(sport=5000, dport=7) / (b"x" * 172) for src in (A6, B6)]
ids = []
for _ in range(10):
    out, _ = net.from_client(*(hosts * 100))
    ids += [p.id for p in out]
ok("2000 packets of two hosts to one server come through", len(ids) == 2000, len(ids))
ok("no identification twice", len(set(ids)) == len(ids))
ok("not all zero", any(ids))

# fault: border-11
out, _ = net.from_client(v6(data=b"x" * 1300))
ok("what may not be cut has none", [(p.id, p.flags) for p in out] == [(0, "DF")], show(out))
peers = [f"198.51.{100 + 4 * n}.21" for n in range(1, 33)]
for peer in peers:
    net.server.hosts.add(peer)
    run("ip", "-n", "router", "route", "add", f"{peer}/32", "via", S5, "dev", "out4")
out, _ = net.from_client(*(IPv6(src=A6, dst=f"2001:db8:64::{peer}") / UDP(sport=5000, dport=7)
                           for peer in peers))
ids = [p.id for p in out]
near = [a for a, b in itertools.pairwise(ids) if (b - a) % 0x10000 < 64]
ok("nobody can tell whose numbers are counted together",
   len(ids) == len(peers) and len(near) < len(peers) / 2, ids)
steps = []
for _ in range(10):
    before, after = (net.from_client(v6())[0][0].id for _ in range(2))
    steps.append((after - before) % 0x10000)
    time.sleep(0.05)
    steps.append((net.from_client(v6())[0][0].id - after) % 0x10000)
ok("nor how many packets there were meanwhile", any(step > 1 for step in steps) and all(steps),
   steps)

# req: A-041
options = [IPOption_RR(length=7, pointer=4, routers=["0.0.0.0"]), IPOption_Timestamp(),
           IPOption_Router_Alert()]
out, _ = net.from_server(*(v4(options=[option]) for option in options))
ok("IPv4 options are dropped, the packets are not",
   [(p.nh, p.plen) for p in out] == [(17, 40)] * 3 and all(sums_right(p) for p in out), show(out))

# req: A-042 A-043
for option in IPOption_LSRR, IPOption_SSRR:
    out, back = net.from_server(v4(options=[option(length=7, pointer=4, routers=[S5])]))
    ok(f"{option.__name__}: not translated", not out, show(out))
    ok(f"{option.__name__}: source route failed",
       [(p[ICMP].type, p[ICMP].code) for p in back] == [(3, 5)], show(back))
out, _ = net.from_server(v4(options=[IPOption_LSRR(length=7, pointer=8, routers=[S5])]))
ok("a source route that has ended is dropped, the packet is not", len(out) == 1, show(out))

# req: A-004 A-013
def chain(*headers):
    packet = IPv6(src=A6, dst=S46)
    for header in headers:
        packet = packet / header
    return packet / UDP(sport=4000, dport=7) / (b"x" * 32)


ended = IPv6ExtHdrRouting(addresses=["2001:db8::1"], segleft=0)
out, _ = net.from_client(chain(IPv6ExtHdrHopByHop(), ended, IPv6ExtHdrDestOpt()))
ok("hop-by-hop, ended routing and destination options are skipped",
   [(p.proto, p.len) for p in out] == [(17, 60)] and all(sums_right(p) for p in out), show(out))

# req: A-014 A-015
left = IPv6ExtHdrRouting(addresses=["2001:db8::1"], segleft=1)
for headers, pointer in ((left,), 43), ((IPv6ExtHdrHopByHop(), left), 51):
    out, back = net.from_client(chain(*headers))
    ok("a routing header with segments left is not translated", not out, show(out))
    ok(f"… and its sender is told, pointer {pointer}",
       [(p[ICMPv6ParamProblem].code, p[ICMPv6ParamProblem].ptr) for p in back] == [(0, pointer)],
       show(back))

# req: D-020
out, back = net.from_client(IPv6(src=A6, dst=S46, nh=47) / (b"\0" * 32))
ok("GRE: not translated, port unreachable",
   not out and [p[ICMPv6DestUnreach].code for p in back] == [4], show(out), show(back))

# req: D-021
out, back = net.from_server(IP(src=S4, dst=POOL, proto=47) / (b"\0" * 32))
ok("GRE to the pool: not translated, protocol unreachable",
   not out and [(p[ICMP].type, p[ICMP].code) for p in back] == [(3, 2)], show(out), show(back))

# req: D-025
out, back = net.from_server(
    IP(src=S4, dst=POOL) / UDP(sport=7, dport=opened[UDP].sport ^ 1) / b"x")
ok("a port that nobody uses: not translated", not out, show(out))

