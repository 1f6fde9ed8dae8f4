// SPDX-License-Identifier: GPL-2.0

//! Unsolicited SYNs that wait: see `late`.

use super::hash::{self, Secret};
use crate::{
    linux::{
        bh::{BhGuard, Stripes},
        memory::{Account, Cache, Memcg},
        once::read_once,
        rcu, sys,
        table::{HashEntry, Index, Linked, Links, Table, NARROW},
    },
    nat::options::{Id, Values},
    xlate::{bytes, proto, tuple::Tuple4, DropReason},
};
use core::{cell::Cell, net::Ipv4Addr};
use kernel::{
    prelude::*,
    static_lock_class,
    sync::atomic::{ordering, Atomic},
};

/// Bytes of a packet that its answer quotes: IPv4 and TCP header with all their options.
const QUOTE: usize = 120;

/// One SYN.
pub(crate) struct Syn {
    links: Links<Self>,
    /// The pool is its source.
    pub(super) tuple: Tuple4,
    /// The interface that it came in on.
    pub(super) iif: u32,
    /// Jiffies when it came.
    pub(super) since: u32,
    len: usize,
    bytes: [u8; QUOTE],
}

const _: () = assert!(size_of::<Syn>() <= 208);

impl Syn {
    /// One with these hash values of its sender and its tuple, an interface, and the bytes at hand.
    fn new((sender, hash): (u32, u32), tuple: Tuple4, (iif, packet): (u32, &[u8])) -> Self {
        let mut quote = [0; QUOTE];
        let len = bytes::copy(&mut quote, 0, packet);
        Self {
            links: Links::new(sender, hash),
            tuple,
            iif,
            since: sys::jiffies(),
            len,
            bytes: quote,
        }
    }

    /// Hash value of its tuple.
    pub(super) fn hash(&self) -> u32 {
        self.links.hash(Index::V4)
    }

    /// Its first bytes.
    pub(super) fn quote(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

pub(super) static CACHE: Cache<Syn> = Cache::new();

impl HashEntry for Syn {
    fn cache() -> &'static Cache<Self> {
        &CACHE
    }

    fn links(&self) -> &Links<Self> {
        &self.links
    }

    fn release(&self) {}
}

/// All of a namespace, found by their tuple (V4) and by their sender (V6).
#[pin_data]
pub(crate) struct Syns {
    #[pin]
    pub(super) table: Table<Syn>,
    count: Atomic<u32>,
    /// Taken to add one of a sender.
    #[pin]
    senders: Stripes,
}

/// What adding one has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It waits already.
    Known,
    /// No other does.
    First,
    Another,
}

impl Syns {
    pub(crate) fn new(account: Account) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- Table::new(account, NARROW),
            count: Atomic::new(0),
            senders <- Stripes::new(static_lock_class!()),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        read_once(&self.count) == 0
    }

    /// Give the table the buckets that it needs. May sleep.
    pub(super) fn fit(&self, memcg: &Memcg) -> bool {
        self.table.fit(read_once(&self.count), memcg)
    }

    /// Adds one, with the hash value of its tuple. Fails where there are too many, or memory is short.
    pub(super) fn add(
        &self,
        (secret, values): (&Secret, &Values),
        (tuple, hash): (&Tuple4, u32),
        packet: (u32, &[u8]),
        memcg: &Memcg,
        guard: &rcu::Guard,
    ) -> Result<Added, DropReason> {
        let sender = sender(secret, tuple.daddr);
        let bh = BhGuard::new();
        let _lock = self.senders.lock(sender, &bh);
        let of_sender = Cell::new(0u32);
        let known = self.table.find(Index::V6, sender, guard, |syn| {
            if syn.tuple.daddr == tuple.daddr {
                of_sender.set(of_sender.get().wrapping_add(1));
            }
            syn.tuple == *tuple
        });
        if known.is_some() {
            return Ok(Added::Known);
        }
        if of_sender.get() >= values.get(Id::SourceSyns) {
            return Err(DropReason::SynLimit);
        }
        // In full order, so that the worker either sees it or is woken.
        let before = self.count.fetch_add(1, ordering::Full);
        let syn = || Syn::new((sender, hash), *tuple, packet);
        let is_added = before < values.get(Id::HeldSyns)
            && (self.table)
                .insert(syn, &bh, &memcg.charging(&bh), guard)
                .is_ok();
        match (is_added, before) {
            (true, 0) => Ok(Added::First),
            (true, _) => Ok(Added::Another),
            (false, _) => {
                self.count.fetch_sub(1, ordering::Relaxed);
                Err(DropReason::SynLimit)
            }
        }
    }

    /// Takes one out. Return false if somebody else did.
    pub(super) fn remove(&self, syn: Linked<'_, Syn>, guard: &rcu::Guard) -> bool {
        let removed = self.table.remove(syn, &BhGuard::new(), guard);
        if removed {
            self.count.fetch_sub(1, ordering::Relaxed);
        }
        removed
    }
}

fn sender(secret: &Secret, addr: Ipv4Addr) -> u32 {
    let tuple = Tuple4 {
        saddr: Ipv4Addr::UNSPECIFIED,
        daddr: addr,
        sport: 0,
        dport: 0,
    };
    hash::session4(secret, &tuple, proto::TCP)
}
