# SPDX-License-Identifier: GPL-2.0
"""Which ports the hosts of deterministic rules get."""

from wire import *

net = Network()
net.sentinel6 = "2001:db8:6::5e"
net.client.add(net.sentinel6)
HOSTS = [f"2001:db8:6::7:{n:x}" for n in range(16)]
BLOCK, FIRST = 256, 2048
for host in HOSTS:
    net.client.add(host)


def rules(*lines):
    statements = ["map flush", f"map 1 from {net.sentinel6} to {POOL}", *lines]
    run("natptconfig", "-n", "router", "-f", "-", text="\n".join(statements) + "\n")
    net.port = None
    net.from_client()


def udp(src, sport, dst=S46):
    return IPv6(src=src, dst=dst) / UDP(sport=sport, dport=7) / b"x"


def tcp(src, sport):
    return IPv6(src=src, dst=S46) / TCP(sport=sport, dport=80, flags="S")


def ping(src, number):
    return IPv6(src=src, dst=S46) / ICMPv6EchoRequest(id=number)


def port(packet):
    return packet[ICMP].id if ICMP in packet else packet.sport


def wanted(n):
    """The address and the ports of a host."""
    first = FIRST + n % 8 * BLOCK
    return f"192.0.2.{8 + n // 8}", range(first, first + BLOCK)


def has(n, packets):
    addr, ports = wanted(n)
    return all(p.src == addr and port(p) in ports for p in packets)


# req: D-164
DETERMINISTIC = "map 10 from 2001:db8:6::7:0/124 to 192.0.2.8/31 port 2048 - 4095 block 256 per /128"
config("set", "evict", "=", "0")
config("set", "port-hold", "=", "0")
config("set", "host-rate", "=", "100000")
rules(DETERMINISTIC)
for kind in udp, tcp, ping:
    for n, host in enumerate(HOSTS):
        out, _ = net.from_client(*(kind(host, sport) for sport in range(9000, 9020)))
        ok(f"{kind.__name__}: host {n} has ports of its block",
           len(out) == 20 and len({port(p) for p in out}) == 20 and has(n, out),
           [(p.src, port(p)) for p in out][:5])
# req: D-165
out, _ = net.from_client(*(udp(HOSTS[3], sport) for sport in range(10000, 10060)))
ports = [port(p) for p in out]
ok("they are chosen at random", sorted(ports) != ports and max(ports) - min(ports) > BLOCK // 2, ports)
answers, _ = net.from_server(*(IP(src=S4, dst=p.src) / UDP(sport=7, dport=p.sport) / b"y"
                               for p in out[:20]))
ok("answers reach the host", [(p.dst, p.dport) for p in answers] ==
   [(HOSTS[3], sport) for sport in range(10000, 10020)], show(answers[:3]))

# The whole block is the host's, and nothing besides.
config("session", "flush")
net.port = None
net.from_client()
out, _ = net.from_client(*(udp(HOSTS[5], sport) for sport in range(1024, 1024 + 2 * BLOCK)))
given = {port(p) for p in out}
ok("a host gets all ports of its block", has(5, out) and given == set(wanted(5)[1]),
   (len(given), min(given), max(given)))
exhausted = Rise()
for evict in 0, 1:
    config("set", "evict", "=", str(evict))
    out, back = net.from_client(*(udp(HOSTS[5], sport) for sport in range(3000, 3010)))
    ok("no port beyond it" + ", at the cost of others" * evict, not out, show(out[:3]))
    ok("... the host is told", len(back) == 10 and all(ICMPv6DestUnreach in p for p in back),
       show(back[:3]))
ok("... which is counted", exhausted["drop-ports-exhausted"] == 20,
   exhausted["drop-ports-exhausted"])
ok("... and nobody else loses a session", exhausted["sessions-evicted"] == 0)
config("set", "evict", "=", "0")
out, _ = net.from_client(*(udp(HOSTS[4], sport) for sport in range(1024, 1024 + BLOCK)))
ok("its neighbour notices nothing", len(out) == BLOCK and has(4, out), len(out))

rules(DETERMINISTIC, "map 20 from any6 to 192.0.2.20")
out, _ = net.from_client(*(udp(HOSTS[5], sport, S56) for sport in range(3000, 3010)))
ok("a rule behind it gives more", [p.src for p in out] == 10 * ["192.0.2.20"], show(out[:3]))

# Hosts are prefixes: all their addresses share a block.
rules("map 10 from 2001:db8:6::/60 to 192.0.2.8/31 block 2016")
out, _ = net.from_client(*(udp(host, 9000) for host in HOSTS))
ok("all addresses of a /64 have its block",
   len(out) == 16 and {p.src for p in out} == {"192.0.2.8"} and
   all(1024 <= p.sport < 1024 + 2016 for p in out), [(p.src, p.sport) for p in out][:4])

# req: D-163
# A rule that names no ports begins behind the system ports, whatever a host's own ports are.
rules(f"map 10 from {HOSTS[0]}/124 to 192.0.2.8 block 256 per /128")
for kind in udp, tcp, ping:
    out, _ = net.from_client(*(kind(HOSTS[0], sport) for sport in range(900, 1200)))
    ok(f"{kind.__name__}: the first host has no system port",
       {port(p) for p in out} == set(range(1024, 1280)), sorted(port(p) for p in out)[:3])
out, _ = net.from_client(*(udp(host, sport) for host in HOSTS[1:] for sport in range(1000, 1024)))
ok("... nor have the others", len(out) == 15 * 24 and min(port(p) for p in out) >= 1280,
   min(port(p) for p in out))
