# SPDX-License-Identifier: GPL-2.0
"""Packets that should not exist, from both sides."""

import random

from wire import *

random.seed(7915)
net = Network()
to4, to6 = IPv6(src=A6, dst=S46), IP(src=S4, dst=POOL)
udp = net.open(to4 / UDP(sport=4000, dport=7) / b"x")[UDP].sport
tcp = net.open(to4 / TCP(sport=4000, dport=80, flags="S"))[TCP].sport
echo = net.open(to4 / ICMPv6EchoRequest(id=4000))[ICMP].id


def dropped(text, send, given, counter=None, times=None, silent=True):
    """All packets are dropped, and counted where the kernel lets us see them."""
    rise = Rise()
    given = list(given)
    out, back = send(*given)
    ok(f"{text}: nothing is forwarded", not out, show(out[:5]))
    if counter:
        n, want = rise[counter], len(given) if times is None else times
        ok(f"{text}: counted as {counter}", n == want, f"{n} of {want}")
    if silent:
        ok(f"{text}: nobody is told", not back, show(back[:5]))
    return back


# Cut short, the lengths as before: the kernel sees that.
for name, packet in (("UDP", to4 / UDP(sport=4000, dport=7) / b"x"),
                     ("TCP", to4 / TCP(sport=4000, dport=80, flags="A")),
                     ("echo", to4 / ICMPv6EchoRequest(id=4000)),
                     ("options", to4 / IPv6ExtHdrDestOpt() / UDP(sport=4000, dport=7))):
    raw = bytes(packet)
    dropped(f"IPv6 {name}, cut at every length", net.from_client,
            [(raw[:n], ETH_P_IPV6) for n in range(len(raw))])
for name, packet in (("UDP", to6 / UDP(sport=7, dport=udp) / b"x"),
                     ("TCP", to6 / TCP(sport=80, dport=tcp, flags="A")),
                     ("echo", to6 / ICMP(type=0, id=echo))):
    raw = bytes(packet)
    dropped(f"IPv4 {name}, cut at every length", net.from_server,
            [(raw[:n], ETH_P_IP) for n in range(len(raw))])

# Cut short, and the lengths of the IP header say so.
for name, header, size in (("UDP", UDP(sport=4000, dport=7), 8),
                           ("TCP", TCP(sport=4000, dport=80, flags="A"), 20),
                           ("echo", ICMPv6EchoRequest(id=4000), 8)):
    raw = bytes(to4 / header)[40:]
    next_header = IPv6(bytes(to4 / header)).nh
    dropped(f"IPv6 {name} header, incomplete", net.from_client,
            [IPv6(src=A6, dst=S46, nh=next_header) / Raw(raw[:n]) for n in range(size)],
            "drop-truncated")
for name, header, size in (("UDP", UDP(sport=7, dport=udp), 8),
                           ("TCP", TCP(sport=80, dport=tcp, flags="A"), 20),
                           ("echo", ICMP(type=0, id=echo), 8)):
    raw = bytes(to6 / header)[20:]
    proto = IP(bytes(to6 / header)).proto
    dropped(f"IPv4 {name} header, incomplete", net.from_server,
            [IP(src=S4, dst=POOL, proto=proto) / Raw(raw[:n]) for n in range(size)],
            "drop-truncated")

# Versions, lengths, header checksums.
good6, good4 = bytes(to4 / UDP(sport=4000, dport=7)), bytes(to6 / UDP(sport=7, dport=udp))
versions = [version for version in range(16) if version != 6]
dropped("IPv6 with another version", net.from_client,
        [(bytes([v << 4]) + good6[1:], ETH_P_IPV6) for v in versions])
versions = [version for version in range(16) if version != 4]
dropped("IPv4 with another version", net.from_server,
        [(bytes([v << 4 | 5]) + good4[1:], ETH_P_IP) for v in versions])
# req: A-053
dropped("IPv4 with a wrong header checksum", net.from_server,
        [IP(src=S4, dst=POOL, chksum=1) / UDP(sport=7, dport=udp)])
dropped("IPv4 with a header that is too short", net.from_server,
        [IP(src=S4, dst=POOL, ihl=n) / UDP(sport=7, dport=udp) for n in range(5)])
dropped("IPv4 with a header beyond its end", net.from_server,
        [IP(src=S4, dst=POOL, ihl=15) / UDP(sport=7, dport=udp)])


# Chains of extension headers.
def headers(*kinds, data=b""):
    """Extension headers of 8 bytes each, one after another."""
    chain = b"".join(bytes([kind, 0, 1, 4, 0, 0, 0, 0]) for kind in [*kinds[1:], 17])
    return IPv6(src=A6, dst=S46, nh=kinds[0]) / Raw(chain + data)


udp_raw = bytes(to4 / UDP(sport=4000, dport=7))[40:]
dropped("destination options beyond the end", net.from_client,
        [IPv6(src=A6, dst=S46, nh=60) / Raw(bytes([17, n, 1, 4, 0, 0, 0, 0]) + udp_raw)
         for n in (2, 3, 100, 255)], "drop-truncated")
dropped("a chain that ends inside a header", net.from_client,
        [IPv6(src=A6, dst=S46, nh=60) / Raw(bytes([60, 0, 1, 4, 0, 0, 0, 0][:n]))
         for n in range(8)], "drop-truncated")
dropped("a chain that ends with nothing behind it", net.from_client,
        [headers(*[60] * n) for n in range(1, 8)], "drop-truncated")
# req: A-061
told = dropped("a chain without end", net.from_client,
               [headers(*[60] * n, data=udp_raw) for n in (9, 20, 100)],
               "drop-ext-header-chain", silent=False)
ok("… the sender is told that it is prohibited",
   told and all(ICMPv6DestUnreach in p and p[ICMPv6DestUnreach].code == 1 for p in told), show(told))

# What no host may send, and where no packet may go.
# req: A-018 B-026 D-017
dropped("source inside the prefix", net.from_client,
        [IPv6(src="2001:db8:64::192.0.2.1", dst=S46) / UDP(sport=1, dport=7)],
        "drop-source-in-prefix")
dropped("link-local source", net.from_client,
        [IPv6(src="fe80::a", dst=S46) / UDP(sport=1, dport=7)], "drop-martian-source")
dropped("loopback, unspecified and multicast sources", net.from_client,
        [IPv6(src=src, dst=S46) / UDP(sport=1, dport=7) for src in ("::1", "::", "ff02::1")])
# req: A-019
martians = "0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", \
    "255.255.255.255"
dropped("martian targets", net.from_client,
        [IPv6(src=A6, dst=f"2001:db8:64::{dst}") / UDP(sport=1, dport=7) for dst in martians],
        "drop-martian-target")
dropped("broadcast of the server's network", net.from_client,
        [IPv6(src=A6, dst="2001:db8:64::198.51.100.255") / UDP(sport=1, dport=7)],
        "drop-no-unicast-target")
# req: A-039
dropped("martian sources", net.from_server,
        [IP(src=src, dst=POOL) / UDP(sport=7, dport=udp) for src in martians],
        "drop-martian-source")

# req: A-111 A-112 A-113 A-114 A-116
rise = Rise()
others = [*range(5, 128), *range(130, 256), 0]
dropped("ICMPv6 that has no counterpart", net.from_client,
        [IPv6(src=A6, dst=S46, hlim=255) / ICMPv6EchoRequest(type=kind, id=1) / (b"x" * 48)
         for kind in others])
ok("… opens no session", rise["sessions-opened"] == 0)

# Errors whose quoted packet is less than it says.
quoted6 = bytes(IPv6(src=S46, dst=A6) / UDP(sport=7, dport=4000) / (b"x" * 40))
quoted4 = bytes(IP(src=POOL, dst=S4) / UDP(sport=udp, dport=7) / (b"x" * 40))
dropped("ICMPv6 errors that quote too little", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4) / Raw(quoted6[:n]) for n in range(48)],
        "drop-inner-truncated")
dropped("ICMP errors that quote too little", net.from_server,
        [to6 / ICMP(type=3, code=3) / Raw(quoted4[:n]) for n in range(28)],
        "drop-inner-truncated")
dropped("ICMPv6 errors that quote another version", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4) / Raw(b"\x40" + quoted6[1:])], "drop-inner-header")
dropped("ICMP errors that quote another version", net.from_server,
        [to6 / ICMP(type=3, code=3) / Raw(bytes([first]) + quoted4[1:]) for first in (0x65, 0x44)],
        "drop-inner-header")
dropped("ICMP errors that quote options beyond the end", net.from_server,
        [to6 / ICMP(type=3, code=3) / Raw(b"\x4f" + quoted4[1:48])], "drop-inner-truncated")
chain = bytearray(quoted6)
chain[6], chain[40:42] = 60, bytes([60, 255])
dropped("ICMPv6 errors that quote a chain beyond the end", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4) / Raw(bytes(chain))], "drop-inner-truncated")
# req: D-014
dropped("an ICMPv6 error about an ICMPv6 error", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4) /
         Raw(bytes(IPv6(src=S46, dst=A6) / ICMPv6DestUnreach() / Raw(b"x" * 48)))],
        "drop-inner-icmp-error")
# req: D-124 D-015
dropped("an ICMPv6 error about nothing we know", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4) /
         Raw(bytes(IPv6(src=S46, dst=A6) / UDP(sport=7, dport=4999) / b"x"))], "drop-no-session")
dropped("an ICMP error about nothing we know", net.from_server,
        [to6 / ICMP(type=3, code=3) /
         Raw(bytes(IP(src=POOL, dst=S4) / UDP(sport=udp ^ 1, dport=7) / b"x"))], "drop-no-session")
dropped("an ICMPv6 error with a wrong checksum", net.from_client,
        [to4 / ICMPv6DestUnreach(code=4, cksum=1) / Raw(quoted6)], "drop-icmp-checksum")
dropped("an ICMP error with a wrong checksum", net.from_server,
        [to6 / ICMP(type=3, code=3, chksum=1) / Raw(quoted4)], "drop-icmp-checksum")


# Anything at all: good packets with bytes changed at random.
def scrambled(packet, proto, fixed):
    """The addresses stay, so that the packet is claimed."""
    raw = bytearray(bytes(packet))
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(raw))
        if at not in fixed:
            raw[at] = random.randrange(256)
    if proto == ETH_P_IP:
        raw[10:12] = b"\0\0"
        total = sum(int.from_bytes(raw[n:n + 2], "big") for n in range(0, 20, 2))
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        raw[10:12] = (~total & 0xffff).to_bytes(2, "big")
    return bytes(raw[:random.randint(20, len(raw))]), proto


seeds6 = [to4 / UDP(sport=4000, dport=7) / b"data",
          to4 / TCP(sport=4000, dport=80, flags="A") / b"data",
          to4 / ICMPv6EchoRequest(id=4000) / b"data",
          to4 / IPv6ExtHdrFragment(m=1, id=1) / UDP(sport=4000, dport=7) / b"data",
          to4 / IPv6ExtHdrRouting(segleft=0) / IPv6ExtHdrDestOpt() / UDP(sport=4000, dport=7),
          to4 / ICMPv6PacketTooBig(mtu=1300) / Raw(quoted6)]
seeds4 = [to6 / UDP(sport=7, dport=udp) / b"data",
          to6 / TCP(sport=80, dport=tcp, flags="A") / b"data",
          to6 / ICMP(type=0, id=echo) / b"data",
          IP(src=S4, dst=POOL, flags="MF") / UDP(sport=7, dport=udp) / (b"x" * 24),
          to6 / ICMP(type=3, code=4, nexthopmtu=1300) / Raw(quoted4)]
for _ in range(10):
    net.from_client(*(scrambled(seed, ETH_P_IPV6, range(8, 40)) for seed in seeds6 * 30))
    net.from_server(*(scrambled(seed, ETH_P_IP, range(16, 20)) for seed in seeds4 * 30))
ok("3300 scrambled packets later it still translates", True)
