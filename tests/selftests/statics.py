# SPDX-License-Identifier: GPL-2.0
"""Static mappings, packet by packet."""

from scapy.layers.inet import fragment

from wire import *

net = Network()
net.sentinel6 = "2001:db8:6::5e"
net.client.add(net.sentinel6)
NINE, TEN, ELEVEN = "192.0.2.9", "192.0.2.10", "192.0.2.11"
S46P, S56P = "2001:db8:64::c633:6414", "2001:db8:64::c633:6415"


def rules(*lines, flush="map flush", extra=()):
    """These are the rules, besides the one of who tells the end of a test."""
    number = 10
    statements = [flush, f"map 1 from {net.sentinel6} to {POOL}", *extra]
    for line in lines:
        statements.append(f"map {number} {line}")
        number += 10
    run("natptconfig", "-n", "router", "-f", "-", text="\n".join(statements) + "\n")


def udp(src, sport, dst, dport, data=b"x"):
    ip = IPv6 if ":" in src else IP
    return ip(src=src, dst=dst) / UDP(sport=sport, dport=dport) / data


def tcp(src, sport, dst, dport, flags="S"):
    ip = IPv6 if ":" in src else IP
    return ip(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags, seq=1000, ack=2000)


def ends(packets):
    return [(p.src, p.sport, p.dst, p.dport) for p in packets]


rules()
net.port = None
net.from_client()

# req: C-014 D-006 D-053
rules("from any6 to 192.0.2.77", f"from {A6} to {NINE} bidir")
out, _ = net.from_server(udp(S4, 4000, NINE, 5000), tcp(S4, 4001, NINE, 22),
                         IP(src=S5, dst=NINE) / ICMP(type=8, id=77, seq=1) / b"ping")
ok("IPv4 hosts reach the host", ends(out[:2]) == [(S46P, 4000, A6, 5000), (S46P, 4001, A6, 22)]
   and len(out) == 3, show(out))
ok("... with echo requests, too", ICMPv6EchoRequest in out[2] and out[2].src == S56P
   and out[2][ICMPv6EchoRequest].id == 77, show(out))
out, _ = net.from_client(udp(A6, 5000, S46, 4000), tcp(A6, 22, S46, 4001, "SA"),
                         IPv6(src=A6, dst=S56) / ICMPv6EchoReply(id=77, seq=1, data=b"ping"))
ok("its answers have its address", ends(out[:2]) == [(NINE, 5000, S4, 4000), (NINE, 22, S4, 4001)]
   and len(out) == 3 and (out[2].src, out[2].dst, out[2][ICMP].id) == (NINE, S5, 77), show(out))
out, _ = net.from_client(udp(A6, 7000, S46, 9), tcp(A6, 7001, S56, 9), udp(B6, 7000, S46, 9))
ok("what it opens has its address and ports, whatever other rules there are",
   ends(out[:2]) == [(NINE, 7000, S4, 9), (NINE, 7001, S5, 9)] and out[2].src == "192.0.2.77",
   show(out))
out, _ = net.from_server(udp(S4, 4000, NINE, 5000, bytes(1200)))
ok("a large datagram", len(out) == 1, show(out))
out, _ = net.from_server(*fragment(udp(S5, 1, NINE, 5001, bytes(1600)), 800))
ok("... and fragments", len(out) > 0 and {p.dst for p in out} == {A6}, show(out))
out, _ = net.from_server(udp(S5, 1, "192.0.2.8", 5000))
ok("the address beside it is nobody's", not out, show(out))

# req: D-007
run("natptconfig", "-n", "router", "session", "delete", "pool", NINE)
out, _ = net.from_server(udp(S5, 4000, NINE, 5000))
ok("without sessions it is still there", ends(out) == [(S56P, 4000, A6, 5000)], show(out))

# req: C-003
rules(f"from {A6} to {NINE} bidir", f"from {B6} to {TEN} bidir")
flows = [(src, port, dst) for src in (A6, B6) for dst in (S46, S56)
         for port in (1, 53, 1023, 1024, 40000, 65535)]
own = {A6: NINE, B6: TEN, S46: S4, S56: S5}
for turn in "two hosts have an address each, and keep their ports", "... whenever they come":
    for kind in udp, tcp:
        out, _ = net.from_client(*(kind(src, port, dst, 9) for src, port, dst in flows))
        ok(f"{turn}: {kind.__name__}",
           ends(out) == [(own[src], port, own[dst], 9) for src, port, dst in flows], show(out))
    out, _ = net.from_client(*(IPv6(src=src, dst=S46) / ICMPv6EchoRequest(id=7) for src in (A6, B6)))
    ok(f"{turn}: echo", [(p.src, p[ICMP].id) for p in out] == [(NINE, 7), (TEN, 7)], show(out))
    run("natptconfig", "-n", "router", "session", "flush")
    net.port = None
    net.from_client()

# req: C-017
for text, line in ("a pool", f"from any6 to {NINE}"), ("a static mapping", f"from {A6} to {NINE} bidir"):
    for words in "", " filter port":
        rules(line + words, extra=["set held-syns = 0"])
        out, _ = net.from_client(udp(A6, 5000, S46, 9), tcp(A6, 5000, S46, 9))
        ports = [p.sport for p in out]
        back, _ = net.from_server(udp(S4, 9, NINE, ports[0]), tcp(S4, 9, NINE, ports[1], "SA"))
        ok(f"{text}{words}: what the host opens is answered",
           ends(back) == [(S46P, 9, A6, 5000)] * 2, show(out + back))
        into, _ = net.from_server(udp(S5, 1, NINE, ports[0]), tcp(S5, 1, NINE, ports[1]))
        allowed = 0 if words else 2
        ok(f"... IPv4 hosts {'open sessions at the same address' if allowed else 'open none'}",
           ends(into) == [(S56P, 1, A6, 5000)] * allowed, show(into))
rules(extra=["set held-syns = 1024"])

# req: C-016
# A block of hosts
rules("from 2001:db8:6::100/124 to 192.0.2.32/28 proto udp bidir", "from any6 to 192.0.2.77")
for n in (0, 7, 15):
    net.client.add(f"2001:db8:6::10{n:x}")
out, _ = net.from_server(*(udp(S4, 4000, f"192.0.2.{n}", 53) for n in (31, 32, 39, 47, 48)))
ok("a block of hosts, each with an address", [p.dst for p in out]
   == [f"2001:db8:6::10{n:x}" for n in (0, 7, 15)], show(out))
out, _ = net.from_client(udp("2001:db8:6::107", 1234, S46, 9), tcp("2001:db8:6::107", 1234, S46, 9))
ok("... for their protocol", out[0].src == "192.0.2.39" and out[1].src == "192.0.2.77", show(out))

# req: C-015 C-018
rules("from any6 to 192.0.2.77",
      f"from daddr {TEN} dport 80 to daddr {B6} dport 8080 proto tcp",
      f"from daddr {TEN} dport 8000 - 8009 to daddr {B6} dport 90",
      f"from {S4} daddr {ELEVEN} dport 53 to daddr {B6}")
out, _ = net.from_server(tcp(S4, 4000, TEN, 80), udp(S4, 4001, TEN, 8003), udp(S4, 1, TEN, 8009),
                         tcp(S4, 4001, TEN, 8000))
ok("ports of an address are ports of a host", ends(out)
   == [(S46P, 4000, B6, 8080), (S46P, 4001, B6, 93), (S46P, 1, B6, 99), (S46P, 4001, B6, 90)],
   show(out))
out, _ = net.from_client(tcp(B6, 8080, S46, 4000, "SA"), udp(B6, 93, S46, 4001))
ok("its answers come from them", ends(out) == [(TEN, 80, S4, 4000), (TEN, 8003, S4, 4001)],
   show(out))
rise = Rise()
out, _ = net.from_server(udp(S4, 4000, TEN, 80), udp(S4, 1, TEN, 8010), udp(S4, 1, TEN, 7999),
                         IP(src=S4, dst=TEN) / ICMP(type=8, id=80))
ok("no other port, nor protocol", not out and rise["drop-no-mapping"] == 4, show(out))
out, _ = net.from_client(tcp(B6, 8080, S56, 9), tcp(B6, 8081, S56, 9), udp(B6, 8080, S56, 9),
                         udp(B6, 99, S56, 9))
ok("what the host opens from these ports comes from the address's",
   ends(out[:1]) == [(TEN, 80, S5, 9)] and [p.src for p in out[1:3]] == ["192.0.2.77"] * 2
   and ends(out[3:]) == [(TEN, 8009, S5, 9)], show(out))
out, _ = net.from_client(tcp(A6, 5000, f"2001:db8:64::{TEN}", 80))
out, _ = net.from_server(udp(S4, 53, ELEVEN, 53), udp(S5, 53, ELEVEN, 53), tcp(S5, 1, ELEVEN, 53))
ok("for some IPv4 hosts only", ends(out) == [(S46P, 53, B6, 53)], show(out))
out, _ = net.from_client(udp(B6, 53, S56, 9))
out, _ = net.from_server(udp(S5, 9, ELEVEN, 53), udp(S5, 10, ELEVEN, 53))
ok("... but answers of others pass", ends(out) == [(S56P, 9, B6, 53)], show(out))

# A port that a static mapping has is given to nobody.
rules("from any6 to 192.0.2.12 port 5000 - 5003",
      f"from daddr 192.0.2.12 dport 5001 - 5002 to daddr {B6} dport 1 proto udp")
out, _ = net.from_client(*(udp(A6, n, S46, 9) for n in range(3)))
ok("a pool gives what static mappings leave", sorted(p.sport for p in out) == [5000, 5003],
   show(out))
out, _ = net.from_client(*(tcp(A6, n, S46, 9) for n in range(5)))
ok("... of their protocol", sorted(p.sport for p in out) == [5000, 5001, 5002, 5003], show(out))
out, _ = net.from_server(udp(S4, 9, "192.0.2.12", 5002), udp(S4, 9, "192.0.2.12", 5001))
ok("... and they are there", ends(out) == [(S46P, 9, B6, 2), (S46P, 9, B6, 1)], show(out))

# It takes what others have, of either side.
rules("from any6 to 192.0.2.13 port 6000 - 6000")
out, _ = net.from_client(udp(A6, 1, S46, 9), tcp(B6, 22, S46, 9))
ok("hosts have ports", ends(out) == [("192.0.2.13", 6000, S4, 9)] * 2, show(out))
rules("from any6 to 192.0.2.13 port 6000 - 6000",
      f"from daddr 192.0.2.13 dport 6000 to daddr {B6} dport 7 proto udp",
      f"from daddr 192.0.2.13 dport 22 to daddr {B6} dport 22 proto tcp")
out, _ = net.from_server(udp(S4, 9, "192.0.2.13", 6000), tcp(S4, 9, "192.0.2.13", 22))
ok("... that are another's by a static mapping", ends(out)
   == [(S46P, 9, B6, 7), (S46P, 9, B6, 22)], show(out))
out, _ = net.from_client(tcp(B6, 22, S46, 10), udp(A6, 1, S46, 9), tcp(A6, 1, S46, 9))
ok("... and theirs no more", ends(out) == [("192.0.2.13", 22, S4, 10),
   ("192.0.2.13", 6000, S4, 9)], show(out))

# What goes ends, or runs out.
rules(f"from daddr {TEN} dport 80 to daddr {B6} proto tcp")
out, _ = net.from_server(tcp(S4, 1, TEN, 80))
ok("a session of a mapping", len(out) == 1, show(out))
rules("from any6 to 192.0.2.77", flush="map flush keep")
out, _ = net.from_client(tcp(B6, 80, S46, 1, "SA"))
ok("... that goes but for it", ends(out) == [(TEN, 80, S4, 1)], show(out))
out, _ = net.from_server(tcp(S5, 1, TEN, 80))
ok("... is for nobody else", not out, show(out))
out, _ = net.from_client(tcp(B6, 80, S56, 1))
ok("... nor for what its host opens", [p.src for p in out] == ["192.0.2.77"], show(out))
rules(f"from daddr {TEN} dport 80 to daddr {B6} proto tcp")
out, _ = net.from_server(tcp(S5, 2, TEN, 80), tcp(S4, 1, TEN, 80, "A"))
ok("... and comes back", ends(out) == [(S56P, 2, B6, 80), (S46P, 1, B6, 80)], show(out))
rules()
out, _ = net.from_server(tcp(S5, 2, TEN, 80), tcp(S4, 1, TEN, 80, "A"))
ok("... and goes with its sessions", not out, show(out))

# One that is kept does not meddle with what others have now.
rules(f"from {B6} to {TEN} bidir", "from any6 to 192.0.2.77")
out, _ = net.from_server(udp(S4, 1, TEN, 5000))
run("natptconfig", "-n", "router", "map", "delete", "10", "keep")
out, _ = net.from_client(udp(B6, 5001, S46, 9))
ok("beside one that runs out its host has ports of a pool", [p.src for p in out] == ["192.0.2.77"],
   show(out))
port = out[0].sport
run("natptconfig", "-n", "router", "set", "udp-timeout", "=", "400")
out, _ = net.from_client(udp(B6, 5001, S46, 9), udp(B6, 5000, S46, 1))
ok("... and keeps them and it when something else is changed", ends(out)
   == [("192.0.2.77", port, S4, 9), (TEN, 5000, S4, 1)], show(out))
rules(f"from {A6} to {TEN} bidir", flush="map flush keep")
out, _ = net.from_server(udp(S4, 1, TEN, 5000))
ok("another host gets what it has in the same change", ends(out) == [(S46P, 1, A6, 5000)],
   show(out))

# Two rules that are alike
rules("from any6 to 192.0.2.77")
run("natptconfig", "-n", "router", "map", "20", "from", "any6", "to", "192.0.2.77")
first, _ = net.from_client(udp(A6, 6000, S46, 9))
run("natptconfig", "-n", "router", "map", "delete", "20", "keep")
again, _ = net.from_client(udp(A6, 6000, S46, 10))
ok("what goes leaves its like alone", first[0].sport == again[0].sport, show(first + again))

# ... all of them, and one comes again: it is a rule like any other
rules("from any6 to 192.0.2.77")
run("natptconfig", "-n", "router", "map", "20", "from", "any6", "to", "192.0.2.77")
first, _ = net.from_client(udp(A6, 6001, S46, 9))
rules("from any6 to 192.0.2.77", flush="map flush keep")
again, _ = net.from_client(udp(A6, 6001, S46, 10))
ok("two that are alike go, one comes again: a host's port stays", first[0].sport == again[0].sport,
   show(first + again))
out, _ = net.from_server(udp(S5, 1, "192.0.2.77", first[0].sport))
ok("... and is open to strangers", len(out) == 1, show(out))

# Filters and limits
rules(f"from {A6} to {NINE} bidir filter address", f"from daddr {TEN} to daddr {B6} filter port")
out, _ = net.from_server(udp(S4, 1, NINE, 5000), udp(S4, 1, TEN, 5000))
ok("filtered: nobody is let in", not out, show(out))
net.from_client(udp(A6, 5000, S46, 9), udp(B6, 5000, S46, 9))
out, _ = net.from_server(udp(S4, 1, NINE, 5000), udp(S4, 1, TEN, 5000), udp(S5, 1, NINE, 5000))
ok("... but whom the host has spoken to", ends(out) == [(S46P, 1, A6, 5000)], show(out))
rules(f"from {A6} to {NINE} bidir", "from any6 to 192.0.2.77", extra=["set host-mappings = 2"])
out, _ = net.from_server(*(udp(S4, 1, NINE, n) for n in range(100, 105)))
ok("static mappings are not counted among its host's", len(out) == 5, show(out))
out, _ = net.from_client(*(udp(A6, n, S46, 9) for n in range(200, 205)))
ok("... from its side neither", len(out) == 5, show(out))
mappings = json.loads(run("natptconfig", "-n", "router", "-j", "show", "mapping"))["mappings"]
run("natptconfig", "-n", "router", "session", "delete", "pool", NINE)
left = json.loads(run("natptconfig", "-n", "router", "-j", "show", "mapping"))["mappings"]
ok("they are gone with their sessions", mappings - left == 10, (mappings, left))
