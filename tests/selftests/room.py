# SPDX-License-Identifier: GPL-2.0
"""What makes room for others when there is none, and what does not."""

import time

from stacks import QUICK, namespace
from wire import *

OTHER = "2001:db8:6::5e"  # whose packets are the sentinels
SERVER, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
SLOWER = 6 if QUICK else 1

net = Network()
net.sentinel6 = OTHER
net.client.add(OTHER)


def udp(sport, src=A6, dport=7):
    return IPv6(src=src, dst=S46) / UDP(sport=sport, dport=dport) / b"x"


def answer(packet):
    """What the server says to a datagram."""
    return IP(src=packet.dst, dst=packet.src) / UDP(sport=packet.dport, dport=packet.sport) / b"y"


def status(name):
    return json.loads(config("-j", "show", "mapping"))[name]


def sessions(**wanted):
    rows = json.loads(config("-j", "show", "xlate"))
    return [it for it in rows
            if all(it[key.replace("_", "-")] == wanted[key] for key in wanted)]


DEFAULTS = {"host_prefix": 128, "host_mappings": 32768, "host_sessions": 262144,
            "host_rate": 8192, "mapping_sessions": 4096, "max_sessions": 1048576,
            "max_mappings": 1048576, "port_hold": 120, "held_ports": 4096}


def begin(*rule, **options):
    """Nothing but the sentinel's mapping, and these options."""
    config("map", "flush")
    config("map", "from", "any6", "to", POOL, *rule)
    for name, value in (DEFAULTS | options).items():
        config("set", name.replace("_", "-"), "=", str(value))
    net.port = None
    net.from_client()
    # so that the sentinels' session is answered, and makes room for nobody
    net.from_server()
    return Rise()


def full(**options):
    """There is room for no more than there is."""
    config("set", "max-sessions", "=", str(status("sessions")))
    for name, value in options.items():
        config("set", name.replace("_", "-"), "=", str(value))


# Who may have no more
rise = begin()
net.from_client(*(udp(10000 + n, src=B6) for n in range(900)))
net.from_client(*(udp(10000 + n) for n in range(100)))
time.sleep(5)
full(host_mappings=100)
out, _ = net.from_client(*(udp(20000 + n) for n in range(100)))
ok("a full table: who has all its mappings gets none", len(out) == 0, len(out))
ok("… and others make no room for it", rise["sessions-evicted"] == 0, rise["sessions-evicted"])
ok("… the host is refused for its own sake", rise["drop-host-mappings"] == 100)
full(host_mappings=32768, host_sessions=100)
net.from_client(*(udp(10000, dport=100 + n) for n in range(100)))
ok("… the same for its sessions", rise["sessions-evicted"] == 0, rise["sessions-evicted"])
config("set", "max-sessions", "=", "1048576")
config("set", "max-mappings", "=", str(status("mappings")))
config("set", "host-sessions", "=", "262144")
config("set", "host-mappings", "=", "100")
net.from_client(*(udp(20000 + n) for n in range(100)))
ok("… and for its mappings in a full table of them", rise["sessions-evicted"] == 0)

# What others open to a host
rise = begin(host_sessions=100)
out, _ = net.from_client(udp(10000), udp(10001), udp(10002))
into, _ = net.from_server(*(IP(src=S5, dst=POOL) / UDP(sport=n, dport=it.sport)
                            for it in out for n in range(1, 61)))
# where it takes long, the first ones have made room for the last
ok("host-sessions: others open as many to a host at once",
   len(into) - rise["sessions-evicted"] == 100, len(into), rise["sessions-evicted"])
out, _ = net.from_client(*(udp(10000, dport=100 + n) for n in range(50)))
ok("… beside its own", len(out) == 50, len(out))
rise = begin(host_sessions=100)
out, _ = net.from_client(udp(10000), udp(10001))
into, _ = net.from_server(*(IP(src=S5, dst=POOL) / UDP(sport=n, dport=it.sport)
                            for it in out for n in range(1, 41)))
ok("… what has ended counts no more", len(into) == 80, len(into))

# A session that is no more than one of its mapping's
rise = begin("port", "2000", "-", "2099", port_hold=3600)
net.port = None
out, _ = net.from_client(*(udp(10000 + n) for n in range(90)))
into, _ = net.from_server(*map(answer, out))
ok("mappings with a peer that answered", len(into) == 90, (len(out), len(into)))
net.from_client(*(udp(10000 + n, dport=8) for n in range(90)))
time.sleep(5)
net.from_client(*(udp(20000 + n) for n in range(30)))
ok("a full pool: none goes that would free no port", rise["sessions-evicted"] == 0,
   rise["sessions-evicted"])

# Places for ports that wait, of a pool that is in use
rise = begin("port", "4000", "-", "4002", held_ports=0)
net.from_client(udp(10000))
config("set", "held-ports", "=", "4096")
net.from_client(udp(10001))
with open("/tmp/room.conf", "w", encoding="ascii") as file:
    file.write(f"map flush\nmap from any6 to {POOL} port 4000 - 4003\n")
config("-f", "/tmp/room.conf")
net.port = None
net.from_client()
out, _ = net.from_client(udp(10000))
ok("held-ports is heeded by a pool that is in use", len(out) == 0 and
   rise["drop-ports-exhausted"] == 1, len(out))

# A connection in doubt
rise = begin()
with namespace("client6"):
    friends = [socket.create_connection((SERVER46, 9), 60) for _ in range(30)]
for it in friends:
    it.send(b"one")
    it.recv(3)
out, _ = net.from_client(*(udp(10000 + n) for n in range(300)))
net.from_server(*map(answer, out))
full()
known = {it["source-port6"]: it for it in sessions(proto="tcp", target_port=9)}
mine = [known[it.getsockname()[1]] for it in friends]
probes = rise["probes"]
net.from_server(*(IP(src=SERVER, dst=POOL) / TCP(sport=9, dport=it["source-port4"], flags="R", seq=1)
                  for it in mine))
end = time.monotonic() + 9 * SLOWER
while rise["probes"] < probes + 30 and time.monotonic() < end:
    net.from_client(*(udp(30000 + n) for n in range(200)))
    time.sleep(0.05)
ok("a full table: connections in doubt are probed", rise["probes"] >= probes + 30, rise["probes"])
ok("… and make no room meanwhile", rise["sessions-evicted"] == 0, rise["sessions-evicted"])
config("set", "max-sessions", "=", "1048576")
alive = 0
for it in friends:
    it.settimeout(2 * SLOWER)
    try:
        it.send(b"two")
        alive += it.recv(3) == b"two"
    except OSError:
        pass
ok("… they go on", alive == 30, alive)
