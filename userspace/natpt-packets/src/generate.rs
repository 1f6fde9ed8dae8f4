// SPDX-License-Identifier: GPL-2.0
//! Packets made of choices: mostly of a session and right, sometimes not.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    rng::Rng,
    sum::{add, checksum, pseudo4, pseudo6},
};

/// The ends of the sessions that packets belong to.
#[derive(Clone, Copy)]
pub struct Ends {
    /// The IPv6 host.
    pub host6: Ipv6Addr,
    /// The IPv4 host in IPv6.
    pub peer6: Ipv6Addr,
    /// The IPv6 host in IPv4.
    pub host4: Ipv4Addr,
    /// The IPv4 host.
    pub peer4: Ipv4Addr,
    /// Port of the host there and here, port of the peer: for UDP, TCP, and echo.
    pub udp: (u16, u16, u16),
    /// See `udp`.
    pub tcp: (u16, u16, u16),
    /// See `udp`; the last one does not count.
    pub echo: (u16, u16, u16),
}

impl Ends {
    /// The host and its peer in each other's place.
    pub fn turned(&self) -> Ends {
        let ports = |(there, here, peer)| match (there, here, peer) {
            (host6, host4, peer) if host6 == host4 => (peer, peer, host6),
            ports => ports,
        };
        Ends {
            host6: self.peer6,
            peer6: self.host6,
            host4: self.peer4,
            peer4: self.host4,
            udp: ports(self.udp),
            tcp: ports(self.tcp),
            echo: self.echo,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Six,
    Four,
}

/// A packet of the host, or an error of its side about one that it got.
pub fn packet6(ends: &Ends, rng: &mut Rng<'_>) -> Vec<u8> {
    Generator { ends, rng }.packet(Family::Six, false, 0)
}

/// A packet of the peer, or an error of its side about one that it got.
pub fn packet4(ends: &Ends, rng: &mut Rng<'_>) -> Vec<u8> {
    Generator { ends, rng }.packet(Family::Four, true, 0)
}

struct Generator<'a, 'b> {
    ends: &'a Ends,
    rng: &'a mut Rng<'b>,
}

impl Generator<'_, '_> {
    /// A packet in a family, from the peer or from the host.
    fn packet(&mut self, family: Family, from_peer: bool, depth: usize) -> Vec<u8> {
        let Ends {
            host6,
            peer6,
            host4,
            peer4,
            ..
        } = *self.ends;
        let odd6 = [
            "2001:db8:6::fe",
            "fe80::1",
            "::1",
            "2001:db8:64::7f00:1",
            "ff02::1",
        ];
        let odd6 = odd6.map(|text| text.parse().unwrap_or(Ipv6Addr::LOCALHOST));
        let odd4 = [
            "203.0.113.9",
            "127.0.0.1",
            "10.0.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ];
        let odd4 = odd4.map(|text| text.parse().unwrap_or(Ipv4Addr::LOCALHOST));
        let (near6, far6) = if from_peer {
            (peer6, host6)
        } else {
            (host6, peer6)
        };
        let (near4, far4) = if from_peer {
            (peer4, host4)
        } else {
            (host4, peer4)
        };
        let from6 = self.rare(near6, &odd6);
        let to6 = if self.rng.once_in(32) { odd6[3] } else { far6 };
        let from4 = self.rare(near4, &odd4);
        let pseudo = |protocol, len| match family {
            Family::Six => pseudo6(from6.to_bits(), to6.to_bits(), protocol, len),
            Family::Four => pseudo4(from4.to_bits(), far4.to_bits(), protocol, len),
        };

        let icmp = if family == Family::Six { 58 } else { 1 };
        let choice = self.rng.byte() % 16;
        let (mut protocol, mut transport) = match choice {
            0..=3 => (17, self.udp(family, from_peer)),
            4..=6 => (6, self.tcp(family, from_peer)),
            7 | 8 => (icmp, self.echo(family)),
            9 => (
                self.rng.byte(),
                self.rng.rest().iter().take(40).copied().collect(),
            ),
            _ if depth == 0 => (icmp, self.error(family, from_peer)),
            _ => (17, self.udp(family, from_peer)),
        };
        seal(family, protocol, &mut transport, pseudo);
        self.spoil(protocol, &mut transport);
        match family {
            Family::Six => {
                let mut payload = Vec::new();
                let first = self.chain(&mut payload, protocol);
                payload.extend(transport);
                protocol = first;
                self.ip6(from6, to6, protocol, payload)
            }
            Family::Four => self.ip4(from4, far4, protocol, transport),
        }
    }

    fn rare<T: Copy>(&mut self, usual: T, odd: &[T]) -> T {
        match self.rng.once_in(32) {
            true => self.rng.pick(odd),
            false => usual,
        }
    }

    fn ports(&mut self, family: Family, from_peer: bool, ports: (u16, u16, u16)) -> Vec<u8> {
        let (host6, host4, peer) = ports;
        let host = if family == Family::Six { host6 } else { host4 };
        let (from, to) = if from_peer {
            (peer, host)
        } else {
            (host, peer)
        };
        let to = if self.rng.once_in(64) {
            self.rng.word()
        } else {
            to
        };
        [from.to_be_bytes(), to.to_be_bytes()].concat()
    }

    fn payload(&mut self) -> Vec<u8> {
        let len = match self.rng.byte() % 16 {
            0 => 0,
            1 => 1200 + usize::from(self.rng.byte()),
            2 => 128,
            _ => usize::from(self.rng.byte()) % 64,
        };
        let seed = self.rng.byte();
        (0..len)
            .map(|at| seed.wrapping_mul(31).wrapping_add(at as u8))
            .collect()
    }

    fn udp(&mut self, family: Family, from_peer: bool) -> Vec<u8> {
        let mut out = self.ports(family, from_peer, self.ends.udp);
        let payload = self.payload();
        let len = match self.rng.once_in(32) {
            true => self.rng.word(),
            false => 8 + payload.len() as u16,
        };
        out.extend(len.to_be_bytes());
        out.extend([0, 0]);
        out.extend(payload);
        out
    }

    fn tcp(&mut self, family: Family, from_peer: bool) -> Vec<u8> {
        let mut out = self.ports(family, from_peer, self.ends.tcp);
        out.extend([0, 0, 0, 1, 0, 0, 0, 2]);
        let flags = self.rng.mostly(&[0x10, 0x02, 0x12, 0x04, 0x11]);
        out.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
        out.extend(self.payload());
        out
    }

    fn echo(&mut self, family: Family) -> Vec<u8> {
        let (id6, id4, _) = self.ends.echo;
        let (kinds, id) = match family {
            Family::Six => ([128, 129, 128, 135, 143], id6),
            Family::Four => ([8, 0, 8, 13, 17], id4),
        };
        let mut out = vec![self.rng.pick(&kinds), 0, 0, 0];
        if self.rng.once_in(64) {
            out[1] = self.rng.byte();
        }
        out.extend(id.to_be_bytes());
        out.extend([0, 3]);
        out.extend(self.payload());
        out
    }

    /// An error about a packet from the other side.
    fn error(&mut self, family: Family, from_peer: bool) -> Vec<u8> {
        let (kind, most) = match family {
            Family::Six => self.rng.mostly(&[(1, 6), (2, 1), (3, 3), (4, 3), (5, 1)]),
            Family::Four => self
                .rng
                .mostly(&[(3, 17), (11, 3), (12, 4), (4, 1), (5, 1)]),
        };
        let kind = if self.rng.once_in(16) {
            self.rng.byte()
        } else {
            kind
        };
        let mut out = vec![kind, self.rng.byte() % most, 0, 0];
        let word = match self.rng.byte() % 4 {
            0 => [0, 0, 0, 0],
            1 => [self.rng.byte() % 44, 0, 0, 0],
            2 => [0, 0, self.rng.byte() % 8, self.rng.byte()],
            _ => [0, 0, 0, self.rng.byte() % 44],
        };
        out.extend(word);
        let mut quoted = self.packet(family, !from_peer, 1);
        let unit = if family == Family::Six { 8 } else { 4 };
        if self.rng.once_in(4) {
            let least = 8 + usize::from(self.rng.byte());
            quoted.truncate(least.max(self.rng.mostly(&[255, 0])));
        }
        if self.rng.once_in(4) {
            let area = match self.rng.once_in(4) {
                true => quoted.len().next_multiple_of(unit),
                false => quoted.len().max(128).next_multiple_of(unit),
            };
            quoted.resize(area, 0);
            let at = if family == Family::Six { 4 } else { 5 };
            out[at] = (area / unit) as u8;
            quoted.extend([0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0, 0x11, self.rng.byte()]);
        }
        quoted.truncate(1500);
        out.extend(quoted);
        out
    }

    /// Extension headers before a transport; answers with the first next header.
    fn chain(&mut self, out: &mut Vec<u8>, protocol: u8) -> u8 {
        let count = match self.rng.byte() {
            0..=159 => 0,
            160..=199 => 1,
            200..=229 => 2,
            230..=249 => 3,
            byte => usize::from(byte - 244),
        };
        let mut headers = Vec::new();
        for _ in 0..count {
            headers.push(self.rng.pick(&[0, 43, 44, 60, 60]));
        }
        for at in 0..count {
            let next = headers.get(at + 1).copied().unwrap_or(protocol);
            match headers[at] {
                44 => {
                    let offset = if self.rng.once_in(8) {
                        self.rng.byte()
                    } else {
                        0
                    };
                    out.extend([next, 0, 0, offset]);
                    out.extend([1, 2, self.rng.byte(), self.rng.byte()]);
                }
                43 => {
                    let left = u8::from(self.rng.once_in(8));
                    out.extend([next, 0, self.rng.byte(), left, 0, 0, 0, 0]);
                }
                _ => {
                    let len = self.rng.mostly(&[0, 1, 2, 200]);
                    out.extend([next, len, 1, 4, 0, 0, 0, 0]);
                    if !self.rng.once_in(16) {
                        out.extend(vec![0; 8 * usize::from(len)]);
                    }
                }
            }
        }
        headers.first().copied().unwrap_or(protocol)
    }

    /// Makes a right transport wrong now and then.
    fn spoil(&mut self, protocol: u8, transport: &mut Vec<u8>) {
        let at = check_at(protocol);
        match self.rng.byte() {
            0 => transport.truncate(usize::from(self.rng.byte()) % 24),
            1..=8 if transport.len() >= at + 2 => {
                let check = u16::from_be_bytes([transport[at], transport[at + 1]]);
                let wrong = add(check, 1 + u16::from(self.rng.byte()));
                transport[at..at + 2].copy_from_slice(&wrong.to_be_bytes());
            }
            9..=16 if protocol == 17 && transport.len() >= 8 => transport[6..8].fill(0),
            _ => {}
        }
    }

    fn ip6(&mut self, from: Ipv6Addr, to: Ipv6Addr, next: u8, payload: Vec<u8>) -> Vec<u8> {
        let word = 0x6000_0000 | (u32::from(self.rng.word()) << 12);
        let mut out = word.to_be_bytes().to_vec();
        let len = match self.rng.once_in(64) {
            true => self.rng.word(),
            false => payload.len() as u16,
        };
        out.extend(len.to_be_bytes());
        out.extend([next, self.rng.mostly(&[64, 0, 1, 2, 255])]);
        out.extend(from.octets());
        out.extend(to.octets());
        out.extend(payload);
        out
    }

    fn ip4(&mut self, from: Ipv4Addr, to: Ipv4Addr, protocol: u8, payload: Vec<u8>) -> Vec<u8> {
        let options: &[u8] = match self.rng.byte() {
            0..=8 => &[1, 1, 1, 0],
            9..=16 => &[131, 7, 4, 1, 2, 3, 4, 1],
            17..=24 => &[137, 7, 8, 1, 2, 3, 4, 1],
            25..=32 => &[148, 4, 0, 0, 7, 40, 4, 0],
            _ => &[],
        };
        let header_len = 20 + options.len();
        let mut out = vec![0x40 | (header_len / 4) as u8, self.rng.byte()];
        let len = match self.rng.once_in(64) {
            true => self.rng.word(),
            false => (header_len + payload.len()) as u16,
        };
        out.extend(len.to_be_bytes());
        out.extend([0x12, self.rng.byte()]);
        let frag = self
            .rng
            .mostly(&[0x0000, 0x4000, 0x4000, 0x2000, 0x0001, 0x2001]);
        out.extend(u16::to_be_bytes(frag));
        out.extend([self.rng.mostly(&[64, 0, 1, 2, 255]), protocol, 0, 0]);
        out.extend(from.octets());
        out.extend(to.octets());
        out.extend(options);
        let check = checksum(&[&out]).to_be_bytes();
        out[10..12].copy_from_slice(&check);
        if self.rng.once_in(128) {
            out[11] ^= 1;
        }
        out.extend(payload);
        out
    }
}

fn check_at(protocol: u8) -> usize {
    match protocol {
        6 => 16,
        17 => 6,
        _ => 2,
    }
}

/// Fills the checksum of a transport in.
fn seal(family: Family, protocol: u8, transport: &mut [u8], pseudo: impl Fn(u8, usize) -> Vec<u8>) {
    let at = check_at(protocol);
    if ![1, 6, 17, 58].contains(&protocol) || transport.len() < at + 2 {
        return;
    }
    transport[at..at + 2].fill(0);
    let pseudo = match (family, protocol) {
        (Family::Four, 1) => Vec::new(),
        _ => pseudo(protocol, transport.len()),
    };
    let check = match (protocol, checksum(&[&pseudo, transport])) {
        (17, 0) => 0xffff,
        (_, check) => check,
    };
    transport[at..at + 2].copy_from_slice(&check.to_be_bytes());
}
