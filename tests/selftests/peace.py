# SPDX-License-Identifier: GPL-2.0
"""Datagrams and connections of an IPv6 host and of a masqueraded one to the same server."""

import socket
import sys

from stacks import inside, ok, run
from wire import Rise, json
from wire import config as natptconfig

WAIT = float(sys.argv[1])
SERVER6, SERVER4, ROUTER = "2001:db8:64::c633:640a", "198.51.100.10", "198.51.100.1"


def shared(ports):
    natptconfig("map", "flush")
    natptconfig("map", "from", "any6", "to", ROUTER, "port", *ports.split())
    natptconfig("set", "port-hold", "=", "0")
    run("ip", "netns", "exec", "router", "conntrack", "-F")


def datagrams(family, address, ns="client6"):
    one = inside(ns, lambda: socket.socket(family, socket.SOCK_DGRAM))
    one.bind(address)
    one.settimeout(WAIT)
    return one


def six(port):
    return datagrams(socket.AF_INET6, ("2001:db8:6::2", port))


def four(port):
    return datagrams(socket.AF_INET, ("10.0.6.2", port))


def heard(one):
    try:
        return one.recv(99).decode()
    except OSError:
        return ""


def ports():
    return sorted({row["source-port4"] for row in json.loads(natptconfig("-j", "show", "xlate"))})


# The IPv6 host first
shared("20000 - 20000")
host, behind = six(5600), four(20000)
host.sendto(b"host's", (SERVER6, 7))
ok("UDP: an IPv6 host has the port first", heard(host) == "host's" and ports() == [20000])
rise = Rise()
behind.sendto(b"other's", (SERVER4, 7))
ok("... what comes for another is not for it", heard(host) == "" and heard(behind) == "")
ok("... for that was not sent", rise["drop-port-taken"] == 1)
host.sendto(b"host's", (SERVER6, 7))
ok("... the host goes on", heard(host) == "host's")
behind.sendto(b"other's", (SERVER4, 9999))
ok("... another peer is free to talk to", rise["drop-port-taken"] == 1)
free = four(20001)
free.sendto(b"free", (SERVER4, 7))
ok("... so is the same one from another port", heard(free) == "free")
natptconfig("session", "flush")
behind.sendto(b"other's", (SERVER4, 7))
ok("... and from this one when the host has done", heard(behind) == "other's")
behind.close()

# The router's own socket, bound later
shared("20000 - 20000")
host = six(5601)
host.sendto(b"host's", (SERVER6, 7))
ok("UDP: a host has the port of a socket that comes later", heard(host) == "host's")
own = datagrams(socket.AF_INET, (ROUTER, 20000), "router")
rise = Rise()
try:
    own.sendto(b"router's", (SERVER4, 7))
except OSError:
    pass
ok("... which gets nothing of the host's, nor that of it", heard(host) == "" and heard(own) == "")
ok("... for it has not sent", rise["drop-port-taken"] == 1)
own.close()

# The masqueraded one first
shared("20000 - 20001")
behind = four(20000)
behind.sendto(b"other's", (SERVER4, 7))
ok("UDP: a masqueraded host has the port first", heard(behind) == "other's")
hosts = [six(5610 + n) for n in range(2)]
rise = Rise()
for host in hosts:
    host.sendto(b"host's", (SERVER6, 7))
ok("... IPv6 hosts get the others", [heard(host) for host in hosts] == ["host's", ""]
   and ports() == [20001])
behind.sendto(b"again", (SERVER4, 7))
ok("... and it gets what is for it", heard(behind) == "again")
second = six(5620)
second.sendto(b"x", (SERVER6, 9999))
ok("... a host may have the port for other peers", ports() == [20000, 20001])
rise = Rise()
second.sendto(b"host's", (SERVER6, 7))
ok("... not for this one", heard(second) == "" and rise["drop-port-taken"] == 1)
behind.sendto(b"again", (SERVER4, 7))
ok("... whose answers go where they did", heard(behind) == "again" and heard(second) == "")


# TCP
def connected(family, address, server, port):
    one = inside("client6", lambda: socket.socket(family, socket.SOCK_STREAM))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(address)
    one.settimeout(WAIT)
    try:
        one.connect((server, port))
        return one
    except OSError:
        return None


shared("20000 - 20000")
host = connected(socket.AF_INET6, ("2001:db8:6::2", 5700), SERVER6, 9)
ok("TCP: an IPv6 host has the port first", host and ports() == [20000])
rise = Rise()
ok("... a masqueraded one with the same does not connect",
   not connected(socket.AF_INET, ("10.0.6.2", 20000), SERVER4, 9) and rise["drop-port-taken"] > 0)
host.send(b"still")
ok("... nor harm it", heard(host) == "still")
ok("... others do", connected(socket.AF_INET, ("10.0.6.2", 20001), SERVER4, 9))
