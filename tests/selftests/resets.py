# SPDX-License-Identifier: GPL-2.0
"""Resets and SYNs, real and forged, on the connections of client6 to server4."""

import json
import select
import socket
import struct
import time

from scapy.compat import raw
from stacks import QUICK, namespace, ok
from wire import ETH_P_IPV6, IP, TCP, IPv6, config, counters

HOST, SERVER, SERVER46 = "2001:db8:6::2", "198.51.100.10", "2001:db8:64::c633:640a"
SLOWER = 6 if QUICK else 1


def session(**wanted):
    """The TCP session whose values are these."""
    for it in json.loads(config("-j", "show", "xlate")):
        if it["proto"] == "tcp" and all(it[key.replace("_", "-")] == wanted[key] for key in wanted):
            return it
    return None


def of(port):
    """The session of a port of the host's to the server's port 9."""
    return session(source_port6=port, target_port=9)


def state(port):
    found = of(port)
    return found and found["state"]


def probes():
    return counters()["probes"]


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds * SLOWER
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.3)
    return False


def tcp_socket(family, address, *options):
    """A socket that shares its port with others."""
    made = socket.socket(family)
    for option in (socket.SO_REUSEADDR, *options):
        made.setsockopt(socket.SOL_SOCKET, option, 1)
    made.settimeout(20 * SLOWER)
    made.bind(address)
    return made


def connect(port, *options):
    with namespace("client6"):
        connection = tcp_socket(socket.AF_INET6, (HOST, port), *options)
        connection.connect((SERVER46, 9))
    return connection


def echoes(connection):
    connection.send(b"hello\n")
    try:
        return connection.recv(10) == b"hello\n"
    except OSError:
        return False


def reset(connection):
    """Close it with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def forge(port, flags):
    """A segment from the server's address, with numbers that are nowhere near the connection's."""
    to = of(port)
    segment = TCP(sport=9, dport=to["source-port4"], flags=flags, seq=12345, ack=54321)
    packet = raw(IP(src=SERVER, dst=to["source4"]) / segment)
    with namespace("server4"):
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
            out.sendto(packet, (to["source4"], 0))


def forged():
    idle, spoken = connect(5001), connect(5002)
    ok("two connections", echoes(idle) and echoes(spoken))
    before = probes()
    forge(5001, "R")
    forge(5001, "R")
    ok("a forged reset puts a session in doubt", wait_for(lambda: state(5001) == "trans"))
    # req: D-077
    ok("... until the host answers a probe", wait_for(lambda: state(5001) == "established"))
    ok("... it has its whole time again", of(5001)["expires"] > 7000)
    ok("... one probe for two resets", probes() == before + 1, probes(), before)
    ok("... and the connection works", echoes(idle))
    forge(5002, "R")
    ok("data goes on after a forged reset", echoes(spoken) and state(5002) == "established")
    forge(5001, "S")
    ok("a forged SYN changes nothing", state(5001) == "established", state(5001))
    forge(5001, "R")
    forge(5001, "S")
    ok("... nor do a reset and a SYN", wait_for(lambda: state(5001) == "established"))
    ok("... the connection works", echoes(idle))
    for it in (idle, spoken):
        it.close()


def next_probe(tap, port):
    """The next segment for a port that is no reset, if one comes."""
    end = time.monotonic() + 20 * SLOWER
    while time.monotonic() < end:
        if select.select([tap], [], [], 1)[0]:
            packet = IPv6(tap.recv(2000)[14:])
            if TCP in packet and packet.dst == HOST and packet[TCP].dport == port:
                if "R" not in packet[TCP].flags:
                    return packet
    return None


def on_the_wire():
    connection = connect(5004)
    with namespace("client6"):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IPV6))
    tap.bind(("eth0", 0))
    forge(5004, "R")
    probe = next_probe(tap, 5004)
    ok("a probe is sent", probe is not None)
    if probe is not None:
        tcp = probe[TCP]
        bare = tcp.flags == "A" and tcp.seq == tcp.ack == 0 and not tcp.payload
        ok("... a bare ACK, both numbers 0", bare, probe)
        ok("... from the other end", (probe.src, tcp.sport) == (SERVER46, 9), probe)
        fresh = probe.copy()
        del fresh[TCP].chksum
        ok("... with a good checksum", IPv6(raw(fresh))[TCP].chksum == tcp.chksum, probe)
    connection.close()
    tap.close()


def real():
    connection = connect(5005)
    ok("a connection", echoes(connection))
    before = probes()
    reset(connection)
    ok("its reset puts the session in doubt", wait_for(lambda: state(5005) == "trans"))
    ok("... a probe is sent", wait_for(lambda: probes() > before))
    time.sleep(2 * SLOWER)
    ok("... and answered by a reset: so it stays", state(5005) == "trans", state(5005))
    # req: D-083
    again = connect(5005)
    ok("a SYN begins anew", echoes(again) and state(5005) == "established", state(5005))
    again.close()


def from_the_other_side():
    """Connections that the IPv4 side opens, with the ports of one that was closed or reset."""
    with namespace("client6"):
        listener = tcp_socket(socket.AF_INET6, (HOST, 6000), socket.SO_REUSEPORT)
        listener.listen(5)
    opener = connect(6000, socket.SO_REUSEPORT)
    to = of(6000)
    for before, resets in (("nothing", False), ("a close", True), ("a reset", False)):
        with namespace("server4"):
            caller = tcp_socket(socket.AF_INET, (SERVER, 3333))
            caller.connect((to["source4"], to["source-port4"]))
        called = listener.accept()[0]
        caller.send(b"hello")
        called.recv(10)
        called.send(b"hello")
        mine = session(source_port6=6000, target_port=3333)
        ok(
            f"the IPv4 side connects after {before}",
            caller.recv(10) == b"hello" and mine["state"] == "established",
            mine,
        )
        ok("... and has an established session's time", mine["expires"] > 7000, mine)
        if resets:
            reset(called)
        else:
            # The first to close has TIME-WAIT; not the caller, who uses its port again.
            called.close()
            caller.recv(10)
        caller.close()
        time.sleep(1)
    opener.close()


forged()
on_the_wire()
real()
from_the_other_side()
