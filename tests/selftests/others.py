# SPDX-License-Identifier: GPL-2.0
"""Other protocols than TCP, UDP and ICMP by stateful rules, packet by packet."""

import time

from wire import *

net = Network()
net.sentinel6 = "2001:db8:6::5e"
net.client.add(net.sentinel6)
NINE, TEN = "192.0.2.9", "192.0.2.10"
# As Scapy prints them
S46, S56 = "2001:db8:64::c633:6414", "2001:db8:64::c633:6415"
IPIP, DCCP, IPV6, GRE, ESP, AH, SCTP, UDPLITE, ODD = 4, 33, 41, 47, 50, 51, 132, 136, 253
PORTLESS = IPIP, IPV6, GRE, ESP, AH, ODD
PORTS = DCCP, SCTP, UDPLITE
DATA = bytes(range(1, 25))


def rules(*lines, extra=()):
    """These are the rules, besides the one of who tells the end of a test."""
    statements = ["session flush", "map flush", f"map 1 from {net.sentinel6} to {POOL}", *extra]
    statements += [f"map {10 * (n + 1)} {line}" for n, line in enumerate(lines)]
    run("natptconfig", "-n", "router", "-f", "-", text="\n".join(statements) + "\n")
    net.port = None
    net.from_client()


def payload(proto, sport, dport, addrs=None):
    """A packet's bytes: ports where the protocol has some, a checksum where that counts addresses."""
    if proto not in PORTS:
        return DATA
    head = sport.to_bytes(2, "big") + dport.to_bytes(2, "big")
    if proto == SCTP:
        return head + DATA
    # Data offset and full coverage; the sum is over all of it
    rest = (b"\x04\x00" if proto == DCCP else len(DATA + head + bytes(4)).to_bytes(2, "big"))
    body = head + rest + bytes(2) + DATA
    pseudo = b"".join(socket.inet_pton(socket.AF_INET6 if ":" in it else socket.AF_INET, it)
                      for it in addrs) + len(body).to_bytes(4, "big") + bytes(3) + bytes([proto])
    check = scapy.utils.checksum(pseudo + body) or 0xFFFF
    return head + rest + check.to_bytes(2, "big") + DATA


def six(proto, src=A6, dst=S46, sport=4000, dport=7):
    return IPv6(src=src, dst=dst, nh=proto) / Raw(payload(proto, sport, dport, (src, dst)))


def four(proto, src=S4, dst=POOL, sport=7, dport=4000):
    return IP(src=src, dst=dst, proto=proto) / Raw(payload(proto, sport, dport, (src, dst)))


def data(packet):
    return bytes(packet.payload)


def told(packets, kind, code):
    """Who got such an error."""
    return [p.dst for p in packets if isinstance(p, IPv6) and p.nh == 58 and data(p)[0] == kind
            and data(p)[1] == code or isinstance(p, IP) and p.proto == 1 and data(p)[0] == kind
            and data(p)[1] == code]


# req: D-020 D-021
rules(f"from any6 to {POOL}")
for proto in GRE, SCTP:
    rise = Rise()
    out, back = net.from_client(six(proto))
    ok(f"{proto}: a rule without `other` refuses it", not out and told(back, 1, 4) == [A6],
       show(out + back))
    out, back = net.from_server(four(proto))
    ok("... and what comes from the other side", not out and told(back, 3, 2) == [S4],
       show(out + back))
    ok("... which is counted", rise["drop-unknown-protocol"] == 2)

# fault: state-17
rules(f"from any6 to {POOL} proto icmp/tcp/udp/other")
for proto in PORTLESS + PORTS:
    out, back = net.from_client(six(proto))
    ok(f"{proto}: a host's packet has the pool address", len(out) == 1 and not back
       and (out[0].src, out[0].dst, out[0].proto) == (POOL, S4, proto), show(out + back))
    ok("... the same ports, and the right checksum",
       data(out[0]) == payload(proto, 4000, 7, (POOL, S4)), show(out))
    out, back = net.from_server(four(proto))
    ok("... its peer's answer reaches it", len(out) == 1 and not back
       and (out[0].src, out[0].dst, out[0].nh) == (S46, A6, proto), show(out + back))
    ok("... whole", data(out[0]) == payload(proto, 7, 4000, (S46, A6)), show(out))
    out, back = net.from_server(four(proto, src=S5))
    ok("... of nobody else's, who is not told that nobody speaks it", not out and not back,
       show(out + back))
    # One address and peer, two hosts
    rise = Rise()
    out, back = net.from_client(six(proto, src=B6))
    ok("... another host gets no session with that peer", not out and told(back, 1, 3) == [B6],
       show(out + back))
    ok("... which is counted", rise["drop-ports-exhausted"] == 1)
    out, back = net.from_client(six(proto, src=B6, dst=S56))
    ok("... but with another peer", len(out) == 1 and (out[0].src, out[0].dst) == (POOL, S5),
       show(out + back))
    out, _ = net.from_server(four(proto), four(proto, src=S5))
    ok("... and each gets its own", [p.dst for p in out] == [A6, B6], show(out))
    if proto in PORTS:
        out, _ = net.from_client(six(proto, src=B6, sport=4001))
        back, _ = net.from_server(four(proto, dport=4001))
        ok("... or from another port", len(out) == 1 and [p.dst for p in back] == [B6],
           show(out + back))

# Errors about them
for proto in GRE, ESP, SCTP, UDPLITE:
    sent, _ = net.from_client(six(proto))
    error = IP(src=S5, dst=POOL) / ICMP(type=3, code=4, nexthopmtu=1300) / bytes(sent[0])
    out, _ = net.from_server(error)
    ok(f"{proto}: `fragmentation needed` reaches its host",
       len(out) == 1 and out[0].dst == A6 and ICMPv6PacketTooBig in out[0]
       and out[0][ICMPv6PacketTooBig].mtu == 1320, show(out))
    quoted = bytes(out[0][ICMPv6PacketTooBig].payload)
    ok("... and is about what it sent", quoted == bytes(six(proto, dst=S46)[IPv6])[:6] + quoted[6:8]
       + bytes(six(proto))[8:], show(out))
    got, _ = net.from_server(four(proto))
    error = IPv6(src=A6, dst=S46) / ICMPv6DestUnreach(code=4) / bytes(got[0])
    out, _ = net.from_client(error)
    ok("... and a host's error its peer", len(out) == 1 and (out[0].src, out[0].dst) == (POOL, S4)
       and out[0][ICMP].type == 3 and data(out[0])[8 + 9] == proto, show(out))

# What has no upper layer, or is of one IP version only
for proto in 0, 2, 43, 44, 58, 59, 60, 135, 140:
    out, _ = net.from_server(IP(src=S4, dst=POOL, proto=proto) / Raw(DATA))
    ok(f"{proto}: no protocol of IPv4 for hosts", not out, show(out))
for proto in 1, 2, 59, 135, 140:
    out, _ = net.from_client(IPv6(src=A6, dst=S46, nh=proto) / Raw(DATA))
    ok(f"{proto}: no protocol of IPv6", not out, show(out))
rise = Rise()
out, _ = net.from_client(IPv6(src=A6, dst=S46, nh=SCTP) / Raw(b"\0\1\0"),
                         IPv6(src=A6, dst=S46, nh=UDPLITE) / Raw(bytes(7)))
ok("a header without ports or checksum", not out and rise["drop-truncated"] == 2, show(out))

# Fragments are one packet, as others'
whole = IPv6(src=A6, dst=S46, nh=ESP) / Raw(bytes(2000))
raw = bytes(whole)[40:]
pieces = [IPv6(src=A6, dst=S46) / IPv6ExtHdrFragment(nh=ESP, offset=at // 8, m=at + 1000 < 2000, id=77)
          / Raw(raw[at:at + 1000]) for at in (0, 1000)]
out, _ = net.from_client(*pieces)
ok("ESP in fragments", sum(len(data(p)) for p in out) == 2000 and {p.proto for p in out} == {ESP},
   show(out))

# Limits are theirs, too.
rules(f"from any6 to {POOL} proto other", extra=["set max-sessions = 3"])
out, _ = net.from_client(six(GRE), six(ESP), six(SCTP))
ok("max-sessions", len(out) == 2, show(out))
rules(f"from any6 to {POOL} proto other", extra=["set max-sessions = 1048576"])

# Other rules, and addresses beside each other
rules(f"from {A6} to {NINE} proto tcp", f"from any6 to {TEN} proto other", f"from any6 to {NINE}")
out, _ = net.from_client(six(GRE), IPv6(src=A6, dst=S46) / UDP(sport=1, dport=2),
                         IPv6(src=A6, dst=S46) / TCP(sport=1, dport=2))
ok("the rule for it is taken", [p.src for p in out] == [TEN, NINE, NINE], show(out))
rules(f"from any6 to {NINE} proto other", f"from any6 to {TEN} proto other")
out, _ = net.from_client(six(GRE), six(GRE, src=B6))
ok("where an address and peer are taken, the next rule's is", [p.src for p in out] == [NINE, TEN],
   show(out))
out, _ = net.from_server(four(GRE, dst=NINE), four(GRE, dst=TEN))
ok("... and each gets its own", [p.dst for p in out] == [A6, B6], show(out))
out, _ = net.from_client(six(ESP, src=B6))
ok("another protocol is apart", [p.src for p in out] == [NINE], show(out))

# Static mappings are open from the other side.
rules(f"from {A6} to {NINE} proto other bidir", f"from any6 to {NINE} proto tcp/udp/icmp")
out, _ = net.from_server(four(GRE, dst=NINE), four(SCTP, dst=NINE, src=S5))
ok("IPv4 hosts reach a static host", [(p.src, p.dst) for p in out] == [(S46, A6), (S56, A6)],
   show(out))
out, _ = net.from_client(six(GRE), six(SCTP, dst=S56))
ok("... its answers have its address", [(p.src, p.dst) for p in out] == [(NINE, S4), (NINE, S5)],
   show(out))
out, back = net.from_client(six(GRE, src=B6))
ok("... others have none", not out and told(back, 1, 4) == [B6], show(out + back))
rules(f"from {A6} to {NINE} proto other bidir", f"from any6 to {NINE} proto other")
rise = Rise()
out, back = net.from_client(six(GRE, src=B6, dst=S56))
ok("the address of a static mapping is for no other host", not out
   and rise["drop-ports-exhausted"] == 1, show(out + back))

# Where there was a static mapping once, as where there was none
rules(f"from any6 to {NINE} proto other")
out, _ = net.from_client(six(GRE), six(GRE, src=B6, dst=S56))
ok("hosts share an address still", [(p.src, p.dst) for p in out] == [(NINE, S4), (NINE, S5)],
   show(out))
out, back = net.from_client(six(GRE, src=B6))
ok("... but no peer", not out and told(back, 1, 3) == [B6], show(out + back))

# Two addresses
rules(f"from any6 to {NINE} - {TEN} proto udp/other")
hosts = [f"2001:db8:6::{n:x}" for n in (0xa1, 0xb1, 0xc1, 0xd1)]
for host in hosts:
    net.client.add(host)
run("natptconfig", "-n", "router", "set", "host-prefix", "=", "128")
out, back = net.from_client(*(six(GRE, src=host) for host in hosts))
ok("of two addresses two hosts get one each with the same peer, whoever they are",
   sorted(p.src for p in out) == sorted([NINE, TEN]) and len(told(back, 1, 3)) == 2, show(out + back))
more = "2001:db8:6::e1"
net.client.add(more)
net.from_client(*(IPv6(src=more, dst=S46) / UDP(sport=7, dport=7) / b"x" for _ in range(2)))
out, back = net.from_client(six(ESP, src=hosts[0]), six(ESP, src=more), six(ESP, src=hosts[1]))
ok("... the other one where its own is taken", len(out) == 2 and len({p.src for p in out}) == 2
   and len(told(back, 1, 3)) == 1, show(out + back))
run("natptconfig", "-n", "router", "set", "host-prefix", "=", "64")

# Two prefixes: one address and peer are for one of them.
rules(f"from any6 to {NINE} proto other", extra=["prefix 2001:db8:65::/96"])
out, back = net.from_client(six(GRE), six(GRE, dst="2001:db8:65::c633:6415"))
ok("a host under two prefixes has an address for one of them", [p.dst for p in out] == [S4]
   and told(back, 1, 3) == [A6], show(out + back))
run("natptconfig", "-n", "router", "-f", "-", text="prefix flush\nprefix 2001:db8:64::/96\n")

# An unanswered session makes room, a conversation does not.
rules(f"from any6 to {NINE} proto other", extra=["set evict = 1"])
net.from_client(six(GRE), six(ESP))
net.from_server(four(ESP, dst=NINE))
end = time.monotonic() + 6
while time.monotonic() < end:
    time.sleep(0.5)
out, back = net.from_client(six(GRE, src=B6), six(ESP, src=B6))
ok("a session that nobody answered makes room, one that was answered does not",
   [(p.src, p.proto) for p in out] == [(NINE, GRE)] and told(back, 1, 3) == [B6], show(out + back))
run("natptconfig", "-n", "router", "set", "evict", "=", "0")

# Hosts behind the same box
rules(f"from {A6} to {NINE} proto other bidir", f"from any6 to {TEN} proto other")
out, back = net.from_client(six(GRE, src=B6, dst="2001:db8:64::" + NINE))
ok("a hairpin", not out and [(p.src, p.dst, p.nh) for p in back]
   == [("2001:db8:64::c000:20a", A6, GRE)], show(out + back))

# How long they live
rules(f"from any6 to {POOL} proto icmp/tcp/udp/other", extra=["set other-timeout = 777"])
net.from_client(six(GRE))
left = [it["expires"] for it in json.loads(config("-j", "show", "xlate", "proto", "gre"))]
ok("other-timeout", len(left) == 1 and 700 < left[0] <= 777, str(left))
