# SPDX-License-Identifier: GPL-2.0
"""Everybody who may attack the translator, all at once, at random.

Each attacker is a process whose random source has a seed of its own, so that a seed repeats what
each of them does, if not how they meet. What they bring about does not matter here; the kernel's
log, and what still works when they are gone, tells.
"""

import ctypes
import errno
import fcntl
import itertools
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

from randompackets import Maker
from stacks import namespace, ok, sysctl

SEED = os.environ.get("NATPT_SEED") or str(random.SystemRandom().randrange(1 << 32))
SECONDS = float(os.environ.get("NATPT_SECONDS") or 20)
# some attackers alone, to find who does it
ONLY = os.environ.get("NATPT_ATTACKERS", "").split()
# how long a step may take in a machine that is busy with nothing else
STUCK = 120

SOL_PACKET, PACKET_VNET_HDR = 263, 15
TUNSETIFF, IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x0001, 0x1000, 0x4000
VNET = struct.Struct("<BBHHHH")
ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
UDP_SEGMENT = 103
PR_SET_PDEATHSIG = 1

A6, B6, C6, R6, S6 = ("2001:db8:6::a", "2001:db8:6::b", "2001:db8:6::2", "2001:db8:6::1",
                      "2001:db8:5::10")
SERVER4, R4, POOL = "198.51.100.10", "198.51.100.1", "192.0.2.1"
PREFIX, OTHER_PREFIX = "2001:db8:64::", "2001:db8:65::"
# IPv4 hosts: some that are there, and all that must not be there
PEERS = (SERVER4, "198.51.100.20", "198.51.100.21", "203.0.113.10", "203.0.113.80", "192.0.2.80")
MARTIANS = (POOL, R4, "127.0.0.1", "0.0.0.0", "0.1.2.3", "169.254.169.254", "198.51.100.255",
            "224.0.0.1", "240.0.0.1", "255.255.255.255", "10.1.2.3", "192.0.2.33", "192.0.0.1")
SOURCES6 = (A6, A6, A6, B6, B6, C6, R6, S6, "::", "::1", "fe80::1", "ff02::1", PREFIX + POOL,
            PREFIX + "127.0.0.1", PREFIX + "192.0.2.33", "2001:db8:e::80", "::ffff:192.0.2.1")
TARGETS6 = (*[PREFIX + peer for peer in PEERS] * 4, *[PREFIX + martian for martian in MARTIANS],
            OTHER_PREFIX + "192.0.2.80", OTHER_PREFIX + SERVER4, R6, S6, B6, "2001:db8:e::80")
SOURCES4 = (*PEERS * 4, *MARTIANS)
TARGETS4 = (*[POOL] * 12, "192.0.2.80", "192.0.2.33", "203.0.113.80", "192.0.2.2", R4,
            "198.51.100.255", "198.51.100.21")


class Attacker:
    """Something that takes random steps in a namespace until its time is over."""

    home = "router"

    def __init__(self):
        self.random = random.Random(f"{SEED}/{type(self).__name__}")
        self.choice, self.below = self.random.choice, self.random.randrange

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def command(self, text, feed=None):
        """Runs a command, which may fail, but not hang."""
        subprocess.run(text.split(), input=feed, text=True, timeout=STUCK,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def step(self):
        raise NotImplementedError


def mac(ns, dev):
    with namespace(ns):
        shown = subprocess.run(["ip", "-j", "link", "show", dev], capture_output=True, check=True)
    return bytes.fromhex(json.loads(shown.stdout)[0]["address"].replace(":", ""))


def any_of(maker):
    """One packet of a train, which may have none."""
    return next(filter(None, maker.train()), b"\0")


class Sessions:
    """Ports that sessions have at this moment, as somebody on the path may know them."""

    def __init__(self):
        self.until = 0
        self.ports4 = self.ports6 = {17: [(7, 4000)], 6: [(80, 4000)], 1: [(4000, 4000)]}

    def look(self):
        if time.monotonic() < self.until:
            return
        self.until = time.monotonic() + 3
        with namespace("router"):
            shown = subprocess.run(["natptconfig", "-j", "show", "xlate"], capture_output=True,
                                   text=True, timeout=STUCK)
        try:
            rows = json.loads(shown.stdout)
        except ValueError:
            return
        for number, name in (17, "udp"), (6, "tcp"), (1, "icmp"):
            some = [row for row in rows[:2000] if row["proto"] == name][:50]
            if some:
                self.ports4 = self.ports4 | {number: [
                    (row["target-port"], row["source-port4"]) for row in some]}
                self.ports6 = self.ports6 | {number: [
                    (row["source-port6"], row["target-port"]) for row in some]}


class Host(Attacker):
    """A host on a link: packets of every kind, fragments, floods, what a driver hands over."""

    version, router_dev = 6, "in6"

    def __init__(self):
        super().__init__()
        version, self.sessions = self.version, Sessions()
        self.proto = ETH_P_IPV6 if version == 6 else ETH_P_IP
        sources, targets = (SOURCES6, TARGETS6) if version == 6 else (SOURCES4, TARGETS4)
        self.maker = Maker(self.random, version, sources, targets, self.sessions.ports6)
        self.ethernet = mac("router", self.router_dev) + mac(self.home, "eth0") \
            + self.proto.to_bytes(2, "big")
        self.plain = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.driver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.driver.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        for sock in self.plain, self.driver:
            sock.bind(("eth0", 0))

    def send(self, packet):
        self.plain.send(self.ethernet + packet[:1500])

    def ends(self):
        return self.choice(self.maker.hosts), self.choice(self.maker.peers)

    def wrap(self, proto, raw, fragment=None):
        """Bytes in an IP packet, which may be a fragment: (offset in bytes, more, number)."""
        src, dst = self.ends()
        if self.version == 6:
            if fragment:
                offset, more, number = fragment
                raw = bytes([proto, 0]) + (offset & ~7 | more).to_bytes(2, "big") \
                    + number.to_bytes(4, "big") + raw
                proto = 44
            return b"\x60\0\0\0" + len(raw).to_bytes(2, "big") + bytes([proto, 64]) + src + dst \
                + raw
        offset, more, number = fragment or (0, False, 0)
        head = b"\x45\0" + (20 + len(raw)).to_bytes(2, "big") \
            + (number & 0xffff).to_bytes(2, "big") + (offset >> 3 | more << 13).to_bytes(2, "big") \
            + bytes([64, proto, 0, 0]) + src + dst
        return self.maker.summed(head, 10, percent=0) + raw

    def flood(self):
        """SYN, FIN and RST from anywhere to anywhere."""
        for _ in range(50):
            tcp = self.random.randbytes(4) if self.chance(50) else \
                b"".join(port.to_bytes(2, "big") for port in self.maker.ports(6, False))
            tcp += self.random.randbytes(8) + bytes([0x50, self.choice((2, 2, 2, 1, 17, 4, 20))])
            self.send(self.wrap(6, tcp + self.random.randbytes(6)))

    def endless(self):
        """Fragments that nobody ever completes: tiny, overlapping, at the end of what can be."""
        number = self.below(1 << 32)
        for _ in range(20):
            if self.chance(50):
                number = self.below(1 << 32)
            offset = self.choice((0, 0, 8, 16, 1232, 65528, 8 * self.below(8192)))
            data = self.random.randbytes(self.choice((1, 7, 8, 8, 16, 24, 1000, 1400)))
            proto = self.choice((6, 17, 1, 58, 50))
            self.send(self.wrap(proto, data, (offset, self.chance(70), number)))

    def driven(self):
        """A packet with a virtio header, right or not."""
        frame = self.maker.gso(self.ethernet)
        if self.chance(60):
            raw = any_of(self.maker)
            at = self.choice((20, 40, 48, self.below(len(raw) + 20)))
            frame = VNET.pack(self.choice((0, 1, 1, 1, 2, 4)),
                              self.choice((0, 0, 1, 3, 4, 5, 0x81)),
                              self.choice((0, 14, 34, 54, 74, 94)),
                              self.choice((0, 1, 8, 536, 1200, 1440, 65535)), 14 + at,
                              self.choice((0, 6, 16, 2, self.below(64)))) + self.ethernet + raw
        self.driver.send(frame)

    def step(self):
        self.sessions.look()
        self.maker.sessions = self.sessions.ports6 if self.version == 6 else self.sessions.ports4
        dice = self.below(20)
        if dice == 0:
            self.flood()
        elif dice == 1:
            self.endless()
        elif dice < 5:
            self.driven()
        else:
            for packet in self.maker.train():
                self.send(packet)


class Host6(Host):
    home = "client6"


class Host4(Host):
    home, version, router_dev = "server4", 4, "out4"


class Container(Attacker):
    """Root in the router's own namespace: raw packets of both families, of any source."""

    def __init__(self):
        super().__init__()
        self.sessions = Sessions()
        ports = self.sessions.ports6
        self.makers = [Maker(self.random, 6, (*SOURCES6, *[R6] * 20), TARGETS6, ports),
                       Maker(self.random, 4, (*SOURCES4, *[R4] * 20), (*TARGETS4, *PEERS), ports)]
        self.socks = [socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
                      for family in (socket.AF_INET6, socket.AF_INET)]

    def step(self):
        self.sessions.look()
        which = self.below(2)
        self.makers[which].sessions = (self.sessions.ports6, self.sessions.ports4)[which]
        for packet in self.makers[which].train():
            if len(packet) < 40:
                continue
            if which:
                to = (socket.inet_ntop(socket.AF_INET, packet[16:20]), 0)
            else:
                to = (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0)
            self.socks[which].sendto(packet, to)


class Guest(Attacker):
    """A guest's network card, whose packets come with any word on segments and checksums."""

    def __init__(self):
        super().__init__()
        self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.fd, TUNSETIFF,
                    struct.pack("16sH22x", b"guest", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
        self.command("ip link set guest up")
        ports = Sessions().ports6
        self.makers = [Maker(self.random, 6, SOURCES6, TARGETS6, ports),
                       Maker(self.random, 4, SOURCES4, TARGETS4, ports)]

    def step(self):
        maker = self.choice(self.makers)
        if self.chance(40):
            packet = maker.gso(b"")
            head, packet = bytearray(packet[:VNET.size]), packet[VNET.size:]
            # what `gso` counts from the link's header on
            head[6:8] = (int.from_bytes(head[6:8], "little") - 14).to_bytes(2, "little")
            head[2:4] = (int.from_bytes(head[2:4], "little") - 14).to_bytes(2, "little")
            if self.chance(30):
                head[self.below(VNET.size)] = self.below(256)
        else:
            packet = any_of(maker)
            at = self.choice((20, 40, 48, self.below(len(packet) + 20)))
            head = VNET.pack(self.choice((0, 1, 1, 1, 2)), self.choice((0, 0, 1, 3, 4, 5)),
                             self.choice((0, 20, 40, 48, 60, 80)),
                             self.choice((0, 1, 8, 536, 1200, 65535)), at,
                             self.choice((0, 6, 16, 2, self.below(64))))
        os.write(self.fd, bytes(head) + packet)
        while select.select([self.fd], [], [], 0)[0]:
            os.read(self.fd, 1 << 17)


class User(Attacker):
    """Programs that mean no harm: of a host, and of the router itself."""

    def step(self):
        ns = self.choice(("client6", "client6", "router"))
        to = self.choice((PREFIX + SERVER4, PREFIX + SERVER4, PREFIX + R4, PREFIX + "127.0.0.1",
                          POOL if ns == "router" else PREFIX + POOL))
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        kind = self.choice((socket.SOCK_STREAM, socket.SOCK_DGRAM))
        with namespace(ns), socket.socket(family, kind) as sock:
            sock.settimeout(0.3)
            sock.connect((to, self.choice((7, 80, 9))))
            if kind == socket.SOCK_DGRAM and self.chance(50):
                sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, self.choice((1, 500, 1200, 1400)))
            for _ in range(self.below(20)):
                sock.send(bytes(self.choice((1, 100, 1400, 3000, 20000))))
            sock.recv(1000)


class Queue(Attacker):
    """A program that keeps packets for a while, before or behind where they are claimed."""

    def __init__(self):
        super().__init__()
        from netfilterqueue import NetfilterQueue
        self.kept = []
        self.queue = NetfilterQueue()
        self.queue.bind(5, self.take, 1024)

    def take(self, packet):
        packet.retain()
        self.kept.append(packet)

    def rules(self):
        table = f"queue{self.below(2)}"
        self.command("nft -f -", f"table inet {table}\ndelete table inet {table}\n")
        if self.chance(80):
            hook = self.choice(("prerouting", "prerouting", "prerouting", "forward", "output"))
            priority = self.choice(("raw", "raw", "mangle", "filter"))
            self.command("nft -f -", f"""table inet {table} {{
                chain queue {{
                    type filter hook {hook} priority {priority};
                    numgen random mod {self.choice((1, 2, 20))} 0 queue num 5 bypass
                }}
            }}""")

    def step(self):
        if self.chance(5):
            self.rules()
        if select.select([self.queue.get_fd()], [], [], 0.05)[0]:
            self.queue.run(block=False)
        self.random.shuffle(self.kept)
        keep = self.choice((0, 20, 200))
        while len(self.kept) > keep:
            packet = self.kept.pop()
            if self.chance(5):
                payload = bytearray(packet.get_payload())
                payload[self.below(len(payload))] = self.below(256)
                packet.set_payload(bytes(payload[:self.choice((len(payload), 40, 20))]))
            if self.chance(5):
                packet.drop()
            elif self.chance(5):
                packet.repeat()
            else:
                packet.accept()


class Author(Attacker):
    """The configuration's author, who changes everything while it is in use."""

    VARIABLES = (
        "udp-timeout = 120", "udp-timeout = 300", "tcp-syn-timeout = 4", "max-sessions = 100",
        "max-sessions = 1048576", "lowest-ipv6-mtu = 1500", "lowest-ipv6-mtu = 1280",
        "ignore-traffic-class = 1", "zero-traffic-class = 1", "udp-zero-checksum = 0",
        "udp6-zero-checksum = 1", "mss-clamp = 1", "mss-clamp = 0", "error-source = 192.0.2.99",
        "icmp-errors = 0", "icmpv6-errors = 0", "conntrack = 1", "conntrack = 0")
    RULES = (
        f"from any6 to {POOL}", "from any6 to 192.0.2.2", "from 2001:db8:6::/64 to 192.0.2.2",
        f"from any6 to {POOL} comment \"of all\"", f"from any6 to {POOL} comment lab",
        f"from {A6} to {POOL} port 5000 - 5003", f"from any6 to {R4}",
        "from 2001:db8:e::80 to 192.0.2.80 stateless", f"from {B6} to 198.51.100.30 stateless",
        "from 2001:db8:64::/96 to 192.0.2.32/28 stateless",
        "from 192.0.0.1 to 2001:db8:c1a7::1 stateless",
        # each other's translations
        f"from {PREFIX}192.0.2.80 to 203.0.113.80 stateless",
        f"from {OTHER_PREFIX}203.0.113.80 to 192.0.2.80 stateless")

    def statement(self):
        number = 100 * self.below(1, 20)
        prefix = self.choice((PREFIX + "/96", OTHER_PREFIX + "/96", "64:ff9b::/96",
                              "2001:db8:6400::/40"))
        return self.choice((
            *[f"map {number} {self.choice(self.RULES)}"] * 6, f"map delete {number}",
            f"set {self.choice(self.VARIABLES)}", f"set {self.choice(self.VARIABLES)}",
            f"prefix {prefix}", f"prefix delete {prefix}", "map flush", "map disable", "map enable",
            "map enable", "map enable"))

    def step(self):
        if self.chance(20):
            show = self.choice(("xlate", "config", "stats", "mapping", "rules", "variables"))
            self.command(f"natptconfig {self.choice(('', '-j'))} show {show}")
            return
        statements = [self.statement() for _ in range(self.choice((1, 1, 1, 5)))]
        if self.chance(60):
            statements += [f"prefix {PREFIX}/96", f"map 5 from any6 to {POOL}", "map enable"]
        self.command("natptconfig -f -", "\n".join(statements) + "\n")


class Admin(Attacker):
    """Routes, rules, addresses, switches, policies and devices come and go."""

    SWITCHES = {
        "net.ipv4.ip_forward": (1, 1, 1, 0), "net.ipv6.conf.all.forwarding": (1, 1, 1, 0),
        "net.ipv6.conf.in6.force_forwarding": (0, 1), "net.ipv4.conf.in6.forwarding": (1, 1, 0),
        "net.ipv4.conf.all.rp_filter": (0, 1, 2), "net.ipv4.conf.out4.rp_filter": (0, 1, 2),
        "net.ipv4.conf.all.accept_local": (0, 1), "net.ipv4.conf.all.route_localnet": (0, 0, 1),
        "net.ipv4.conf.all.src_valid_mark": (0, 1), "net.ipv4.ip_forward_use_pmtu": (0, 1),
        "net.ipv4.ip_forward_update_priority": (0, 1), "net.ipv4.ip_early_demux": (0, 1),
        "net.ipv4.fib_multipath_hash_policy": (0, 1, 2, 3),
        "net.ipv6.fib_multipath_hash_policy": (0, 1, 2, 3),
        "net.ipv4.conf.all.disable_policy": (0, 1), "net.ipv4.conf.out4.disable_xfrm": (0, 1),
        "net.ipv6.conf.all.disable_policy": (0, 1), "net.ipv6.conf.all.proxy_ndp": (0, 1),
        "net.ipv6.conf.out4.disable_ipv6": (0, 1), "net.ipv6.icmp.ratelimit": (0, 1000),
        "net.ipv4.icmp_ratelimit": (0, 1000), "net.ipv4.ipfrag_high_thresh": (4194304, 200000)}
    ROUTES = (
        "-4 route {} blackhole 192.0.2.0/24", "-4 route {} unreachable 192.0.2.1",
        "-4 route {} prohibit 203.0.113.0/24", "-4 route {} default via 198.51.100.20 dev out4",
        f"-4 route {{}} {SERVER4} dev out4 mtu 600", "-4 route {} local 192.0.2.2 dev lo",
        "-4 route {} 203.0.113.0/24 nexthop via 198.51.100.20 nexthop via 198.51.100.21",
        "-4 route {} 203.0.113.0/24 via inet6 2001:db8:6::a dev in6",
        "-4 route {} 203.0.113.10 encap ip id 7 dst 198.51.100.20 dev out4",
        "-6 route {} blackhole 2001:db8:64::/96", "-6 route {} 2001:db8:64::c633:6440/124 dev in6",
        "-6 route {} prohibit 2001:db8:6::b", f"-6 route {{}} {B6} dev in6 mtu 1280",
        "-6 route {} 2001:db8:e::/64 nexthop via 2001:db8:6::a nexthop via 2001:db8:6::b",
        "-6 route {} 2001:db8:64::/112 encap seg6 mode encap segs 2001:db8:5::10 dev out6")
    RULES = (
        "iif in6 pref 10 blackhole", "iif in6 pref 11 lookup main", "ipproto udp dport 7 pref 12 "
        "prohibit", "fwmark 1 pref 13 lookup 99", "uidrange 1000-2000 pref 14 blackhole",
        "sport 4000 pref 15 lookup main", "tos 0x10 pref 16 lookup main")
    ADDRESSES = ("192.0.2.1/32 dev lo", "192.0.2.2/32 dev lo", "192.0.2.80/32 dev in6",
                 "198.51.100.7/24 dev out4", "2001:db8:64::c000:221/128 dev lo nodad",
                 "2001:db8:6::77/64 dev in6 nodad")
    POLICIES = (
        "dir out src 192.0.2.1 dst 198.51.100.10 proto udp dport 7 action block",
        "dir out src 192.0.2.1 dst 198.51.100.20 tmpl src 198.51.100.1 dst 198.51.100.20 proto esp "
        "mode tunnel", "dir fwd src 2001:db8:6::b dst 2001:db8:64::/96 action block",
        "dir fwd src 2001:db8:6::a dst 2001:db8:64::/96 proto tcp tmpl src 2001:db8:6::a dst "
        "2001:db8:6::1 proto esp mode tunnel",
        "dir in src 198.51.100.10 dst 192.0.2.1 action allow")
    DEVICES = (
        "type dummy", "type vrf table 77", "type bridge", "type gre remote 198.51.100.20 local any",
        "type ip6tnl mode any remote 2001:db8:6::b local 2001:db8:6::1",
        "type vxlan id 7 remote 198.51.100.20 dstport 4789 dev out4")

    def device(self):
        name = f"new{self.below(3)}"
        if self.chance(40):
            self.command(f"ip link del {name}")
            return
        self.command(f"ip link add {name} {self.choice(self.DEVICES)}")
        self.command(f"ip link set {name} up")
        # sessions that are on their way take a route through it, and keep it
        self.command(f"ip -4 route replace {self.choice(PEERS[1:])} dev {name}")
        self.command(f"ip -6 route replace {self.choice((A6, B6))} dev {name}")
        if self.chance(30):
            self.command(f"ip link set {self.choice(('in6', 'out4', 'guest'))} master {name}")

    def step(self):
        dice = self.below(10)
        if dice < 3:
            name = self.choice(sorted(self.SWITCHES))
            sysctl(name, self.choice(self.SWITCHES[name]))
        elif dice < 5:
            self.command("ip " + self.choice(self.ROUTES).format(self.choice(("replace", "del"))))
        elif dice == 5:
            version, change = self.choice(("-4", "-6")), self.choice(("add", "del", "del"))
            self.command(f"ip {version} rule {change} {self.choice(self.RULES)}")
        elif dice == 6:
            self.command(f"ip addr {self.choice(('add', 'del'))} " + self.choice(self.ADDRESSES))
        elif dice == 7:
            if self.chance(50):
                self.command("ip xfrm policy flush")
            else:
                self.command("ip xfrm policy add " + self.choice(self.POLICIES))
        elif dice == 8:
            self.device()
        else:
            self.command(self.choice((
                "ip neigh flush all", "ip route flush cache", "ip link set out4 mtu 1400",
                "ip link set out4 mtu 1500", "ip link set in6 mtu 1280", "ip link set in6 mtu 1500",
                "ip link set in6 nomaster", "ip link set out4 nomaster", "ip link set in6 down",
                "tc qdisc replace dev out4 root fq", "tc qdisc del dev out4 root",
                "tc qdisc replace dev in6 root netem duplicate 9%", "tc qdisc del dev in6 root")))
            self.command("ip link set in6 up")
            self.command(f"ip -6 addr replace {R6}/64 dev in6 nodad")


class Firewall(Attacker):
    """Chains of every hook and priority, with rules that look, mark, change, refuse and track."""

    RULES = (
        "counter accept", "meta mark set numgen random mod 3", "ip dscp set cs1",
        "ip6 dscp set cs1", "ip ttl set 1", "ip6 hoplimit set 1", "notrack", "ct state new counter",
        "ct state invalid drop", "numgen random mod 20 0 drop", "udp dport 7 reject",
        "meta priority set 1:1", "fib daddr type local counter", "tcp option maxseg size set 500",
        "ct mark set mark", "udp dport set 9", f"ip6 daddr set {PREFIX}198.51.100.20",
        "meta nfproto ipv6 fib saddr . iif oif missing counter", "ct state untracked counter")

    def step(self):
        table = f"t{self.below(4)}"
        text = f"table inet {table}\ndelete table inet {table}\n"
        if self.chance(75):
            hook = self.choice(("prerouting", "prerouting", "input", "forward", "output",
                                "postrouting"))
            priority = self.choice((-500, -350, -300, -251, -250, -249, -150, -1, 0, 10, 300,
                                    2147483647))
            rules = "\n".join(self.choice(self.RULES) for _ in range(self.below(1, 4)))
            text += f"""table inet {table} {{
                chain c {{
                    type filter hook {hook} priority {priority};
                    {rules}
                }}
            }}"""
        elif self.chance(40):
            text += f"""table inet {table} {{
                chain c {{ type nat hook postrouting priority srcnat; oif out4 masquerade; }}
                chain d {{ type nat hook prerouting priority dstnat; udp dport 80 redirect; }}
            }}"""
        self.command("nft -f -", text)


class Landlord(Attacker):
    """Namespaces that translate for themselves, made and removed in the middle of their traffic."""

    numbers = itertools.count()

    def step(self):
        ns = f"flat{next(self.numbers)}"
        subprocess.run(["ip", "netns", "add", ns], check=True, timeout=STUCK)
        try:
            self.live(ns)
        finally:
            subprocess.run(["ip", "netns", "del", ns], check=True, timeout=STUCK)

    def live(self, ns):
        feed = f"prefix {PREFIX}/96\nmap from any6 to 10.0.0.1\n" \
            "map from 2001:db8:a::5 to 10.0.0.5 stateless\nmap enable\n"
        for command in ("ip link set lo up", "ip addr add 10.0.0.1/24 dev lo",
                        "ip link add v0 type veth peer v1", "ip link set v0 up",
                        "ip link set v1 up", "ip -6 addr add 2001:db8:a::1/64 dev v0 nodad",
                        f"ip -6 route add {PREFIX}/96 dev v0"):
            subprocess.run(["ip", "netns", "exec", ns, *command.split()], timeout=STUCK,
                           stderr=subprocess.DEVNULL)
        subprocess.run(["natptconfig", "-n", ns, "-f", "-"], input=feed, text=True, timeout=STUCK,
                       stderr=subprocess.DEVNULL)
        with namespace(ns), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock4:
            sock.setblocking(False)
            for _ in range(self.below(200)):
                try:
                    to = self.choice(("10.0.0.1", "10.0.0.2", "127.0.0.1", "198.51.100.10"))
                    sock.sendto(bytes(self.below(3000)), (PREFIX + to, self.below(1, 1000)))
                    sock4.sendto(bytes(100), (self.choice(("10.0.0.5", "10.0.0.1")),
                                              self.below(1, 65535)))
                except OSError:
                    pass


ATTACKERS = (Host6, Host4, Container, Guest, User, User, Queue, Author, Admin, Firewall, Landlord)
EXPECTED = {
    errno.ENOBUFS, errno.EMSGSIZE, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EPERM,
    errno.EACCES, errno.EAGAIN, errno.ENETDOWN, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE,
    errno.EIO, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.ETIMEDOUT, errno.ENODEV, errno.EAFNOSUPPORT,
    errno.ENXIO, errno.EPROTO, errno.EBADMSG}


def attack(kind, end, report):
    """One attacker's life; tells how many steps it took."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    with open(f"/run/netns/{kind.home}", encoding="ascii") as home:
        os.setns(home.fileno(), os.CLONE_NEWNET)
    steps, attacker = 0, kind()
    while time.monotonic() < end:
        try:
            attacker.step()
        except TimeoutError:
            pass
        except OSError as error:
            if error.errno not in EXPECTED:
                raise
        steps += 1
    os.write(report, str(steps).encode())


def in_child(kind, end):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            attack(kind, end, writer)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.close(writer)
    return pid, reader


print(f"NATPT_SEED={SEED} NATPT_SECONDS={SECONDS:g}", flush=True)
with open("/dev/kmsg", "w", encoding="ascii") as log:
    print(f"natpt-attackers: NATPT_SEED={SEED}", file=log)
end = time.monotonic() + SECONDS
children = [(kind, *in_child(kind, end)) for kind in ATTACKERS
            if not ONLY or kind.__name__ in ONLY]
for kind, pid, reader in children:
    left = max(0, end - time.monotonic()) + 2 * STUCK
    steps = os.read(reader, 100).decode() if select.select([reader], [], [], left)[0] else "stuck"
    ok(f"{kind.__name__}: took steps until the end", steps.isdigit() and int(steps) > 0, steps)
    print(f"{kind.__name__}: {steps} steps", flush=True)
    if steps == "stuck":
        with open(f"/proc/{pid}/stack", encoding="ascii") as stack:
            print(stack.read(), flush=True)
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
