// SPDX-License-Identifier: GPL-2.0

//! Sessions: what a packet of a known conversation needs to be translated.

use super::life::Life;
use crate::{
    linux::{
        family::{V4, V6},
        memory::Cache,
        once::{read_once, write_once},
        route::DstCache,
        table::{HashEntry, Links},
    },
    nat::{options::Values, rule::Refresh, tcp},
    xlate::{
        checksum::Delta,
        l4::Ports,
        proto,
        rewrite::Rewrite,
        side::Side,
        tuple::{Tuple4, Tuple6},
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::sync::atomic::Atomic;

/// One conversation, seen from the IPv6 host: it is the source on both sides.
pub(crate) struct Session {
    links: Links<Self>,
    pub(crate) v6: Tuple6,
    pub(crate) v4: Tuple4,
    /// As on the IPv4 side.
    pub(crate) proto: u8,
    /// Who sent the first packet.
    pub(crate) opener: Side,
    pub(crate) life: Life,
    /// The change that IPv6→IPv4 makes to a finished transport checksum.
    finished: Delta,
    /// The same for a checksum that counts the addresses only.
    partial: Delta,
    /// Chooses the counter for identification numbers.
    pub(crate) ident: u16,
    /// Hash value of the host's mapping, which chooses its lock.
    pub(crate) host: u32,
    pub(crate) to4: DstCache<V4>,
    pub(crate) to6: DstCache<V6>,
    /// Where and when the IPv4 side's source was looked at.
    source: Atomic<u64>,
}

const _: () = assert!(size_of::<Session>() <= 128 + size_of::<Links<Session>>());

impl Session {
    /// A session with these hash values of its IPv6 and IPv4 side and of its host, and this counter
    /// for identification numbers.
    pub(crate) fn new(
        (hash6, hash4, host): (u32, u32, u32),
        ident: u16,
        v6: Tuple6,
        v4: Tuple4,
        proto: u8,
        (opener, state): (Side, tcp::State),
        (used, refresh): (u32, Refresh),
    ) -> Self {
        Self {
            links: Links::new(hash6, hash4),
            v6,
            v4,
            proto,
            opener,
            life: Life::new(state, used, refresh),
            finished: Delta::of(v6.sum(), v4.sum()),
            partial: Delta::of(v6.addr_sum(), v4.addr_sum()),
            ident,
            host,
            to4: DstCache::new(),
            to6: DstCache::new(),
            source: Atomic::new(0),
        }
    }

    /// Return the new form of packets of the IPv6 host.
    #[inline(always)]
    pub(crate) fn to_v4(&self) -> Rewrite<Ipv4Addr> {
        let v4 = &self.v4;
        Rewrite {
            saddr: v4.saddr,
            daddr: v4.daddr,
            ports: Some(Ports {
                sport: v4.sport,
                dport: v4.dport,
            }),
            finished: self.finished,
            partial: self.partial,
        }
    }

    /// Return the new form of packets to the IPv6 host.
    #[inline(always)]
    pub(crate) fn to_v6(&self) -> Rewrite<Ipv6Addr> {
        let v6 = &self.v6;
        Rewrite {
            saddr: v6.daddr,
            daddr: v6.saddr,
            ports: Some(Ports {
                sport: v6.dport,
                dport: v6.sport,
            }),
            finished: self.finished.inverse(),
            partial: self.partial.inverse(),
        }
    }

    /// When it is to be looked at if there is no packet before, in jiffies.
    #[inline]
    pub(super) fn due(&self, values: &Values) -> u32 {
        self.life.read().due(self.proto, values)
    }

    /// Its state, none but for TCP.
    pub(crate) fn state(&self) -> tcp::State {
        match self.proto {
            proto::TCP => self.life.read().state,
            _ => tcp::State::None,
        }
    }

    /// The stamp of packets for which the IPv4 side's source was found good last.
    #[inline]
    pub(crate) fn source(&self) -> u64 {
        read_once(&self.source)
    }

    /// The IPv4 side's source is good for packets of this stamp.
    pub(crate) fn know_source(&self, stamp: u64) {
        write_once(&self.source, stamp);
    }
}

pub(super) static CACHE: Cache<Session> = Cache::new();

impl HashEntry for Session {
    fn cache() -> &'static Cache<Self> {
        &CACHE
    }

    #[inline]
    fn links(&self) -> &Links<Self> {
        &self.links
    }

    fn release(&self) {
        self.to4.clear();
        self.to6.clear();
    }
}
