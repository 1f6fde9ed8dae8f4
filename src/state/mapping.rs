// SPDX-License-Identifier: GPL-2.0

//! Mappings: the ports that IPv6 hosts have on the IPv4 side (RFC 6146 BIB).

use super::session::Session;
use crate::{
    linux::{
        memory::Cache,
        once::{read_once, write_once},
        sys,
        table::{HashEntry, Links},
    },
    nat::rule::{Filtering, Refresh},
    xlate::l4,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::sync::atomic::Atomic;

/// (IPv6 address, port, protocol) under a prefix ↔ (IPv4 address, port), whatever the peer.
pub(crate) struct BibEntry {
    links: Links<Self>,
    pub(crate) host: Host,
    pub(crate) v4: Endpoint4,
    /// The prefix under which the host has its peers: under another it has another mapping, so that
    /// what comes from one peer to the same port is for one session.
    pub(crate) prefix: u16,
    /// The rule that made it.
    pub(crate) rule: u32,
    /// Length of the prefix of its host's subscriber.
    pub(crate) subscriber: u8,
    /// As its rule says.
    pub(super) filter: Filtering,
    pub(super) refresh: Refresh,
    sessions: Atomic<u32>,
    /// Bits of [`ENDS`], [`USED`] and [`FIXED`].
    flags: Atomic<u32>,
    /// Jiffies at the last packet of its host, where only those keep sessions alive.
    heard: Atomic<u32>,
}

const _: () = assert!(size_of::<BibEntry>() <= 48 + size_of::<Links<BibEntry>>());

/// Its sessions are being ended.
const ENDS: u32 = 1;
/// A session of its that has ended may have had peers who still use the port.
const USED: u32 = 2;
/// It is a static mapping, as long as it has sessions.
const FIXED: u32 = 4;

/// The IPv4 side of a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoint4 {
    pub(crate) addr: Ipv4Addr,
    /// Port or ICMP identifier.
    pub(crate) port: u16,
}

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
}

impl BibEntry {
    /// A mapping with these hash values of its IPv6 and IPv4 side, by a rule with this number.
    pub(crate) fn new(
        (hash6, hash4): (u32, u32),
        host: Host,
        v4: Endpoint4,
        (rule, prefix, subscriber): (u32, u16, u8),
        (filter, refresh): (Filtering, Refresh),
    ) -> Self {
        Self {
            links: Links::new(hash6, hash4),
            host,
            v4,
            rule,
            prefix,
            subscriber,
            filter,
            refresh,
            sessions: Atomic::new(0),
            flags: Atomic::new(0),
            heard: Atomic::new(sys::jiffies()),
        }
    }

    /// It is a static mapping.
    pub(super) fn fixed(self) -> Self {
        self.set(FIXED);
        self
    }

    /// Its sessions are being ended, and it gets no new ones.
    pub(crate) fn ends(&self) -> bool {
        read_once(&self.flags) & ENDS != 0
    }

    pub(super) fn set_ends(&self) {
        self.set(ENDS);
    }

    /// A session of its that has ended may have had peers who still use the port. Changed as
    /// [`BibEntry::sessions`] is.
    pub(crate) fn was_used(&self) -> bool {
        read_once(&self.flags) & USED != 0
    }

    pub(super) fn set_used(&self) {
        self.set(USED);
    }

    /// Its rule says which port it has; none was taken of the pool for it.
    pub(super) fn is_fixed(&self) -> bool {
        read_once(&self.flags) & FIXED != 0
    }

    /// Whom its host talks to is to be known. Not where only its peers' answers are let through anyway.
    pub(super) fn asks_for_peers(&self) -> bool {
        self.filter == Filtering::Address
            && (l4::has_pool_ports(self.host.proto) || self.is_fixed())
    }

    /// Under the lock of its host.
    fn set(&self, flag: u32) {
        write_once(&self.flags, read_once(&self.flags) | flag);
    }

    /// The time from which on a session counts that a packet of an IPv4 host opens now.
    pub(super) fn guest_since(&self) -> u32 {
        match self.refresh {
            Refresh::Both => sys::jiffies(),
            Refresh::Outbound => read_once(&self.heard),
        }
    }

    /// Its host has sent a packet.
    pub(super) fn hear(&self) {
        write_once(&self.heard, sys::jiffies());
    }

    /// Sessions under this mapping. Changed under the lock of its host only.
    pub(crate) fn sessions(&self) -> u32 {
        read_once(&self.sessions)
    }

    pub(crate) fn set_sessions(&self, n: u32) {
        write_once(&self.sessions, n);
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
