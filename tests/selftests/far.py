# SPDX-License-Identifier: GPL-2.0
"""The path far6 ── hop6 ── router ── hop4 ── far4: what its links take, and who learns of it."""

import fcntl
import socket
import struct

from stacks import namespace, run, sysctl

SIOCSIFMTU = 0x8922
FAR4, FAR46 = "203.0.113.10", "2001:db8:64::203.0.113.10"
END6 = ("far6", "eth0"), ("hop6", "far")
MIDDLE6 = ("hop6", "near"), ("router", "far6")
MIDDLE4 = ("router", "far4"), ("hop4", "near")
END4 = ("hop4", "far"), ("far4", "eth0")
SPACES = "far6", "hop6", "router", "hop4", "far4"


def mtu(links, size):
    for ns, dev in links:
        with namespace(ns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCSIFMTU, struct.pack("16si20x", dev.encode(), size))


def forget():
    """The ends forget the path MTUs that they have learnt."""
    run("ip", "-n", "far6", "-6", "route", "flush", "cache")
    run("ip", "-n", "far4", "-4", "route", "flush", "cache")


def unlimited_errors():
    """Routers tell of every packet."""
    for ns in "hop6", "router", "hop4":
        with namespace(ns):
            sysctl("net.ipv4.icmp_ratelimit", 0)
            sysctl("net.ipv6.icmp.ratelimit", 0)


class Filter:
    """Counts the errors about size that reach the ends, and loses them if it shall."""

    def __init__(self, lose):
        for ns, rule in ("far6", "icmpv6 type packet-too-big"), ("far4", "icmp code frag-needed"):
            with namespace(ns):
                run("nft", f"table inet errors {{ counter seen {{ }}; chain in {{ "
                           f"type filter hook input priority 0; "
                           f"{rule} counter name seen {'drop' if lose else 'accept'}; }}; }}")

    def remove(self):
        """How many there were."""
        seen = 0
        for ns in "far6", "far4":
            with namespace(ns):
                text = run("nft", "list", "counter", "inet", "errors", "seen").split()
                seen += int(text[text.index("packets") + 1])
                run("nft", "delete", "table", "inet", "errors")
        return seen
