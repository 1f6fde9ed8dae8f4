# SPDX-License-Identifier: GPL-2.0
"""What filters let through, and what keeps sessions alive."""

import time

from wire import (
    A6, ICMP, IP, POOL, S4, S46, S5, S56, TCP, UDP, ICMPv6DestUnreach, ICMPv6EchoRequest, IPv6,
    Network, Raw, Rise)
from wire import config as natptconfig
from wire import json, ok

net = Network()


def rule(text):
    """A rule like this alone, and the port that it gives the host's port 4000."""
    natptconfig("map", "flush")
    natptconfig("map", "from", "any6", "to", POOL, *text.split())
    net.port = None
    net.from_client()
    return net.open(IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / b"open")[UDP].sport


def udp4(src, sport, port):
    return IP(src=src, dst=POOL) / UDP(sport=sport, dport=port) / b"in"


def passes(packet):
    return len(net.from_server(packet)[0]) == 1


def sessions(port):
    rows = json.loads(natptconfig("-j", "show", "xlate"))
    return {(row["target4"], row["target-port"]): row["idle"]
            for row in rows if row["source-port4"] == port}


def is_fresh(port, peer, since):
    """Whether a packet since then counts for the session with a peer."""
    return sessions(port)[peer] <= time.monotonic() - since + 1


def refreshes(packet, port, peer):
    since = time.monotonic()
    return passes(packet) and is_fresh(port, peer, since)


port = rule("filter address")
rise = Rise()
ok("filter address: another port of the server opens a session", passes(udp4(S4, 8, port)))
ok("... another address does not", not passes(udp4(S5, 7, port)))
ok("... which is counted by its name", rise["drop-filtered"] == 1)
ok("... and leaves nothing", set(sessions(port)) == {(S4, 7), (S4, 8)})
# req: D-032
time.sleep(2.5)
ok("what is dropped keeps nothing alive",
   not passes(udp4(S5, 7, port)) and sessions(port)[S4, 7] >= 2)
net.open(IPv6(src=A6, dst="2001:db8:64::" + S5) / UDP(sport=4000, dport=99) / b"talk")
ok("an address that the host has talked to since does", passes(udp4(S5, 7, port)))
natptconfig("session", "delete", "peer", S5)
ok("... but not when its sessions have ended", not passes(udp4(S5, 7, port)))

port = rule("filter port")
rise = Rise()
ok("filter port: answers pass", passes(udp4(S4, 7, port)))
ok("... nothing else does", not passes(udp4(S4, 8, port)) and not passes(udp4(S5, 7, port)))
ok("... and is counted", rise["drop-filtered"] == 2)
ping = net.open(IPv6(src=A6, dst=S46) / ICMPv6EchoRequest(id=77) / b"ping")
reply = IP(src=S4, dst=POOL) / ICMP(type=0, id=ping[ICMP].id) / b"ping"
# req: D-122
ok("... pings are answered, by those who were asked", passes(reply))
reply[IP].src = S5
ok("... and by nobody else", not passes(reply))

port = rule("")
time.sleep(2.5)
ok("packets of both sides keep a session alive", refreshes(udp4(S4, 7, port), port, (S4, 7)))

# req: D-031 D-032
port = rule("refresh outbound")
time.sleep(2.5)
ok("refresh outbound: packets from IPv4 do not",
   passes(udp4(S4, 7, port)) and sessions(port)[S4, 7] >= 2)
ok("... neither do strangers, who get no more time than there is",
   passes(udp4(S5, 7, port)) and sessions(port)[S5, 7] >= 2)
since = time.monotonic()
net.open(IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / b"again")
ok("... those of the host do", is_fresh(port, (S4, 7), since))
ok("... for strangers, too", passes(udp4(S5, 8, port)) and is_fresh(port, (S5, 8), since))
port = net.open(IPv6(src=A6, dst=S46) / TCP(sport=4000, dport=7, flags="S"))[TCP].sport
time.sleep(2.5)
answer = IP(src=S4, dst=POOL) / TCP(sport=7, dport=port, flags="SA")
ok("... of TCP either side's do", refreshes(answer, port, (S4, 7)))

# req: D-033
for text in "refresh outbound", "refresh both":
    port = rule(text)
    into, _ = net.from_server(udp4(S4, 7, port))
    time.sleep(2.5)
    if text == "refresh outbound":
        into, _ = net.from_server(udp4(S4, 7, port))
    closed = IPv6(src=A6, dst=S46) / ICMPv6DestUnreach(code=4) / Raw(bytes(into[0]))
    out, _ = net.from_client(closed)
    ok(f"{text}: that the host's port is closed is told", len(out) == 1 and ICMP in out[0])
    ok("... and keeps nothing alive", sessions(port)[S4, 7] >= 2, sessions(port))
port = net.open(IPv6(src=A6, dst=S46) / TCP(sport=4000, dport=80, flags="S"))[TCP].sport
knock = IP(src=S5, dst=POOL) / TCP(sport=99, dport=port, flags="S")
ok("TCP: a stranger knocks at the host's port", passes(knock))
time.sleep(2.5)
reset = IPv6(src=A6, dst=S56) / TCP(sport=4000, dport=99, flags="RA")
for turn in "is reset", "knocks again, and is reset":
    out, _ = net.from_client(reset)
    ok(f"... {turn}", [p[TCP].flags for p in out] == ["RA"])
    ok("... which keeps nothing alive", sessions(port)[S5, 99] >= 2, sessions(port))
    passes(knock)
