// SPDX-License-Identifier: GPL-2.0

//! Sessions: what a packet of a known conversation needs to be translated.

use crate::{
    linux::{
        family::{V4, V6},
        memory::Cache,
        once::read_once,
        route::DstCache,
        sys,
        table::{HashEntry, Links},
    },
    nat::{
        options::{self, Id, Values},
        siphash, tcp,
    },
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
use kernel::sync::atomic::{ordering, Atomic};

/// One conversation, seen from the IPv6 host: it is the source on both sides.
pub(crate) struct Session {
    links: Links<Self>,
    pub(crate) v6: Tuple6,
    pub(crate) v4: Tuple4,
    /// As on the IPv4 side.
    pub(crate) proto: u8,
    state: Atomic<u32>,
    used: Atomic<u32>,
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
#[inline]
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
#[inline]
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
            state: Atomic::new(state as u32),
            used: Atomic::new(now),
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

    /// Takes note of a packet: TCP state and timer.
    #[inline]
    pub(crate) fn advance(&self, side: Side, flags: Option<tcp::Flags>, now: u32) {
        match flags {
            Some(flags) if !flags.is_data() || self.state() != tcp::State::Established => {
                self.step(side, flags, now)
            }
            _ => self.touch(now),
        }
    }

    #[cold]
    fn step(&self, side: Side, flags: tcp::Flags, now: u32) {
        let step = tcp::next(self.state(), side, flags);
        self.state.store(step.state as u32, ordering::Relaxed);
        if step.timer != tcp::Timer::Keep {
            self.used.store(now, ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn state(&self) -> tcp::State {
        tcp::State::from_u8(read_once(&self.state) as u8).unwrap_or(tcp::State::None)
    }

    /// Jiffies since the last packet that counts.
    #[inline]
    pub(crate) fn idle(&self, now: u32) -> u32 {
        now.wrapping_sub(read_once(&self.used))
    }

    /// A packet that keeps the session alive. Written at most once a second, so that
    /// CPUs do not fight for the line.
    #[inline]
    pub(crate) fn touch(&self, now: u32) {
        if self.idle(now) >= sys::hz() {
            self.used.store(now, ordering::Relaxed);
        }
    }

    /// Jiffies that the session lives without a packet.
    #[inline]
    pub(crate) fn life(&self, values: &Values) -> u32 {
        let seconds = values.get(match self.proto {
            proto::UDP => Id::UdpTimeout,
            proto::TCP => match self.state() {
                tcp::State::Established | tcp::State::V6FinRcv | tcp::State::V4FinRcv => {
                    Id::TcpEstTimeout
                }
                tcp::State::V6Init | tcp::State::V4Init => Id::TcpSynTimeout,
                _ => Id::TcpTransTimeout,
            },
            _ => Id::IcmpTimeout,
        });
        seconds.saturating_mul(sys::hz())
    }

    #[inline]
    pub(crate) fn is_expired(&self, values: &Values, now: u32) -> bool {
        let idle = self.idle(now);
        // No option makes a life shorter, and most packets follow sooner.
        if idle < sys::hz().saturating_mul(options::LEAST_TIME) {
            return false;
        }
        // A clock read before the last packet of another CPU is not an age.
        idle > self.life(values) && idle <= u32::MAX / 2
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
