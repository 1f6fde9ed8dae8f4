// SPDX-License-Identifier: GPL-2.0

//! Mappings: the ports that IPv6 hosts have on the IPv4 side (RFC 6146 BIB).

use super::session::{Secret, Session};
use crate::{
    linux::{
        memory::Cache,
        table::{HashEntry, Links},
    },
    nat::siphash,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::sync::atomic::{ordering, Atomic};

/// (IPv6 address, port, protocol) ↔ (IPv4 address, port), whatever the peer.
pub(crate) struct BibEntry {
    links: Links<Self>,
    pub(crate) host: Host,
    pub(crate) addr: Ipv4Addr,
    pub(crate) port: u16,
    /// The host's first destination: tells the prefix that it uses.
    pub(crate) target: Ipv6Addr,
    sessions: Atomic<u32>,
}

const _: () = assert!(size_of::<BibEntry>() <= 96);

/// The IPv6 side of a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) addr: Ipv6Addr,
    /// Port or ICMP identifier.
    pub(crate) port: u16,
    /// As on the IPv4 side.
    pub(crate) proto: u8,
}

impl Host {
    /// The host of a session.
    pub(crate) fn of(session: &Session) -> Self {
        Self {
            addr: session.v6.saddr,
            port: session.v6.sport,
            proto: session.proto,
        }
    }

    pub(crate) fn hash(&self, key: &Secret) -> u32 {
        let addr = u128::from(self.addr);
        let rest = u64::from(self.port) << 8 | u64::from(self.proto);
        siphash::hash(key, [(addr >> 64) as u64, addr as u64], rest) as u32
    }
}

/// Hash value of a mapping's IPv4 side.
pub(crate) fn hash4(key: &Secret, addr: Ipv4Addr, port: u16, proto: u8) -> u32 {
    let ports = u64::from(port) << 8 | u64::from(proto);
    siphash::hash(key, [u32::from(addr).into()], ports) as u32
}

impl BibEntry {
    pub(crate) fn new(
        key: &Secret,
        host: Host,
        addr: Ipv4Addr,
        port: u16,
        target: Ipv6Addr,
    ) -> Self {
        Self {
            links: Links::new(host.hash(key), hash4(key, addr, port, host.proto)),
            host,
            addr,
            port,
            target,
            sessions: Atomic::new(0),
        }
    }

    /// Sessions under this mapping. Changed under the lock of its host only.
    pub(crate) fn sessions(&self) -> u32 {
        self.sessions.load(ordering::Relaxed)
    }

    pub(crate) fn set_sessions(&self, n: u32) {
        self.sessions.store(n, ordering::Relaxed);
    }
}

pub(super) static CACHE: Cache<BibEntry> = Cache::new();

impl HashEntry for BibEntry {
    fn cache() -> &'static Cache<Self> {
        &CACHE
    }

    fn links(&self) -> &Links<Self> {
        &self.links
    }

    fn release(&self) {}
}
