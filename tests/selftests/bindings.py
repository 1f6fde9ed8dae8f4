# SPDX-License-Identifier: GPL-2.0
"""Mappings and sessions, packet by packet."""

import random
import socket
import struct
import subprocess
import time
from ipaddress import IPv4Address, IPv6Address

from scapy.layers.inet import IPOption_NOP
from scapy.layers.inet6 import in6_chksum
from scapy.utils import checksum

from stacks import QUICK, make_socket, namespace, sysctl
from wire import *

random.seed(6146)
net = Network()
net.sentinel6 = "2001:db8:6::5e"
C6, R66 = "2001:db8:6::c", "2001:db8:6::fe"
SEVEN, EIGHT, NINE = "192.0.2.7", "192.0.2.8", "192.0.2.9"
ROUTER4 = "203.0.113.254"
net.client.add(net.sentinel6)
net.client.add(C6)
PREFIX, OTHER, YOUNGER = "2001:db8:64::/96", "2001:db8:65::/64", "2001:db8:66::/96"


def embedded(v4, prefix=PREFIX):
    """An IPv4 address under a prefix (RFC 6052)."""
    bytes4, (first, length) = IPv4Address(v4).packed, prefix.split("/")
    left = IPv6Address(first).packed[:int(length) // 8]
    return str(IPv6Address((left + (b"\0" if length == "64" else b"") + bytes4).ljust(16, b"\0")))


P4, P5, P7, P8, P9 = (embedded(v4) for v4 in (S4, S5, SEVEN, EIGHT, NINE))


def udp(src, sport, dst, dport, data=b"x"):
    ip = IPv6 if ":" in src else IP
    return ip(src=src, dst=dst) / UDP(sport=sport, dport=dport) / data


def tcp(src, sport, dst, dport, data=b"", flags="S"):
    ip = IPv6 if ":" in src else IP
    return ip(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags) / data


def ack(src, sport, dst, dport):
    return tcp(src, sport, dst, dport, flags="A")


def echo(src, sport, dst, dport, data=b"x", seq=1):
    """A ping of a host, or the answer to one, whose identifier is the port of host or pool."""
    number = dport if src in (S4, S5) or src.startswith(PREFIX[:13]) else sport
    if ":" in src:
        return IPv6(src=src, dst=dst) / ICMPv6EchoRequest(id=number, seq=seq, data=data)
    return IP(src=src, dst=dst) / ICMP(type=0, id=number, seq=seq) / data


KINDS = {"udp": udp, "tcp": tcp, "icmp": echo}


def ends(packets):
    """Sources and destinations, with their ports; those of echo are identifiers."""
    found = []
    for p in packets:
        top = p.payload
        number = getattr(top, "id", None)
        ports = (top.sport, top.dport) if isinstance(top, (UDP, TCP)) else (number, number)
        found.append((p.src, ports[0], p.dst, ports[1]))
    return found


def rules(*lines, before=("session flush",)):
    """These are the rules, besides the one of who tells the end of a test."""
    statements = [*before, "map flush", f"map 1 from {net.sentinel6} to {POOL}"]
    statements += [f"map {10 * n} {line}" for n, line in enumerate(lines, 1)]
    run("natptconfig", "-n", "router", "-f", "-", text="\n".join(statements) + "\n")


def again():
    """The sentinels have a port, whatever has ended."""
    net.port = None
    return net.from_client()


def begin(*lines):
    """These rules, and no session."""
    rules(*lines)
    again()


def sessions(*conditions):
    rows = json.loads(config("-j", "show", "xlate", *conditions))
    return [row for row in rows if row["source6"] != net.sentinel6]


def count(name):
    return json.loads(config("-j", "show", "mapping"))[name]


def tuples6(proto):
    """The sessions of a protocol as their hosts see them."""
    return sorted((row["source6"], row["source-port6"], row["target6"], row["target-port"])
                  for row in sessions("proto", proto))


def fails(*words):
    return subprocess.run(["natptconfig", "-n", "router", *words], capture_output=True,
                          check=False).returncode == 1


def datagrams(packets):
    return [p for p in packets if UDP in p]


# req: D-001
for text, without, back in (("prefix", "prefix flush", f"prefix {PREFIX}"),
                            ("map rule", "map flush", f"map from any6 to {POOL}")):
    port = again() and net.port
    config(*without.split())
    said = subprocess.run(["natptconfig", "-n", "router", "map", "enable"], capture_output=True,
                          text=True, check=False).stderr
    ok(f"without a {text} there is a warning", f"there is no {text}" in said, said)
    rise = Rise()
    net.client.send(udp(A6, 5000, P4, 7))
    net.server.send(udp(S4, 9, POOL, port))
    done = rise["translated-6to4"] + rise["translated-4to6"]
    config(*back.split())
    out, returned = again()
    ok("... and nothing is translated",
       not datagrams(out) and not datagrams(returned) and done == 0, show(out + returned))
ok("prefixes are unicast ones, of 96 bits at most",
   fails("prefix", "ff0e::/96") and fails("prefix", "2001:db8:99::/97"))
ok("... and pools are unicast addresses", fails("map", "from", "any6", "to", "224.0.0.1"))

# req: D-002 D-183
begin(f"from any6 to {EIGHT} port 5000 - 5000")
out, _ = net.from_client(udp(A6, 4000, P4, 7), tcp(B6, 4000, P4, 7), echo(C6, 4000, P4, 0))
ok("three hosts have one port, for UDP, TCP and echo",
   [end[:2] for end in ends(out)] == [(EIGHT, 5000)] * 3, show(out))
rise = Rise()
out, _ = net.from_client(udp(B6, 4000, P4, 7), tcp(C6, 4000, P4, 7), echo(A6, 4000, P4, 0))
ok("... each of them alone", not out and rise["drop-ports-exhausted"] == 3, show(out))
answers = udp(S4, 7, EIGHT, 5000), tcp(S4, 7, EIGHT, 5000, flags="SA"), echo(S4, 0, EIGHT, 5000)
into, _ = net.from_server(*answers)
ok("... and is answered",
   ends(into) == [(P4, 7, A6, 4000), (P4, 7, B6, 4000), (P4, 4000, C6, 4000)], show(into))
config("session", "delete", "proto", "udp", "pool", EIGHT)
into, _ = net.from_server(*answers)
ok("what ends for UDP goes on for TCP and echo", [p.dst for p in into] == [B6, C6], show(into))
out, _ = net.from_client(udp(B6, 4000, P4, 7))
ok("... and is free for UDP", ends(out) == [(EIGHT, 5000, S4, 7)], show(out))

# req: D-004 C-001 C-002
begin(f"from any6 to {NINE}")
for proto, kind in KINDS.items():
    before = count("mappings"), count("sessions")
    out, _ = net.from_client(kind(A6, 5000, P4, 1), kind(A6, 5000, P5, 1))
    port = ends(out)[0][1]
    rows = sessions("proto", proto)
    ok(f"{proto}: one mapping with two sessions",
       (count("mappings"), count("sessions")) == (before[0] + 1, before[1] + 2)
       and {(row["source4"], row["source-port4"]) for row in rows} == {(NINE, port)}
       and {row["target4"] for row in rows} == {S4, S5}, rows)
    answers = kind(S4, 1, NINE, port), kind(S5, 1, NINE, port)
    into, _ = net.from_server(*answers)
    ok("... each of which is answered", [(p.src, p.dst) for p in into] == [(P4, A6), (P5, A6)],
       show(into))
    config("session", "delete", "proto", proto, "peer", S5, "pool", NINE)
    into, _ = net.from_server(answers[0])
    out, _ = net.from_client(kind(A6, 5000, P5, 1))
    ok("... and it has the port while one is left",
       len(into) == 1 and ends(out)[0][:2] == (NINE, port), show(into + out))

# req: D-010
begin(f"from any6 to {NINE}")
flows = [(A6, 4000, P4, 7), (B6, 4000, P4, 7), (A6, 4001, P4, 7), (A6, 4000, P5, 7),
         (A6, 4000, P4, 8)]
for proto, kind in ("udp", udp), ("tcp", tcp):
    out, _ = net.from_client(*(kind(*flow) for flow in flows + flows))
    ok(f"{proto}: addresses and ports make a session, each of them",
       tuples6(proto) == sorted(flows) and [end[2:] for end in ends(out)] ==
       [(S4, 7), (S4, 7), (S4, 7), (S5, 7), (S4, 8)] * 2, tuples6(proto), show(out))
    mine, others, second = (end[1] for end in ends(out)[:3])
    into, _ = net.from_server(*(kind(*flow) for flow in (
        (S4, 7, NINE, mine), (S4, 7, NINE, others), (S4, 7, NINE, second), (S5, 7, NINE, mine),
        (S4, 8, NINE, mine), (S5, 8, NINE, mine), (S5, 9, NINE, mine))))
    new = [(A6, 4000, P5, 8), (A6, 4000, P5, 9)]
    ok("... from IPv4, too", tuples6(proto) == sorted(flows + new) and ends(into) ==
       [(dst, dport, src, sport) for src, sport, dst, dport in flows[:4] + flows[4:] + new],
       tuples6(proto), show(into))
before = count("sessions")
out, _ = net.from_client(
    IPv6(src=A6, dst=P4) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / UDP(sport=4000, dport=8),
    IPv6(src=A6, dst=P4) / IPv6ExtHdrFragment(id=77) / UDP(sport=4000, dport=8))
port = ends(out)[0][1]
ok("ports are found behind extension headers", ends(out) == [(NINE, port, S4, 8)] * 2, show(out))
into, _ = net.from_server(
    IP(src=S4, dst=NINE, options=[IPOption_NOP()] * 8) / UDP(sport=8, dport=port))
ok("... and behind options", ends(into) == [(P4, 8, A6, 4000)], show(into))
ok("... and are those of the session", count("sessions") == before)

# req: D-011
begin(f"from any6 to {NINE}")
flows = [(A6, 4000, P4, 4000), (B6, 4000, P4, 4000), (A6, 4001, P4, 4001), (A6, 4000, P5, 4000)]
out, _ = net.from_client(*(echo(*flow, seq=seq) for flow in flows for seq in (1, 2)),
                         IPv6(src=A6, dst=P4) / ICMPv6EchoReply(id=4000, seq=9, data=b"long" * 9))
ok("echo: addresses and the identifier make a session, each of them",
   [row[:3] for row in tuples6("icmp")] == sorted(flow[:3] for flow in flows) and len(out) == 9,
   tuples6("icmp"), show(out))
mine, others = (ends(out)[n][1] for n in (0, 2))
request = IP(src=S4, dst=NINE) / ICMP(type=8, id=mine, seq=3) / b"x"
into, _ = net.from_server(echo(S4, 0, NINE, mine), request, echo(S4, 0, NINE, others),
                          echo(S5, 0, NINE, mine))
ok("... and nothing else, from IPv4, too", len(sessions("proto", "icmp")) == 4 and ends(into) ==
   [(P4, 4000, A6, 4000)] * 2 + [(P4, 4000, B6, 4000), (P5, 4000, A6, 4000)], show(into))


def error(src, dst, kind, code, word, quote):
    """An ICMP error, whatever its kind."""
    body = struct.pack("!BBHI", kind, code, 0, word) + quote
    if ":" in src:
        header = IPv6(src=src, dst=dst, nh=58)
        check = in6_chksum(58, header, body)
    else:
        header, check = IP(src=src, dst=dst, proto=1), checksum(body)
    return header / Raw(body[:2] + struct.pack("!H", check) + body[4:])


def message(packet):
    """Type, code and second word of an ICMP message."""
    at = 40 if isinstance(packet, IPv6) else 20
    kind, code, _, word = struct.unpack_from("!BBHI", packet.original, at)
    return kind, code, word


def quoted(packet):
    return packet.__class__(bytes(packet.payload)[8:])


# req: D-013
seen, = net.from_client(echo(A6, 4000, P4, 0, seq=77))[0]
answer, = net.from_server(echo(S4, 0, NINE, mine, seq=77))[0]
asked, = net.from_server(request)[0]
out, _ = net.from_server(error(ROUTER4, NINE, 11, 0, 0, bytes(seen)))
inner = quoted(out[0]) if out else IPv6()
ok("an error about a ping is its host's", [(p.dst, message(p)[:2]) for p in out] == [(A6, (3, 0))]
   and (inner.src, inner.dst) == (A6, P4) and ICMPv6EchoRequest in inner and sums_right(inner)
   and (inner.id, inner.seq) == (4000, 77), show(out + [inner]))
for text, packet, kind in (("a ping's answer", answer, 0), ("a ping from IPv4", asked, 8)):
    out, _ = net.from_client(error(A6, P4, 1, 3, 0, bytes(packet)))
    inner = quoted(out[0]) if out else IP()
    ok(f"an error about {text} is its sender's",
       [(p.src, p.dst, message(p)[:2]) for p in out] == [(NINE, S4, (3, 1))]
       and (inner.src, inner.dst) == (S4, NINE) and ICMP in inner and sums_right(inner)
       and (inner[ICMP].type, inner[ICMP].id) == (kind, mine), show(out + [inner]))
port = ends(net.from_client(udp(A6, 4444, P4, 7))[0])[0][1]
rise, before = Rise(), count("sessions")
# the wrong way round, and another identifier, peer and address
strange = [IP(src=src, dst=dst) / ICMP(type=8, id=number) for src, dst, number in (
    (S4, NINE, mine), (NINE, S4, port), (NINE, "198.51.100.22", mine), (EIGHT, S4, mine))]
out, _ = net.from_server(*(error(S4, NINE, 3, 1, 0, bytes(quote)) for quote in strange))
ok("errors about pings that nobody has sent are dropped", not out and rise["drop-no-session"] == 4,
   show(out))
rise = Rise()
strange = [IPv6(src=src, dst=dst) / ICMPv6EchoReply(id=number) for src, dst, number in (
    (A6, P4, 4000), (P4, A6, 4444), (embedded("198.51.100.22"), A6, 4000), (P4, C6, 4000))]
out, _ = net.from_client(*(error(A6, P4, 1, 3, 0, bytes(quote)) for quote in strange))
ok("... from IPv6, too", not out and rise["drop-no-session"] == 4, show(out))
# req: D-016
ok("... and open no session", count("sessions") == before)

# The types of RFC 7915, and what becomes of them: type, code and second word.
POINTER = 1 << 24
TO_V6 = [((3, code, 0), (1, 0, 0)) for code in (0, 1, 5, 6, 7, 8, 11, 12)]
TO_V6 += [((3, code, 0), (1, 1, 0)) for code in (9, 10, 13, 15)]
TO_V6 += [((3, 2, 0), (4, 1, 6)), ((3, 3, 0), (1, 4, 0)), ((3, 4, 1400), (2, 0, 1420)),
          ((3, 14, 0), None), ((3, 16, 0), None), ((4, 0, 0), None), ((5, 0, 0xc6336401), None),
          ((5, 1, 0xc6336401), None), ((11, 0, 0), (3, 0, 0)), ((11, 1, 0), (3, 1, 0)),
          ((12, 0, 8 * POINTER), (4, 0, 7)), ((12, 0, 16 * POINTER), (4, 0, 24)),
          ((12, 0, 4 * POINTER), None), ((12, 1, 0), None), ((12, 2, 9 * POINTER), (4, 0, 6))]
TO_V4 = [((1, 0, 0), (3, 1, 0)), ((1, 1, 0), (3, 10, 0)), ((1, 2, 0), (3, 1, 0)),
         ((1, 3, 0), (3, 1, 0)), ((1, 4, 0), (3, 3, 0)), ((1, 5, 0), None), ((1, 6, 0), None),
         ((2, 0, 1400), (3, 4, 1380)), ((3, 0, 0), (11, 0, 0)), ((3, 1, 0), (11, 1, 0)),
         ((4, 0, 7), (12, 0, 8 * POINTER)), ((4, 0, 24), (12, 0, 16 * POINTER)),
         ((4, 0, 3), None), ((4, 1, 6), (3, 2, 0)), ((4, 2, 40), None), ((100, 0, 0), None)]


def translated(table, packets):
    """The messages that have come of those in the table, by the number at their end."""
    found = {}
    for p in packets:
        found.setdefault(int(p.original[-4:]), []).append(message(p))
    return {n: found.get(n) for n in range(len(table))}


def expected(table):
    return {n: [to] if to else None for n, (_, to) in enumerate(table)}


def state():
    """The sessions, with their states, but without their times."""
    return sorted((row["proto"], row["source6"], row["source-port6"], row["source4"],
                   row["source-port4"], row["target4"], row["target-port"], row["state"] or "")
                  for row in sessions())


def times(port6):
    row, = (row for row in sessions() if row["source-port6"] == port6)
    return row["idle"], row["expires"]


config("set", "icmp-timeout", "=", "600")
begin(f"from any6 to {NINE}")
out, _ = net.from_client(udp(A6, 4000, P4, 7), tcp(A6, 4001, P4, 80), tcp(A6, 4002, P4, 81),
                         echo(A6, 4003, P4, 0))
ports = [end[1] for end in ends(out)]
# what, protocol, port of the peer, the host's and the pool's, lifetime
LIVE = [("UDP", udp, 7, 4000, ports[0], 300), ("TCP", tcp, 80, 4001, ports[1], 7440),
        ("a TCP SYN", tcp, 81, 4002, ports[2], 240), ("echo", echo, 0, 4003, ports[3], 600)]
net.from_server(udp(S4, 7, NINE, ports[0]), tcp(S4, 80, NINE, ports[1], flags="SA"),
                echo(S4, 0, NINE, ports[3]))
net.from_client(ack(A6, 4001, P4, 80))
before = state()
ok("four sessions", [row[-1] for row in before] == ["", "established", "v6-init", ""], before)
mappings, opened = count("mappings"), time.monotonic()
time.sleep(2.5)
for text, kind, peer, mine6, mine4, _ in LIVE:
    for family, wire, table, senders in (
            ("IPv4", net.from_server, TO_V6, [(S4, NINE), (ROUTER4, NINE)]),
            ("IPv6", net.from_client, TO_V4, [(A6, P4), (R66, P4)])):
        about = {"IPv4": (NINE, mine4, S4, peer), "IPv6": (P4, peer, A6, mine6)}[family]
        quotes = [bytes(kind(*about, data=b"0000", **more))[:-4]
                  for more in ([{"flags": flags} for flags in "SARF"] if kind is tcp else [{}])]
        out, _ = wire(*(error(*senders[n % 2], *kinds, quotes[n % len(quotes)] + b"%04d" % n)
                        for n, (kinds, _) in enumerate(table)))
        # req: D-093 D-128
        ok(f"{text}: errors of {family} hosts, and of routers, by RFC 7915",
           translated(table, out) == expected(table), translated(table, out), expected(table))
# req: D-016 D-094
ok("errors end no session, change none and open none", state() == before, state())
ok("... and no mapping", count("mappings") == mappings)
for text, _, _, mine6, _, full in LIVE:
    age = time.monotonic() - opened
    idle, expires = times(mine6)
    # req: D-016 D-094
    ok(f"... nor do they give {text} more time", idle > age - 1 and expires <= full - age + 1,
       idle, expires, age)
rise = Rise()
out, _ = net.from_server(
    *(error(S5, NINE, 3, code, 0, bytes(kind(NINE, mine4, S5, 7)))
      for _, kind, _, _, mine4, _ in LIVE for code in (0, 3, 4)))
ok("errors about packets that were sent to others do not pass", not out, show(out))
back, _ = net.from_client(
    *(error(A6, P5, 1, code, 0, bytes(kind(P5, 7, A6, mine6)))
      for _, kind, _, mine6, _, _ in LIVE for code in (0, 4)))
ok("... from IPv6, too", not back and rise["drop-no-session"] == 20, show(back))
# req: D-016
ok("... and open no session", state() == before and count("mappings") == mappings, state())

# req: D-023
since = time.monotonic()
out, _ = net.from_client(udp(A6, 4000, P4, 7), ack(A6, 4001, P4, 80), echo(A6, 4003, P4, 0))
for text, _, _, mine6, _, full in (LIVE[0], LIVE[1], LIVE[3]):
    idle, expires = times(mine6)
    late = time.monotonic() - since + 1
    ok(f"a packet gives {text} the full time again", idle <= late and full - expires <= late + 1,
       idle, expires, late)
ok("... in the session that there is", state() == before, state())
into, _ = net.from_server(udp(S4, 7, NINE, ports[0]), ack(S4, 80, NINE, ports[1]))
# req: D-094
ok("what errors were about goes on", ends(into) == [(P4, 7, A6, 4000), (P4, 80, A6, 4001)],
   show(into))

# req: D-089 D-112 D-113 D-114 D-117
for name, least, default in (("tcp-est-timeout", 7440, 7440), ("tcp-trans-timeout", 240, 240),
                             ("udp-timeout", 120, 300), ("icmp-timeout", 60, 60)):
    row, = json.loads(config("-j", "show", "variables", name))
    refused = fails("set", name, "=", str(least - 1))
    kept, = json.loads(config("-j", "show", "variables", name))
    ok(f"{name}: {default} seconds, never less than {least}",
       refused and row["value"] == kept["value"] and row["default"] == default
       and not fails("set", name, "=", str(least)), kept)
    config("set", name, "=", str(default))
net.from_client(tcp(A6, 4001, P4, 80, flags="FA"))
net.from_server(tcp(S4, 80, NINE, ports[1], flags="FA"))
idle, expires = times(4001)
ok("a closed connection has 240 seconds", 239 <= idle + expires <= 240, idle, expires)
# req: D-090
for name, other, port6, other6 in (("tcp-syn-timeout", "tcp-trans-timeout", 4002, 4001),
                                   ("tcp-trans-timeout", "tcp-syn-timeout", 4001, 4002)):
    config("set", name, "=", "5000")
    config("set", other, "=", "6000")
    lives = [sum(times(port)) for port in (port6, other6)]
    ok(f"{name} is for its phase alone",
       lives[0] in (4999, 5000) and lives[1] in (5999, 6000), lives)
for name in "tcp-syn-timeout", "tcp-trans-timeout":
    config("set", name, "=", "240")

# req: C-004
begin(f"from any6 to {NINE}")
rise, before, strays = Rise(), (count("sessions"), count("mappings")), ("A", "PA", "SA", "FA", "R", "")
out, back = net.from_client(*(tcp(A6, 4100 + n, P4, 80, b"x", flags)
                              for n, flags in enumerate(strays)))
ok("segments of the host that open nothing and belong to nothing are dropped in silence",
   not out and not back and rise["drop-no-session"] == len(strays), show(out + back))
out, back = net.from_server(*(tcp(S4, 80, NINE, 4100 + n, b"x", flags)
                              for n, flags in enumerate(strays)))
ok("... those of IPv4 hosts, too", not out and not back
   and rise["drop-no-mapping"] == len(strays), show(out + back))
ok("... and open nothing", (count("sessions"), count("mappings")) == before)

# req: D-084
begin(f"from any6 to {NINE}")
out, _ = net.from_client(*(tcp(A6, 7000, *peer) for peer in ((P4, 80), (P4, 81), (P5, 80))))
ok("TCP: one address and port whatever the peer",
   len(out) == 3 and len({end[:2] for end in ends(out)}) == 1, show(out))
port = ends(out)[0][1]
net.from_server(*(tcp(*peer, NINE, port, flags="SA") for peer in ((S4, 80), (S4, 81), (S5, 80))))
net.from_client(tcp(A6, 7000, P4, 80, flags="FA"))
net.from_server(tcp(S4, 80, NINE, port, flags="FA"))
out, _ = net.from_client(tcp(A6, 7000, P5, 81), ack(A6, 7000, P4, 81))
ok("... when the first connection is closed, too",
   ends(out) == [(NINE, port, S5, 81), (NINE, port, S4, 81)], show(out))
into, _ = net.from_server(tcp(S5, 99, NINE, port))
out, _ = net.from_client(tcp(A6, 7000, P5, 99, flags="SA"))
ok("... and for peers that open themselves", ends(into) == [(P5, 99, A6, 7000)]
   and ends(out) == [(NINE, port, S5, 99)], show(into + out))


def halves(packet, number):
    """The two fragments of a datagram."""
    at = 40 if isinstance(packet, IPv6) else 20
    data = bytes(packet)[at:]
    one, two = Raw(data[:400]), Raw(data[400:])
    if isinstance(packet, IPv6):
        ip = IPv6(src=packet.src, dst=packet.dst)
        return [ip / IPv6ExtHdrFragment(nh=17, m=1, id=number) / one,
                ip / IPv6ExtHdrFragment(nh=17, offset=50, id=number) / two]
    ip = {"src": packet.src, "dst": packet.dst, "proto": 17, "id": number}
    return [IP(**ip, flags="MF") / one, IP(**ip, frag=50) / two]


def whole(packets):
    """What the fragments of a datagram, or such that come whole, have in them."""
    parts = (p[IPv6ExtHdrFragment] if IPv6ExtHdrFragment in p else p for p in packets)
    return b"".join(bytes(part.payload) for part in parts)[8:]


# req: D-098 D-116
port = ends(net.from_client(udp(A6, 4000, P4, 7))[0])[0][1]
texts = [random.randbytes(600) for _ in range(2)]
up = [halves(udp(A6, 4000, P4, 7, text), 70 + n) for n, text in enumerate(texts)]
down = [halves(udp(S4, 7, NINE, port, text), 70 + n) for n, text in enumerate(texts)]
rise = Rise()
early = net.from_client(up[0][0])[0] + net.from_server(down[0][0])[0]
with namespace("router"):
    sysctl("net.ipv4.ipfrag_time", 1)
    sysctl("net.netfilter.nf_conntrack_frag6_timeout", 1)
early += net.from_client(up[1][0])[0] + net.from_server(down[1][0])[0]
time.sleep(2.2)
into, told4 = net.from_server(down[0][1], down[1][1])
out, told6 = net.from_client(up[0][1], up[1][1])
told6 += [p for p in into if ICMPv6TimeExceeded in p]
ok("fragments wait for more than 2 seconds, to IPv4", not early and whole(out) == texts[0],
   show(out))
ok("... and to IPv6", whole(p for p in into if p not in told6) == texts[0], show(into))
ok("... or for less where the kernel is told so", [message(p)[:2] for p in told4 + told6]
   == [(11, 1), (3, 1)] and rise["reassembled"] == 2, rise["reassembled"], show(told4 + told6))

# req: D-143
begin(f"from any6 to {NINE}")
rise, numbers = Rise(), (4, 33, 41, 47, 50, 103, 132, 136, 253)
out, _ = net.from_client(*(IPv6(src=A6, dst=P4, nh=n) / Raw(bytes(40)) for n in numbers))
into, _ = net.from_server(*(IP(src=S4, dst=NINE, proto=n) / Raw(bytes(40)) for n in numbers))
ok("no transport is forwarded but UDP, TCP and ICMP",
   not out and not into and rise["drop-unknown-protocol"] == 2 * len(numbers), show(out + into))

# Whatever hosts open and whatever ends: mappings and sessions are as in this model.
HOSTS = [f"2001:db8:6::1:{n:x}" for n in range(1, 7)]
PORTS = range(5000, 5020)
for host in HOSTS:
    net.client.add(host)
# {(protocol, prefix, host, its port): (address, port)}; and a peer's address and port with each
mappings, live = {}, set()
owners, wrong, foreign, refused = {}, [], [], 0


def drop(fits):
    """The sessions end for which this holds, and with them mappings."""
    live.difference_update({it for it in live if fits(*it)})
    for key in set(mappings) - {it[0] for it in live}:
        del mappings[key]


def hosts_send():
    """What has a mapping keeps it, the rest gets a port that is nobody's, or none."""
    global refused
    flows = []
    for n in range(40):
        proto, prefix = map(random.choice, (list(KINDS), (PREFIX, OTHER)))
        key = proto, prefix, random.choice(HOSTS), random.randrange(7000, 7012)
        flows.append((key, *map(random.choice, ((S4, S5), (7, 8)))))
    out, _ = net.from_client(*(
        KINDS[key[0]](*key[2:], embedded(peer, key[1]), port, data=b"%04d" % n)
        for n, (key, peer, port) in enumerate(flows)))
    seen = {int(p.original[-4:]): end for p, end in zip(out, ends(out))}
    for n, (key, peer, port) in enumerate(flows):
        if n not in seen:
            refused += 1
            if key in mappings:
                wrong.append((key, "has a mapping and is refused"))
            continue
        source, to = seen[n][:2], seen[n][2:]
        if to[0] != peer or key[0] != "icmp" and to[1] != port:
            foreign.append((key, to, "is not", peer, port))
        if mappings.setdefault(key, source) != source:
            wrong.append((key, source, "is not", mappings[key]))
        live.add((key, peer, 0 if key[0] == "icmp" else port))
        owners.setdefault((key[0], *source), set()).add(key)


def strangers_send():
    """Who sends to a port reaches the host that has it, if one does."""
    having = {(key[0], *source): key for key, source in mappings.items()}
    packets, wanted = [], []
    for n in range(15):
        proto, pool, port = map(random.choice, (list(KINDS), (EIGHT, NINE), PORTS))
        peer, sport = map(random.choice, ((S4, S5), (7, 8, 9)))
        packets.append(KINDS[proto](peer, sport, pool, port, data=b"%04d" % n))
        key = having.get((proto, pool, port))
        if key:
            is_echo = proto == "icmp"
            wanted.append((embedded(peer, key[1]), key[3] if is_echo else sport, *key[2:]))
            live.add((key, peer, 0 if is_echo else sport))
    into, _ = net.from_server(*packets)
    if ends(into) != wanted:
        wrong.append((ends(into), "is not", wanted))


def something_ends():
    host, peer, proto = map(random.choice, (HOSTS, (S4, S5), list(KINDS)))
    if random.random() < 0.5:
        config("session", "delete", "host", host, "proto", proto)
        drop(lambda key, _, __: key[2] == host and key[0] == proto)
    elif mappings and random.random() < 0.5:
        source = random.choice(sorted(mappings.values()))
        config("session", "delete", "pool", source[0], "port", str(source[1]), "peer", peer)
        drop(lambda key, it, _: mappings[key] == source and it == peer)
    else:
        config("session", "delete", "host", host, "peer", peer)
        drop(lambda key, it, _: key[2] == host and it == peer)


def compare():
    """Sessions and mappings against the model."""
    rows, found, sides6, sides4 = sessions(), set(), {}, {}
    for row in rows:
        prefix = PREFIX if row["target6"].startswith("2001:db8:64:") else OTHER
        key = row["proto"], prefix, row["source6"], row["source-port6"]
        source = row["source4"], row["source-port4"]
        port = 0 if row["proto"] == "icmp" else row["target-port"]
        found.add((key, row["target4"], port))
        sides6.setdefault(key, set()).add(source)
        sides4.setdefault((row["proto"], *source), set()).add(key)
        if IPv6Address(row["target6"]) != IPv6Address(embedded(row["target4"], prefix)):
            foreign.append(row)
    twice = [it for it in (*sides6.items(), *sides4.items()) if len(it[1]) > 1]
    if twice:
        wrong.append(("twice:", twice))
    if found != live or len(rows) != len(live):
        wrong.append(("sessions", found ^ live))
    if {key: next(iter(it)) for key, it in sides6.items()} != mappings:
        wrong.append("mappings")
    if count("mappings") != len(mappings) + 1:
        wrong.append((count("mappings"), "mappings are not", len(mappings) + 1))


for name in "udp-timeout", "tcp-syn-timeout", "icmp-timeout":
    config("set", name, "=", "86400")
config("prefix", OTHER)
begin(f"from 2001:db8:6::1:0/112 to {EIGHT} - {NINE} port {PORTS[0]} - {PORTS[-1]}")
rise = Rise()
for _ in range(3 if QUICK else 8):
    hosts_send()
    strangers_send()
    something_ends()
    something_ends()
    compare()
    if wrong:
        break
# req: D-003
ok("a host's port and a port of the pool are in one mapping, of each protocol",
   not wrong, *wrong[:5])
several = sum(len(keys) > 1 for keys in owners.values())
ok("... while ports come and go", several > (1 if QUICK else 20), several, len(live))
ok("... and are refused where there is none",
   refused == rise["drop-ports-exhausted"] > 0, refused, rise["drop-ports-exhausted"])
# req: D-008
ok("the peer of a session is one, in both families", not foreign, foreign)

# Hosts whose own addresses are under a prefix, because it is younger than their mappings.
config("prefix", "flush")
rules(f"from {P5} to {EIGHT}", f"from {P7} to {SEVEN} port 6000 - 6000", f"from any6 to {NINE}",
      before=[f"prefix {YOUNGER}"])
net.client.send(udp(P5, 7000, embedded(S4, YOUNGER), 7))
net.client.send(udp(P7, 6000, embedded(S4, YOUNGER), 7))
config("prefix", PREFIX)
out, _ = again()
theirs = ends(out)
ok("two hosts have mappings",
   [(end[0], end[2:]) for end in theirs] == [(EIGHT, (S4, 7)), (SEVEN, (S4, 7))]
   and theirs[1][1] == 6000 and {row["source6"] for row in sessions()} == {P5, P7}, show(out))
# req: D-009
out, back = net.from_client(udp(A6, 5000, P5, 7000))
ok("the destination of an IPv6 packet is an IPv4 host, whoever has a mapping of that address",
   [(end[0], end[2:]) for end in ends(out)] == [(NINE, (S5, 7000))] and not back, show(out + back))
mine = ends(out)[0][1]
into, back = net.from_server(udp(EIGHT, theirs[0][1], NINE, mine))
ok("the source of an IPv4 packet is an IPv4 host, whose port that is",
   ends(into) == [(P8, theirs[0][1], A6, 5000)], show(into))

# Loops
# req: D-110
net.client.add(P7)
run("ip", "-n", "router", "route", "add", PREFIX, "dev", "in6")
rise = Rise()
out, back = net.from_client(udp(A6, 5000, P7, 6000))
ok("a packet to the pool turns back once, even to an address that means the pool",
   not out and ends(back) == [(embedded(NINE, YOUNGER), mine, P7, 6000)]
   and rise["translated-4to6"] == 1, show(out + back))
rise = Rise()
out, back = net.from_client(*back * 50)
ok("... and is dropped if it comes again", not out and not back
   and rise["drop-source-in-prefix"] == 50 and rise["translated-4to6"] == 0, show(out + back))
run("ip", "-n", "router", "route", "del", PREFIX)
config("prefix", "flush")
config("prefix", PREFIX)
begin(f"from {A6} to {EIGHT}", f"from {B6} to {NINE}")
out, _ = net.from_client(udp(A6, 5000, P4, 7), udp(B6, 6000, P4, 7), tcp(A6, 5000, P4, 7),
                         tcp(B6, 6000, P4, 7))
a, b, tcp_a, tcp_b = (end[1] for end in ends(out))
rise = Rise()
forged = [kind(src, 77, dst, port) for kind in (udp, tcp, echo) for src in (P4, P8, P9)
          for dst, port in ((P4, 7), (P8, a), (P9, b))]
out, back = net.from_client(*forged)
ok("packets from under the prefix are dropped and counted",
   not out and not back and rise["drop-source-in-prefix"] == len(forged), show(out + back))
rise = Rise()
out, back = net.from_client(udp(A6, 5000, P8, a))
ok("a host reaches itself, once", not out and ends(back) == [(P8, a, A6, 5000)]
   and rise["translated-4to6"] == 1, show(back))

# Hairpins
for name, kind, a, b in ("UDP", udp, a, b), ("TCP", tcp, tcp_a, tcp_b):
    # req: D-106 D-138
    out, back = net.from_client(kind(A6, 5000, P9, b))
    ok(f"{name}: a host reaches another one by the pool, and is seen as its own address there",
       not out and ends(back) == [(P8, a, B6, 6000)] and sums_right(back[0]), show(out + back))
    seen = back[0] if back else IPv6()
    # req: D-107
    more = {"flags": "SA"} if kind is tcp else {}
    out, back = net.from_client(kind(B6, 6000, P8, a, **more))
    ok("... and the answer comes from where it was sent to",
       not out and ends(back) == [(P9, b, A6, 5000)] and sums_right(back[0]), show(out + back))
    # req: D-108
    for text, source, about in (
            ("port unreachable", B6, (1, 4, 0)), ("no route", R66, (1, 0, 0)),
            ("time exceeded", R66, (3, 0, 0)), ("packet too big", R66, (2, 0, 1400))):
        out, back = net.from_client(error(source, P8, *about, bytes(seen)))
        inner = quoted(back[0]) if back else IPv6()
        ok(f"... an error comes back, about the packet that was sent: {text}",
           not out and [(p.dst, message(p)[:2]) for p in back] == [(A6, about[:2])]
           and sums_right(back[0]) and ends([inner]) == [(A6, 5000, P9, b)] and sums_right(inner),
           show(out + back + [inner]))
ok("... connections are established", [row["state"] for row in sessions("proto", "tcp")
                                        if row["target4"] in (EIGHT, NINE)] == ["established"] * 2)

# Real sockets
# req: D-108
begin("from any6 to " + POOL)
closed = make_socket("server6", "::", socket.SOCK_DGRAM)
closed.bind(("2001:db8:5::10", 5001))
closed.sendto(b"x", (P4, 7))
closed.close()
net.from_client()
row, = (row for row in sessions() if row["source-port6"] == 5001)
asking = make_socket("client6", "::", socket.SOCK_DGRAM)
asking.connect((embedded(POOL), row["source-port4"]))
asking.send(b"x")
try:
    told = asking.recv(9)
except OSError as why:
    told = why
ok("UDP to a closed port of a host behind the router: connection refused",
   isinstance(told, ConnectionRefusedError), told)

# Load: an empty table, and one that is 95 % full.
# req: D-137
FULL = f"from 2001:db8:6::f to {SEVEN}"
FILTERS = {"none": {(P4, 7), (P4, 99), (P5, 99)}, "address": {(P4, 7), (P4, 99)},
           "port": {(P4, 7)}}
for text in "an empty table", "a table that is 95 % full":
    begin(FULL)
    if "full" in text:
        net.from_client(*(udp("2001:db8:6::f", 20000 + n, P4, 7) for n in range(120)))
    for filtering, admitted in FILTERS.items():
        for name, kind in ("UDP", udp), ("TCP", tcp):
            config("session", "delete", "pool", NINE)
            rules(FULL, f"from any6 to {NINE} filter {filtering}", before=())
            rise = Rise()
            first, _ = net.from_client(kind(A6, 4000, P4, 7))
            if "full" in text:
                config("set", "max-sessions", "=", str(count("sessions") * 100 // 95))
            out, _ = net.from_client(kind(A6, 4000, P4, 8), kind(A6, 4001, P4, 7),
                                     kind(A6, 4001, P4, 8))
            known, one, two = (end[:2] for end in ends(out))
            port = ends(first)[0][1]
            into, _ = net.from_server(*(kind(*peer, NINE, port)
                                        for peer in ((S4, 7), (S4, 99), (S5, 99))))
            ok(f"{text}, {name}, filter {filtering}: mappings and filters are what they are",
               known == (NINE, port) and one == two != known
               and {end[:2] for end in ends(into)} == admitted and rise["drop-session-limit"] == 0,
               show(first + out + into))
            config("set", "max-sessions", "=", "1048576")
