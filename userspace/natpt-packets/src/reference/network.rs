// SPDX-License-Identifier: GPL-2.0
//! What the translator knows.

use std::net::{Ipv4Addr, Ipv6Addr};

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// IPv6 prefix and its length.
    pub v6: (Ipv6Addr, usize),
    /// IPv4 prefix and its length.
    pub v4: (Ipv4Addr, usize),
    /// Whether the hosts are IPv4 ones that go out through IPv6.
    pub clat: bool,
    /// Whether the IPv6 addresses are those of RFC 6052 under `v6`, which is the network's prefix.
    pub embedded: bool,
}

/// One end of a conversation in both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// IPv6 address and port.
    pub v6: (Ipv6Addr, u16),
    /// IPv4 address and port.
    pub v4: (Ipv4Addr, u16),
}

/// A conversation that the translator knows of. Both ports of an echo are its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Protocol in IPv4.
    pub protocol: u8,
    /// The IPv6 host.
    pub host: End,
    /// The IPv4 host.
    pub peer: End,
}

/// A prefix, the sessions and mappings beside it, and what else decides.
#[derive(Clone, Debug)]
pub struct Network {
    /// The first bits of addresses that stand for IPv4 ones, and how many.
    pub prefix: (Ipv6Addr, usize),
    /// Conversations.
    pub sessions: Vec<Session>,
    /// Stateless rules.
    pub mappings: Vec<Mapping>,
    /// MTUs of the next links on the IPv6 and the IPv4 side.
    pub mtu6: u32,
    /// See `mtu6`.
    pub mtu4: u32,
    /// Identification of IPv4 packets that do not come as fragments.
    pub id: u16,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It leaves on the other side.
    Out(Vec<u8>),
    /// It leaves on its own side.
    Back(Vec<u8>),
    /// It leaves on the other side in fragments.
    Cut,
    /// It is dropped, and why.
    Dropped(&'static str),
}

impl Network {
    /// RFC 6052 section 2.3: what follows the prefix, byte 8 left out.
    pub(super) fn extract(&self, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        let (prefix, len) = (self.prefix.0.octets(), self.prefix.1 / 8);
        let bytes = addr.octets();
        let mut places = (len..16).filter(|at| *at != 8);
        let mut next = || places.next().map(|at| bytes[at]);
        let v4 = Ipv4Addr::new(next()?, next()?, next()?, next()?);
        (bytes[..len] == prefix[..len]).then_some(v4)
    }

    /// RFC 6052 section 2.2.
    pub(crate) fn embed(&self, addr: Ipv4Addr) -> Ipv6Addr {
        let mut bytes = self.prefix.0.octets();
        let places = (self.prefix.1 / 8..16).filter(|at| *at != 8);
        for (place, byte) in places.zip(addr.octets()) {
            bytes[place] = byte;
        }
        bytes.into()
    }

    /// The session in which `from` sends to `to`, ends in IPv6.
    pub(super) fn session6(
        &self,
        protocol: u8,
        host: (Ipv6Addr, u16),
        peer: (Ipv6Addr, u16),
    ) -> Option<&Session> {
        let mut sessions = self.sessions.iter();
        sessions.find(|it| it.protocol == protocol && it.host.v6 == host && it.peer.v6 == peer)
    }

    /// The session between these ends in IPv4.
    pub(super) fn session4(
        &self,
        protocol: u8,
        host: (Ipv4Addr, u16),
        peer: (Ipv4Addr, u16),
    ) -> Option<&Session> {
        let mut sessions = self.sessions.iter();
        sessions.find(|it| it.protocol == protocol && it.host.v4 == host && it.peer.v4 == peer)
    }
}
