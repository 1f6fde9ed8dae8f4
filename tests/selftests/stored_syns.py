# SPDX-License-Identifier: GPL-2.0
"""SYNs that nobody waits for: held, answered late, bounded, and forgotten."""

import time

from scapy.layers.inet import TCPerror
from wire import (
    A6, B6, ICMP, IP, POOL, S4, S46, S5, TCP, UDP, IPerror, IPv6, Network, Rise, json, ok)
from wire import config as natptconfig

net = Network()
LATE = 60
SECOND = "192.0.2.2"


def syn(src, sport, dport, flags="S"):
    return IP(src=src, dst=POOL) / TCP(sport=sport, dport=dport, flags=flags, seq=1000 + sport)


def mapped(sport):
    """The pool's port for a TCP port of the host, with a session to the server's port 7."""
    return net.open(IPv6(src=A6, dst=S46) / TCP(sport=sport, dport=7, flags="S"))[TCP].sport


def silent(*packets):
    """Nothing comes of packets at once, on either side."""
    forwarded, returned = net.from_server(*packets)
    return not forwarded and not returned


def renew():
    """Another session for the sentinels."""
    net.port = None
    net.from_client()


def answer(wait=LATE):
    """The next packet for the hosts of the server's side."""
    return net.server.next(wait)


def quiet(seconds):
    return answer(seconds) is None


def is_refusal(packet, of):
    return (packet is not None and ICMP in packet
            and (packet[ICMP].type, packet[ICMP].code) == (3, 3)
            and packet[IP].dst == of[IP].src and IPerror in packet and TCPerror in packet
            and bytes(packet[IPerror])[:40] == bytes(of)[:40])


natptconfig("set", "port-hold", "=", "0")
# req: D-051 D-055 D-057 D-087 D-088 D-115
rise = Rise()
one = syn(S4, 1111, 40000)
since = time.monotonic()
ok("a SYN to a port that nobody has is not answered at once", silent(one))
ok("... it is dropped by its name, and waits",
   (rise["drop-no-mapping"], rise["syns-held"]) == (1, 1))
ok("... another like it does not wait apart",
   silent(one) and (rise["drop-no-mapping"], rise["syns-held"]) == (2, 1))
ok("... other segments do not wait", silent(syn(S4, 1112, 40000, "A"), syn(S4, 1113, 40000, "SA"),
                                            syn(S4, 1114, 40000, "F")) and rise["syns-held"] == 1)
refusal = answer()
ok("... its sender is told that the port is unreachable", is_refusal(refusal, one), refusal)
ok("... after 6 seconds", time.monotonic() - since >= 6, time.monotonic() - since)
ok("... which is counted", rise["syns-answered"] == 1)
ok("... once", quiet(2))

# req: D-052 D-026
natptconfig("map", "flush")
natptconfig("map", "from", "any6", "to", POOL, "filter", "port")
renew()
port = mapped(4000)
rise = Rise()
one = syn(S4, 2222, port)
ok("filter port: a SYN to a host's port is not answered at once",
   silent(one) and (rise["drop-filtered"], rise["syns-held"]) == (1, 1))
ok("... but late", is_refusal(answer(), one))
# req: D-056 D-058
one, two = syn(S4, 3333, port), syn(S5, 3333, port)
ok("two of them wait", silent(one, two) and rise["syns-held"] == 3)
out = net.open(IPv6(src=A6, dst=S46) / TCP(sport=4000, dport=3333, flags="S"))
ok("... the host opens a connection to one's sender",
   (out[TCP].sport, out[TCP].dport) == (port, 3333))
forwarded, _ = net.from_server(syn(S4, 3333, port, "SA"))
ok("... who answers", len(forwarded) == 1 and forwarded[0][TCP].dport == 4000)
rows = json.loads(natptconfig("-j", "show", "xlate"))
state = [row["state"] for row in rows if row["target-port"] == 3333]
ok("... which makes it a connection", state == ["established"], state)
ok("... the other sender is told", is_refusal(answer(), two))
ok("... and this one is not", quiet(2))

# req: D-179 D-181
# Bounds
natptconfig("set", "source-syns", "=", "4")
rise = Rise()
many = [syn(S4, 5000 + n, 40000) for n in range(10)]
ok("one address has no more waiting than source-syns allows",
   silent(*many, syn(S5, 5000, 40000)) and rise["drop-syn-limit"] == 6, rise["drop-syn-limit"])
ok("... which nobody else notices", rise["syns-held"] == 5, rise["syns-held"])
told = [answer() for _ in range(5)]
ok("... those that wait are answered", all(it is not None and ICMP in it for it in told))
natptconfig("set", "source-syns", "=", "16")
natptconfig("set", "held-syns", "=", "6")
rise = Rise()
ok("all together have no more than held-syns allows",
   silent(*[syn(S5, 6000 + n, 40000) for n in range(10)])
   and (rise["syns-held"], rise["drop-syn-limit"]) == (6, 4))
told = [answer() for _ in range(6)]
ok("... those that wait are answered, too", all(it is not None and ICMP in it for it in told))
ok("... and make room", quiet(1) and silent(syn(S4, 6100, 40000)) and rise["syns-held"] == 7)
ok("connections are opened all the same", mapped(4100) > 0)

# req: D-181
# Room for one, which is there again after the time of a SYN that the host has answered by its own
natptconfig("set", "held-syns", "=", "1")
natptconfig("map", "flush")
natptconfig("map", "1", "from", net.sentinel6, "to", POOL)
natptconfig("map", "2", "from", B6, "to", SECOND, "port", "5000", "-", "5000", "filter", "port")
renew()
rise = Rise()
host, at = {"src": B6, "dst": S46}, {"src": S4, "dst": SECOND}
net.open(IPv6(**host) / TCP(sport=4000, dport=7, flags="S"))
waits, other = (IP(**at) / TCP(sport=port, dport=5000, flags="S", seq=port) for port in (3400, 3500))
ok("room for one: a SYN waits, and no other", silent(waits, other)
   and (rise["syns-held"], rise["drop-syn-limit"]) == (1, 1))
net.open(IPv6(**host) / TCP(sport=4000, dport=3400, flags="S"))
end = time.monotonic() + LATE
while rise["syns-held"] == 1 and time.monotonic() < end:
    time.sleep(0.5)
    silent(other)
ok("... until its time is over, and the host has opened that connection",
   (rise["syns-held"], rise["syns-answered"]) == (2, 0))
# UDP with the same addresses and ports
out = net.open(IPv6(**host) / UDP(sport=4000, dport=3500))
into, _ = net.from_server(IP(**at) / UDP(sport=3500, dport=5000), IP(**at) / UDP(sport=9, dport=5000),
                          IP(**at) / UDP(sport=9, dport=40000))
ok("UDP of the same addresses and ports is another's", (out.src, out[UDP].sport) == (SECOND, 5000)
   and len(into) == 1 and UDP in into[0] and rise["syns-held"] == 2, into)
ok("... and the SYN is answered late all the same", is_refusal(answer(), other)
   and rise["syns-answered"] == 1)
ok("... it alone", quiet(2))
natptconfig("set", "held-syns", "=", "6")
natptconfig("map", "flush")
natptconfig("map", "from", "any6", "to", POOL)
renew()
ok("a SYN waits", silent(syn(S4, 6200, 40000)) and rise["syns-held"] == 3)

# Forgotten
natptconfig("session", "delete", "peer", S4)
ok("session delete: what waits is not answered any more", quiet(8))
renew()
for text, words in (("map flush", ["map", "flush"]), ("map disable", ["map", "disable"])):
    rise = Rise()
    ok(text + ": a SYN waits", silent(syn(S4, 7000, 40000)) and rise["syns-held"] == 1)
    natptconfig(*words)
    ok("... and is forgotten", quiet(8) and rise["syns-answered"] == 0)
    natptconfig("map", "flush")
    natptconfig("map", "from", "any6", "to", POOL)
    natptconfig("map", "enable")
    renew()

# req: D-088
natptconfig("set", "icmp-errors", "=", "0")
rise = Rise()
ok("without ICMP errors nobody is told", silent(syn(S4, 8000, 40000)) and quiet(8)
   and rise["syns-answered"] == 0)
