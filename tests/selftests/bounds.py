# SPDX-License-Identifier: GPL-2.0
"""What each may have, and what becomes of the others when somebody wants more."""

import multiprocessing
import random
import time

from stacks import QUICK, namespace
from wire import *

OTHER = "2001:db8:6::5e"  # whose packets are the sentinels
# another network behind the same link
FAR = "2001:db8:7::b"
CONNECTIONS = 5 if QUICK else 1000
SERVER, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"

run("ip", "-n", "router", "route", "add", "2001:db8:7::/64", "dev", "in6")
net = Network()
net.sentinel6 = OTHER
net.client.add(OTHER)
net.client.add(FAR)


def udp(sport, src=A6, dport=7):
    return IPv6(src=src, dst=S46) / UDP(sport=sport, dport=dport) / b"x"


def flows(first, count, **more):
    return [udp(first + n, **more) for n in range(count)]


def status(name):
    return json.loads(config("-j", "show", "mapping"))[name]


def begin(**options):
    """Nothing but the sentinel's mapping, and these options."""
    config("map", "flush")
    config("map", "from", "any6", "to", POOL)
    for name, value in options.items():
        config("set", name.replace("_", "-"), "=", str(value))
    net.port = None
    net.from_client()
    # so that the sentinels' session is answered, and makes room for nobody
    net.from_server()
    return Rise()


def told(back):
    """The codes of the errors that came back."""
    return {(p[ICMPv6DestUnreach].code, p.dst) for p in back if ICMPv6DestUnreach in p}


# req: D-146 D-157 D-179
# however long the packets take, nobody makes room
rise = begin(host_prefix=128, host_mappings=100, evict=0)
out, back = net.from_client(*flows(10000, 150))
ok("host-mappings: 100 of 150", len(out) == 100 and rise["drop-host-mappings"] == 50, len(out))
ok("… the host is told", told(back) == {(1, A6)}, show(back[:3]))
out, _ = net.from_client(*flows(10000, 20))
ok("… those that it has go on", len(out) == 20, len(out))
out, _ = net.from_client(*flows(10000, 60, src=B6))
ok("… a neighbour notices nothing", len(out) == 60, len(out))

# req: D-149
rise = begin(host_prefix=64)
out, _ = net.from_client(*flows(10000, 70))
ok("host-prefix: one address has half of it", len(out) == 50, len(out))
out, _ = net.from_client(*flows(10000, 70, src=B6))
ok("… all of the prefix together have it", len(out) == 49, len(out))
ok("… which is counted", rise["drop-host-mappings"] == 20 + 21)
out, _ = net.from_client(*flows(10000, 40, src=FAR))
ok("… another network notices nothing", len(out) == 40, len(out))
rise = begin()
out, _ = net.from_client(*flows(10000, 50))
ok("… what has ended counts no more", len(out) == 50, len(out))

# req: D-148
rise = begin(host_prefix=128, host_mappings=32768, host_sessions=60)
out, _ = net.from_client(*(udp(10000, dport=n) for n in range(1, 81)))
ok("host-sessions: 60 of 80", len(out) == 60 and rise["drop-host-sessions"] == 20, len(out))
port = out[0].sport
into, _ = net.from_server(*(IP(src=S5, dst=POOL) / UDP(sport=n, dport=port) for n in range(1, 31)))
ok("… those that others open do not count", len(into) == 30, len(into))
out, _ = net.from_client(*(udp(10000, src=B6, dport=n) for n in range(1, 31)))
ok("… a neighbour notices nothing", len(out) == 30, len(out))

# req: D-147
rise = begin(host_sessions=262144, host_rate=1)
out, _ = net.from_client(*flows(10000, 40))
first = len(out)
ok("host-rate: a flood is refused", first < 40 and rise["drop-host-rate"] == 40 - first, first)
out, _ = net.from_client(udp(10000, src=B6))
ok("… a neighbour notices nothing", len(out) == 1, len(out))
time.sleep(1.2)
out, _ = net.from_client(udp(20000))
ok("… a second later there is one more", len(out) == 1, len(out))

# req: D-148
rise = begin(host_rate=8192, mapping_sessions=30)
out, _ = net.from_client(udp(10000))
port = out[0].sport
into, _ = net.from_server(*(IP(src=S5, dst=POOL) / UDP(sport=n, dport=port) for n in range(1, 51)))
ok("mapping-sessions: 29 strangers of 50", len(into) == 29, len(into))
ok("… which is counted", rise["drop-mapping-sessions"] == 21)
out, _ = net.from_client(*(udp(10000, dport=n) for n in range(100, 120)))
ok("… the host itself may go on", len(out) == 20, len(out))
into, _ = net.from_server(IP(src=S4, dst=POOL) / UDP(sport=7, dport=port))
ok("… and is answered", len(into) == 1, len(into))

# No room: a table that is full, then a pool that is
rise = begin(mapping_sessions=4096)
config("set", "max-mappings", "=", str(status("mappings") + 50))
out, _ = net.from_client(*flows(10000, 60))
ok("max-mappings", len(out) == 50 and rise["drop-mapping-limit"] == 10, len(out))
for text, limits, reason in (
        ("table", {"max_sessions": 300}, "drop-session-limit"),
        ("pool", {"max_sessions": 1048576}, "drop-ports-exhausted")):
    rise = begin(max_mappings=1048576, port_hold=0, **limits)
    if text == "pool":
        config("map", "flush")
        config("map", "from", "any6", "to", POOL, "port", "2000", "-", "2299")
        net.port = None
        net.from_client()
        net.from_server()
    # however long the packets take
    config("set", "evict", "=", "0")
    with namespace("client6"):
        friend = socket.create_connection((SERVER46, 9), 60)
    friend.send(b"one")
    out, _ = net.from_client(*flows(10000, 330))
    ok(f"a full {text}: what is not answered may be", 290 < len(out) <= 300, len(out))
    ok("… and no more", rise["sessions-evicted"] == 0 and rise[reason] == 330 - len(out))
    config("set", "evict", "=", "1")
    time.sleep(6)
    out, _ = net.from_client(*flows(20000, 20, src=B6))
    # a part of the table is looked at, so that one or two may find nothing
    ok("… then others take its place", len(out) > 10 and rise["sessions-evicted"] > 10, len(out))
    ok("… but not that of a connection", friend.recv(3) == b"one")
    config("set", "evict", "=", "0")
    out, _ = net.from_client(*flows(30000, 20, src=B6))
    ok("… unless nobody shall go", len(out) < 5, len(out))
    friend.close()


def flood(wire, packets):
    """Send at full speed."""
    while True:
        for packet in packets:
            wire.send(*packet)


# A server whose address is known to everybody, and strangers who forge theirs: it answers them, and they
# never say a word more.
def segment4(source, flags, **more):
    return IP(src=source, dst=POOL) / TCP(sport=7, dport=80, flags=flags, **more)


begin(host_prefix=64, host_sessions=120, mapping_sessions=4096, evict=1)
config("map", "from", "daddr", POOL, "dport", "80", "to", "daddr", B6, "proto", "tcp")
run("ip", "-n", "router", "route", "replace", "11.0.0.0/8", "via", SERVER)
rise = Rise()
for first in 0, 40:
    forged = [f"11.0.1.{first + n}" for n in range(40)]
    net.from_server(*[segment4(source, "S") for source in forged])
    net.from_client(*[IPv6(src=B6, dst="2001:db8:64::" + source) / TCP(sport=80, dport=7, flags="SA")
                      for source in forged])
    net.from_server(segment4("11.0.1.1", "A"))
# where it takes long, the first ones have made room for the last
ok("a server's half-open connections have a bound", rise["drop-host-sessions"] + rise["sessions-evicted"] == 20,
   rise["drop-host-sessions"], rise["sessions-evicted"])
wait = time.monotonic() + 6
while time.monotonic() < wait:
    time.sleep(0.5)
out, _ = net.from_server(*[segment4(f"11.0.2.{n}", "S") for n in range(30)])
# as far as they are among those that are looked at
ok("… those of which nothing was heard make room for others", len(out) > 20, len(out))
sessions = json.loads(config("-j", "show", "xlate", "proto", "tcp"))
ok("… not one that is a connection", "11.0.1.1" in {row["target4"] for row in sessions})

begin(host_prefix=64, host_sessions=262144, host_mappings=5000, evict=1)
out, _ = net.from_client(udp(9999))
port = out[0].sport
rise = Rise()
ports = [random.randrange(1024, 65536).to_bytes(2, "big") for _ in range(6000)]
datagram = bytes(udp(7))
knock = bytes(IPv6(src="2001:db8:7::1", dst=S46) / TCP(dport=7, flags="S"))
stranger = bytes(IP(src="11.0.0.1", dst=POOL) / UDP(sport=7, dport=port))
six = [patched(datagram, (40, ports[n])) for n in range(3000)]
six += [patched(knock, (16, n.to_bytes(2, "big")), (40, ports[n])) for n in range(3000, 6000)]
four = [patched(stranger, (13, n.to_bytes(2, "big"))) for n in range(6000)]
run("ip", "-n", "router", "route", "replace", "11.0.0.0/8", "via", SERVER)
floods = [multiprocessing.Process(target=flood, args=args, daemon=True)
          for args in ((net.client, six), (net.server, four))]
for it in floods:
    it.start()
succeeded = 0
with namespace("client6"):
    for n in range(CONNECTIONS):
        try:
            with socket.create_connection((SERVER46, 9), 60) as one:
                one.send(b"x")
                succeeded += one.recv(1) == b"x"
        except OSError as why:
            print("#", n, why)
met = [0, 0]
for _ in range(300):
    # however few packets a slow machine has sent in that time
    met = [rise["drop-host-mappings"], rise["drop-mapping-sessions"] + rise["sessions-evicted"]]
    if min(met) > 0:
        break
    time.sleep(1)
for it in floods:
    it.kill()
    it.join()
ok(f"{CONNECTIONS} connections of a neighbour beside two floods", succeeded == CONNECTIONS,
   succeeded)
ok("… of which each met a limit, or made room for itself", min(met) > 0, met)
