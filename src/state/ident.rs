// SPDX-License-Identifier: GPL-2.0

//! Identification numbers for the IPv4 packets we make (RFC 6864).

use super::hash::Secret;
use crate::{
    linux::{array::Array, memory::Account, once::read_once, sys},
    nat::siphash,
};
use core::net::Ipv4Addr;
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

const COUNTERS: usize = 1024;

struct Counter {
    next: Atomic<u32>,
    /// When it was last used.
    used: Atomic<u32>,
}

impl Counter {
    /// The growth of the counter by itself: a random number below the jiffies that passed.
    #[inline(always)]
    fn gain(&self, now: u32) -> u32 {
        let used = read_once(&self.used);
        match used == now {
            true => 0,
            false => self.gain_since(used, now),
        }
    }

    #[cold]
    fn gain_since(&self, used: u32, now: u32) -> u32 {
        match self.used.cmpxchg(used, now, ordering::Relaxed) {
            Ok(_) => sys::random_below(now.wrapping_sub(used)),
            // Another CPU has seen to it.
            Err(_) => 0,
        }
    }
}

/// A counter for each (source, destination, protocol), shared by those that fall on the same one.
///
/// Hosts behind one pool address share its numbers to a destination, so a
/// number comes again only after 65536 packets to it, less the time that passed in jiffies. Who
/// shares a counter with whom is a secret, and what it gains by itself hides how many packets
/// others sent (as `ip_idents_reserve()` does).
pub(crate) struct Identifiers {
    key: Secret,
    counters: Array<Counter>,
}

impl Identifiers {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let counters = (0..COUNTERS).map(|_| Counter {
            next: Atomic::new(sys::random()),
            used: Atomic::new(sys::jiffies()),
        });
        Ok(Self {
            key: [sys::random_key(), sys::random_key()],
            counters: Array::new(account, COUNTERS, counters)?,
        })
    }

    /// Chooses the counter of a packet's source, destination and protocol.
    pub(crate) fn slot(&self, saddr: Ipv4Addr, daddr: Ipv4Addr, proto: u8) -> u16 {
        let addrs = u64::from(u32::from(saddr)) << 32 | u64::from(u32::from(daddr));
        siphash::hash(&self.key, [addrs, proto.into()]) as u16
    }

    /// The first of `n` numbers in a row, for packets of one (source, destination, protocol).
    #[inline(always)]
    pub(crate) fn next(&self, slot: u16, n: u32) -> u16 {
        let Some(counter) = self.counters.get(slot as usize % COUNTERS) else {
            return 0;
        };
        let gain = counter.gain(sys::jiffies());
        let before = counter
            .next
            .fetch_add(n.wrapping_add(gain), ordering::Relaxed);
        before.wrapping_add(gain) as u16
    }
}
