# SPDX-License-Identifier: GPL-2.0
"""ICMP errors as sockets see them, and as they are on the wire."""

import socket

from wire import *

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"


def bound(ns, family, kind, port=0):
    """A socket in a namespace."""
    sock = inside(ns, lambda: socket.socket(family, kind))
    sock.settimeout(60)
    sock.bind(("", port))
    return sock


def refused(action):
    try:
        action()
    except ConnectionRefusedError:
        return True
    return False


# req: D-130
client = bound("client6", socket.AF_INET6, socket.SOCK_DGRAM, 4000)
client.connect((SERVER46, 9))
client.send(b"x")
ok("UDP to a closed port of server4: connection refused", refused(lambda: client.recv(10)))
client.close()

client = bound("client6", socket.AF_INET6, socket.SOCK_STREAM)
ok("TCP to a closed port of server4: connection refused",
   refused(lambda: client.connect((SERVER46, 9))))
client.close()

# req: D-127 D-130
server = bound("server4", socket.AF_INET, socket.SOCK_DGRAM, 7)
client = bound("client6", socket.AF_INET6, socket.SOCK_DGRAM, 4000)
client.sendto(b"x", (SERVER46, 7))
_, peer = server.recvfrom(10)
ok("server4 sees the pool", peer[0] == POOL, peer)
client.close()
server.connect(peer)
server.send(b"late")
ok("UDP to a closed port of client6: connection refused", refused(lambda: server.recv(10)))

# On the wire.
net = Network()
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL)
seen = net.open(to4 / UDP(sport=4000, dport=7) / b"question")
answer = IP(bytes(to6 / UDP(sport=7, dport=seen[UDP].sport) / b"answer"))
answered, _ = net.from_server(answer)
sessions = config("-j", "show", "xlate")

# req: D-012 D-125 D-126 D-129 A-136
out, _ = net.from_server(IP(src="203.0.113.254", dst=POOL) / ICMP(type=3, code=1)
                         / Raw(bytes(seen)))
error = out[0] if len(out) == 1 else IPv6()
ok("host unreachable of an IPv4 router becomes no route from that router",
   ICMPv6DestUnreach in error and error[ICMPv6DestUnreach].code == 0
   and error.src == "2001:db8:64::cb00:71fe" and error.dst == A6 and sums_right(error), show(out))
inner = IPv6(bytes(error[ICMPv6DestUnreach].payload)) if ICMPv6DestUnreach in error else IPv6()
ok("… and quotes the packet as the host sent it",
   (inner.src, inner.dst) == (A6, "2001:db8:64::c633:6414") and UDP in inner
   and (inner[UDP].sport, inner[UDP].dport) == (4000, 7) and sums_right(inner), show([inner]))

out, _ = net.from_client(to4 / ICMPv6DestUnreach(code=4) / Raw(bytes(answered[0])))
error = out[0] if len(out) == 1 else IP()
ok("port unreachable of the IPv6 host becomes port unreachable from the pool",
   ICMP in error and (error[ICMP].type, error[ICMP].code, error.src, error.dst) == (3, 3, POOL, S4)
   and sums_right(error), show(out))
inner = IP(bytes(error[ICMP].payload)) if ICMP in error else IP()
ok("… and quotes the packet as the server sent it",
   (inner.src, inner.dst) == (S4, POOL) and UDP in inner
   and (inner[UDP].sport, inner[UDP].dport) == (7, seen[UDP].sport), show([inner]))

# req: A-164 A-168 D-127
out, _ = net.from_client(IPv6(src="2001:db8:6::fe", dst=S46) / ICMPv6TimeExceeded()
                         / Raw(bytes(answered[0])))
ok("an IPv6 router without an IPv4 address answers as the pool",
   [(p.src, p[ICMP].type, p[ICMP].code) for p in out if ICMP in p] == [(POOL, 11, 0)], show(out))


def strip(text):
    """Sessions without their times."""
    return [{k: v for k, v in row.items() if "idle" not in k and "expire" not in k}
            for row in json.loads(text)]


ok("errors open and close no session", strip(sessions) == strip(config("-j", "show", "xlate")))

# req: A-117 A-118 A-124
for mtu, want in (1400, 1420), (576, 1280), (9000, 1500):
    out, _ = net.from_server(IP(src="203.0.113.254", dst=POOL)
                             / ICMP(type=3, code=4, nexthopmtu=mtu) / Raw(bytes(seen)))
    ok(f"fragmentation needed {mtu} becomes packet too big {want}",
       [p[ICMPv6PacketTooBig].mtu for p in out if ICMPv6PacketTooBig in p] == [want], show(out))

# req: A-121
for mtu, want in (1400, 1380), (1280, 1260), (9000, 1480):
    out, _ = net.from_client(to4 / ICMPv6PacketTooBig(mtu=mtu) / Raw(bytes(answered[0])))
    ok(f"packet too big {mtu} becomes fragmentation needed {want}",
       [p[ICMP].nexthopmtu for p in out if ICMP in p] == [want], show(out))

# req: A-116 D-121
rise = Rise()
out, _ = net.from_server(to6 / ICMP(type=8, id=7))
ok("an echo request to the pool is not translated", not out, show(out))
ok("… and opens nothing", rise["sessions-opened"] == 0 and rise["drop-no-mapping"] == 1)
