# SPDX-License-Identifier: GPL-2.0
"""Which address and port a host gets."""

from wire import *

net = Network()


def udp(sport, src=A6, dst=S46, dport=7):
    return IPv6(src=src, dst=dst) / UDP(sport=sport, dport=dport) / b"x"


def tcp(sport, src=A6, dst=S46, dport=80):
    return IPv6(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags="S")


def ping(number, src=A6, dst=S46):
    return IPv6(src=src, dst=dst) / ICMPv6EchoRequest(id=number)


def ports(packets):
    return [p[ICMP].id if ICMP in p else p.sport for p in packets]


# req: D-022 D-024 D-120
out, _ = net.from_client(udp(7000), udp(7000, dport=8), udp(7000, dst=S56), udp(7000, dst=S56))
ok("UDP: one port whatever the peer", len(out) == 4 and len(set(ports(out))) == 1, show(out))
mapped = out[0].sport
out, _ = net.from_client(tcp(7000), tcp(7000, dport=81), tcp(7000, dst=S56))
ok("TCP: one port whatever the peer", len(out) == 3 and len(set(ports(out))) == 1, show(out))
out, _ = net.from_client(ping(7000), ping(7000, dst=S56))
ok("echo: one identifier whatever the peer", len(out) == 2 and len(set(ports(out))) == 1, show(out))

# req: D-027
out, _ = net.from_server(IP(src=S5, dst=POOL) / UDP(sport=1234, dport=mapped) / b"x")
ok("another server reaches the port, and is seen as itself",
   [(p.src, p.dst, p.sport, p.dport) for p in out] ==
   [("2001:db8:64::c633:6415", A6, 1234, 7000)], show(out))

# req: D-034
out, _ = net.from_client(udp(7001), tcp(7001), ping(7001))
ok("one address for UDP, TCP and echo", [p.src for p in out] == [POOL] * 3, show(out))

# req: D-036 D-037 D-038 D-040 D-043 D-044
out, _ = net.from_client(*(udp(port) for port in range(20000, 20400)))
given = ports(out)
ok("400 UDP flows have a port each", len(set(given)) == 400, len(set(given)))
ok("… with the parity of theirs", [n % 2 for n in given] == [n % 2 for n in range(400)])
ok("… above 1023", min(given) > 1023)
steps = {b - a for a, b in zip(given, given[1:])}
ok("… in no order", len(steps) > 300, sorted(given)[:20])
ok("… from all over the range", max(given) - min(given) > 40000)
out, _ = net.from_client(*(udp(port) for port in range(500, 520)))
ok("ports below 1024 stay below 1024", len(out) == 20 and max(ports(out)) < 1024, ports(out))
out, _ = net.from_client(*(tcp(port) for port in (1023, 1024, 65535)))
ok("TCP ports keep their class", [n > 1023 for n in ports(out)] == [False, True, True], ports(out))

# req: D-045
out, _ = net.from_client(ping(8000), ping(8000, src=B6), udp(8000), udp(8000, src=B6))
one, two, three, four = ports(out)
ok("two hosts with one identifier or port get two", one != two and three != four, ports(out))

# Ranges, and what happens at their end; of an address that nobody has ports of yet.
SECOND = "192.0.2.2"
config("map", "flush")
config("map", "from", A6, "to", SECOND, "port", "5000", "-", "5009")
config("map", "from", B6, "to", SECOND, "port", "6000", ":", "4")
net.sentinel6 = "2001:db8:6::5e"
config("map", "from", net.sentinel6, "to", POOL)

# req: D-041 D-046 D-047 D-134
for text, src, first, count in ("5000 - 5009", A6, 5000, 10), ("6000 : 4", B6, 6000, 4):
    for name, kind in ("UDP", udp), ("TCP", tcp), ("echo", ping):
        rise = Rise()
        flows = [kind(30000 + n, src=src) for n in range(count)]
        out, back = net.from_client(*flows)
        ok(f"{text}: {name} fills the range and nothing else",
           sorted(ports(out)) == list(range(first, first + count))
           and {p.src for p in out} == {SECOND}, show(out))
        more = kind(30000 + count, src=src)
        out, back = net.from_client(more)
        ok(f"{text}: the next {name} flow is not translated", not out, show(out))
        ok(f"{text}: … but counted, and its sender told",
           rise["drop-ports-exhausted"] == 1
           and [p[ICMPv6DestUnreach].code for p in back if ICMPv6DestUnreach in p] == [3],
           show(back))
        again, _ = net.from_client(*flows)
        ok(f"{text}: {name} flows that are there keep their ports",
           sorted(ports(again)) == list(range(first, first + count)), ports(again))

# req: D-134
config("map", "flush")
config("map", "from", "any6", "to", POOL)
net.from_client()
sessions = len(json.loads(config("-j", "show", "xlate")))
config("set", "max-sessions", "=", str(sessions + 3))
rise = Rise()
out, back = net.from_client(*(udp(40000 + n) for n in range(5)))
ok("max-sessions holds", len(out) == 3 and rise["drop-session-limit"] == 2, show(out))
ok("… and the senders are told",
   [p[ICMPv6DestUnreach].code for p in back if ICMPv6DestUnreach in p] == [3, 3], show(back))
out, _ = net.from_client(*(udp(40000 + n) for n in range(3)))
config("set", "max-sessions", "=", "1048576")
ok("… while sessions that are there go on", len(out) == 3, show(out))
