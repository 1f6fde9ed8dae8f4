// SPDX-License-Identifier: GPL-2.0

//! Sessions: what a packet of a known conversation needs to be translated.

use super::life::Life;
use crate::{
    linux::{
        family::{V4, V6},
        memory::Cache,
        once::read_once,
        route::DstCache,
        table::{HashEntry, Links},
    },
    nat::{siphash, tcp},
    xlate::{
        checksum::Delta,
        l4::Ports,
        rewrite::Rewrite,
        tuple::{Tuple4, Tuple6},
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::sync::atomic::{ordering, Atomic};

/// One conversation, seen from the IPv6 host: it is the source on both sides.
pub(crate) struct Session {
    links: Links<Self>,
    pub(crate) v6: Tuple6,
    pub(crate) v4: Tuple4,
    /// As on the IPv4 side.
    pub(crate) proto: u8,
    pub(crate) life: Life,
    /// The change that IPv6→IPv4 makes to a finished transport checksum.
    finished: Delta,
    /// The same for a checksum that counts the addresses only.
    partial: Delta,
    /// Chooses the counter for identification numbers.
    pub(crate) ident: u32,
    /// Hash value of the host's mapping, which chooses its lock.
    pub(crate) host: u32,
    pub(crate) to4: DstCache<V4>,
    pub(crate) to6: DstCache<V6>,
    /// Where and when the IPv4 side's source was looked at.
    source: Atomic<u64>,
}

const _: () = assert!(size_of::<Session>() <= 168);

/// The secret that keeps hash values from being guessed.
pub(crate) type Secret = [u64; 2];

#[inline]
fn ports(sport: u16, dport: u16, proto: u8) -> u64 {
    u64::from(sport) << 32 | u64::from(dport) << 16 | u64::from(proto)
}

/// Hash value of a session's IPv6 side.
#[inline(always)]
pub(crate) fn hash6(key: &Secret, tuple: &Tuple6, proto: u8) -> u32 {
    let (saddr, daddr) = (u128::from(tuple.saddr), u128::from(tuple.daddr));
    siphash::hash(
        key,
        [
            (saddr >> 64) as u64,
            saddr as u64,
            (daddr >> 64) as u64,
            daddr as u64,
        ],
        ports(tuple.sport, tuple.dport, proto),
    ) as u32
}

/// Hash value of a session's IPv4 side.
#[inline(always)]
pub(crate) fn hash4(key: &Secret, tuple: &Tuple4, proto: u8) -> u32 {
    let addrs = u64::from(u32::from(tuple.saddr)) << 32 | u64::from(u32::from(tuple.daddr));
    siphash::hash(key, [addrs], ports(tuple.sport, tuple.dport, proto)) as u32
}

impl Session {
    /// A session with these hash values of its IPv6 and IPv4 side and of its host, and this counter
    /// for identification numbers.
    pub(crate) fn new(
        (hash6, hash4, host): (u32, u32, u32),
        ident: u32,
        v6: Tuple6,
        v4: Tuple4,
        proto: u8,
        state: tcp::State,
        now: u32,
    ) -> Self {
        Self {
            links: Links::new(hash6, hash4),
            v6,
            v4,
            proto,
            life: Life::new(state, now),
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

    /// The stamp of packets for which the IPv4 side's source was found good last.
    #[inline]
    pub(crate) fn source(&self) -> u64 {
        read_once(&self.source)
    }

    /// The IPv4 side's source is good for packets of this stamp.
    pub(crate) fn know_source(&self, stamp: u64) {
        self.source.store(stamp, ordering::Relaxed);
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
