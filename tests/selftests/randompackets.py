# SPDX-License-Identifier: GPL-2.0
"""Packets made at random for one side of the translator: most headers right, any of them wrong.

What is made depends on the random source alone, so its seed makes the same packets again.
"""

import socket
import struct

ICMP_KINDS = {4: (3, 3, 3, 4, 5, 11, 12), 6: (1, 2, 2, 3, 4)}
OTHER_PROTOS = 33, 47, 50, 51, 132, 136, 4, 41, 59, 255
# lengths where a translator may stumble: none, a header or just not, a unit of RFC 4884, a link
LENGTHS = 0, 1, 7, 8, 19, 20, 27, 28, 39, 40, 47, 48, 60, 127, 128, 129, 1232, 1233, 1280, 1472
EXT_HEADERS = 0, 43, 44, 44, 51, 60, 60, 135, 139, 140


def checksum(data):
    """The Internet checksum; 0xffff where it might be 0."""
    if len(data) & 1:
        data += b"\0"
    return 0xffff - int.from_bytes(data, "big") % 0xffff


class Maker:
    """Packets of one IP version, from `hosts` to `peers` inside sessions with their ports.

    `sessions` maps a protocol (17, 6, or 1 for echoes of both versions) to the pairs of a source
    and a destination port that it uses.
    """

    def __init__(self, random, version, hosts, peers, sessions):
        self.random, self.version, self.sessions = random, version, sessions
        family = socket.AF_INET6 if version == 6 else socket.AF_INET
        self.hosts, self.peers = ([socket.inet_pton(family, address) for address in addresses]
                                  for addresses in (hosts, peers))
        self.icmp = 58 if version == 6 else 1

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def lie(self, true, limit, percent=6):
        """A number that is nearly always true."""
        if not self.chance(percent):
            return true & limit
        return self.random.choice((0, 1, true - 1, true + 1, true >> 1, true << 1, limit,
                                   self.random.randrange(limit + 1))) & limit

    def data(self):
        length = self.random.choice(LENGTHS)
        return self.random.randbytes(2500 if self.chance(3) else length)

    def ports(self, proto, back):
        one, other = self.random.choice(self.sessions[proto])
        if self.chance(5):
            one = self.random.randrange(0x10000)
        return (other, one) if back else (one, other)

    def pseudo(self, src, dst, proto, length):
        return src + dst + length.to_bytes(4, "big") + proto.to_bytes(4, "big")

    def summed(self, data, at, seed=b"", percent=6):
        """The data with its checksum, nearly always right, at an offset."""
        if self.chance(percent):
            value = self.random.choice((0, 0xffff, self.random.randrange(0x10000)))
        else:
            data = data[:at] + b"\0\0" + data[at + 2:]
            value = checksum(seed + data)
        return data[:at] + value.to_bytes(2, "big") + data[at + 2:]

    def udp(self, src, dst, back):
        sport, dport = self.ports(17, back)
        data = self.data()
        length = self.lie(8 + len(data), 0xffff)
        head = b"".join(n.to_bytes(2, "big") for n in (sport, dport, length, 0))
        return self.summed(head + data, 6, self.pseudo(src, dst, 17, length))

    def tcp(self, src, dst, back):
        sport, dport = self.ports(6, back)
        options = self.random.randbytes(4 * self.random.choice((0, 0, 1, 3, 10)))
        offset = self.lie(5 + len(options) // 4, 15)
        # mostly ACK; SYN, FIN and RST would end the session that the others want
        flags = 0x10 if self.chance(80) else self.random.randrange(256)
        raw = (sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + self.random.randbytes(8)
                  + bytes([offset << 4, flags]) + self.random.randbytes(2) + b"\0\0"
                  + self.random.randbytes(2) + options + self.data())
        return self.summed(raw, 16, self.pseudo(src, dst, 6, len(raw)))

    def icmp_sum(self, raw, src, dst):
        seed = self.pseudo(src, dst, 58, len(raw)) if self.version == 6 else b""
        return self.summed(raw, 2, seed, 3)

    def echo(self, src, dst, back):
        number, _ = self.ports(1, False)
        request, reply = (128, 129) if self.version == 6 else (8, 0)
        # IPv6 hosts ask, IPv4 hosts answer
        kind = request if (self.version == 6) != back else reply
        raw = bytes([self.lie(kind, 255), self.lie(0, 255), 0, 0]) \
            + number.to_bytes(2, "big") + self.random.randbytes(2) + self.data()
        return self.icmp_sum(raw, src, dst)

    def extensions(self):
        """RFC 4884: a header and objects, whose lengths may lie."""
        objects = b""
        for _ in range(self.random.randrange(4)):
            data = self.random.randbytes(4 * self.random.randrange(5))
            objects += self.lie(4 + len(data), 0xffff, 20).to_bytes(2, "big") \
                + self.random.randbytes(2) + data
        return self.summed(bytes([self.lie(0x20, 255), 0, 0, 0]) + objects, 2)

    def error(self, src, dst, depth):
        """An ICMP error about a packet of the other direction, or about nothing like one."""
        quoted = self.packet(depth + 1)
        cut = self.random.choice((len(quoted), *LENGTHS, self.random.randrange(1300)))
        quoted = quoted[:min(cut, 4000)]
        length = 0
        if self.chance(20):
            unit = 8 if self.version == 6 else 4
            quoted += bytes(max(128 - len(quoted), -len(quoted) % unit))
            length = self.lie(len(quoted) // unit, 255, 20)
            quoted += self.extensions()
        rest = bytearray(self.random.choice((bytes(4), b"\0\0\5\0", b"\0\0\5\xdc", b"\0\0\0\x28",
                                             b"\x14\0\0\0", self.random.randbytes(4))))
        if length:
            rest[0 if self.version == 6 else 1] = length
        kind = self.random.choice(ICMP_KINDS[self.version])
        code = self.random.randrange(256 if self.chance(5) else 8)
        return self.icmp_sum(bytes([kind, code, 0, 0]) + bytes(rest) + quoted, src, dst)

    def other_icmp(self, src, dst):
        raw = bytes([self.random.randrange(256), self.random.randrange(4), 0, 0]) \
            + self.random.randbytes(4) + self.data()
        return self.icmp_sum(raw, src, dst)

    def transport(self, src, dst, depth):
        """A protocol number and what it says is there."""
        back, dice = depth % 2 == 1, self.random.random()
        if dice < 0.25:
            return 17, self.udp(src, dst, back)
        if dice < 0.45:
            return 6, self.tcp(src, dst, back)
        if dice < 0.58:
            return self.icmp, self.echo(src, dst, back)
        if dice < 0.88 and (depth == 0 or dice < 0.62):
            return self.icmp, self.error(src, dst, depth) if depth < 3 else b""
        if dice < 0.93:
            return self.icmp, self.other_icmp(src, dst)
        return self.random.choice(OTHER_PROTOS), self.data()

    def ext_headers(self, proto):
        """A chain of IPv6 extension headers; returns its first protocol number, and the chain."""
        chain = b""
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 7, 8, 9, 20))):
            kind = self.random.choice(EXT_HEADERS)
            size = 8 * self.random.choice((1, 1, 1, 2, 5))
            if kind == 44:
                offset = 0 if self.chance(60) else self.random.randrange(0x2000)
                head = bytes([proto, 0]) + (offset << 3 | self.chance(40)).to_bytes(2, "big") \
                    + self.random.randrange(4).to_bytes(4, "big")
            elif kind == 43:
                head = bytes([proto, self.lie(size // 8 - 1, 255), self.random.randrange(5),
                              self.lie(0, 255)]) + bytes(size - 4)
            elif kind == 51:
                head = bytes([proto, self.lie(size // 4 - 2, 255)]) + bytes(size - 2)
            else:
                pad = bytes([1, self.lie(size - 4, 255)]) + bytes(size - 4)
                head = bytes([proto, self.lie(size // 8 - 1, 255)]) + pad
            chain, proto = head + chain, kind
        return proto, chain

    def packet6(self, src, dst, depth):
        proto, raw = self.transport(src, dst, depth)
        if self.chance(20):
            proto, chain = self.ext_headers(proto)
            raw = chain + raw
        hops = 64 if depth or self.chance(95) else self.random.choice((0, 1, 2, 255))
        return (0x60000000 | self.random.randrange(1 << 28)).to_bytes(4, "big") \
            + self.lie(len(raw), 0xffff).to_bytes(2, "big") + bytes([proto, hops]) \
            + src + dst + raw

    def options4(self):
        options = b""
        for _ in range(self.random.randrange(1, 4)):
            kind = self.random.choice((1, 7, 68, 131, 137, 148, 130, self.random.randrange(256)))
            if kind < 2:
                options += bytes([kind])
            else:
                size = self.random.choice((3, 4, 7, 11))
                options += bytes([kind, self.lie(size, 255, 15), 4]) + bytes(size - 3)
        return (options + bytes(-len(options) % 4))[:40]

    def packet4(self, src, dst, depth):
        proto, raw = self.transport(src, dst, depth)
        options = self.options4() if self.chance(12) else b""
        fragment = self.random.choice((0, 0x4000))
        if self.chance(6):
            fragment = self.random.choice((0x2000, 1, 0x2001, self.random.randrange(0x10000)))
        hops = 64 if depth or self.chance(95) else self.random.choice((0, 1, 2, 255))
        head = bytes([0x40 | self.lie(5 + len(options) // 4, 15, 2), self.random.randrange(256)]) \
            + self.lie(20 + len(options) + len(raw), 0xffff).to_bytes(2, "big") \
            + self.random.randrange(8).to_bytes(2, "big") + fragment.to_bytes(2, "big") \
            + bytes([hops, proto, 0, 0]) + src + dst + options
        return self.summed(head, 10, percent=1) + raw

    def packet(self, depth=0):
        """One packet; at odd depth, inside of an error, of the other direction."""
        src, dst = self.random.choice(self.hosts), self.random.choice(self.peers)
        if depth % 2:
            src, dst = dst, src
        return (self.packet6 if self.version == 6 else self.packet4)(src, dst, depth)

    def scrambled(self, packet):
        """The packet with some bytes changed, but for the outer addresses."""
        raw = bytearray(packet)
        fixed = range(8, 40) if self.version == 6 else range(12, 20)
        for _ in range(self.random.randrange(1, 5)):
            at = self.random.randrange(len(raw))
            if at not in fixed:
                raw[at] = self.random.randrange(256)
        if self.version == 4:
            raw[10:12] = b"\0\0"
            raw[10:12] = checksum(bytes(raw[:(raw[0] & 15) * 4])).to_bytes(2, "big")
        return bytes(raw)

    def fragments(self, packet):
        """The packet cut, in any order; parts may overlap, be missing or come twice."""
        size = 40 if self.version == 6 else 20
        head, data = packet[:size], packet[size:]
        step = 8 * self.random.choice((1, 2, 3, 20, 150, 150, 150))
        number = self.random.randrange(1 << 16)
        parts = []
        for at in range(0, min(len(data), step * 12), step):
            part, more = data[at:at + step], at + step < len(data)
            offset = self.lie(at // 8, 0x1fff, 3)
            if self.version == 6:
                extra = bytes([head[6], 0]) + (offset << 3 | more).to_bytes(2, "big") \
                    + number.to_bytes(4, "big")
                length = (8 + len(part)).to_bytes(2, "big")
                parts.append(head[:4] + length + b"\x2c" + head[7:] + extra + part)
            else:
                front = bytearray(head)
                front[0], front[2:4] = 0x45, (20 + len(part)).to_bytes(2, "big")
                front[4:8] = number.to_bytes(2, "big") + (more << 13 | offset).to_bytes(2, "big")
                parts.append(self.summed(bytes(front), 10, percent=0) + part)
        if self.chance(30):
            self.random.shuffle(parts)
        if self.chance(20):
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(parts or [head]))
        if self.chance(20) and parts:
            parts.pop(self.random.randrange(len(parts)))
        return parts

    def gso(self, ethernet):
        """A frame of several segments, as a virtual machine's network card hands it over."""
        src, dst = self.random.choice(self.hosts), self.random.choice(self.peers)
        proto = self.random.choice((6, 17))
        ports = b"".join(port.to_bytes(2, "big") for port in self.ports(proto, False))
        data = self.random.randbytes(self.random.choice((2000, 9000, 30000, 60000)))
        size, at = (20, 16) if proto == 6 else (8, 6)
        head = ports + (bytes(8) + b"\x50\x10\xff\xff" if proto == 6
                        else (8 + len(data)).to_bytes(2, "big")) + bytes(size - at)
        length = size + len(data)
        # of the checksum only the pseudo-header is there yet
        partial = int.from_bytes(self.pseudo(src, dst, proto, length), "big") % 0xffff
        head = head[:at] + partial.to_bytes(2, "big") + head[at + 2:]
        if self.version == 6:
            ip = b"\x60\0\0\0" + length.to_bytes(2, "big") + bytes([proto, 64]) + src + dst
        else:
            ip = b"\x45\0" + (20 + length).to_bytes(2, "big") + b"\0\0" \
                + self.random.choice((b"\0\0", b"\x40\0")) + bytes([64, proto, 0, 0]) + src + dst
            ip = self.summed(ip, 10, percent=0)
        kind = 5 if proto == 17 else 4 if self.version == 6 else 1
        start = 14 + len(ip)
        return struct.pack("<BBHHHH", 1, kind, start + size,
                           self.random.choice((536, 1208, 1220, 1440)), start, at) \
            + ethernet + ip + head + data

    def train(self):
        """What to send next: a packet, or the fragments of one."""
        packet = self.packet()
        if self.chance(15):
            packet = self.scrambled(packet)
        if self.chance(5):
            packet = packet[:self.random.randrange(len(packet) + 1)]
        elif self.chance(5):
            packet += self.random.randbytes(self.random.randrange(1, 60))
        if self.chance(8):
            return self.fragments(packet)
        return [packet]
