// SPDX-License-Identifier: GPL-2.0

//! What the mappings and sessions of one IPv6 host, or of one network, add up to.

use super::hash::{self, Secret};
use crate::{
    linux::{
        bh::{BhGuard, Stripes},
        memory::{Account, Cache, Charging, Memcg},
        once::{read_once, write_once},
        rcu, sys,
        table::{HashEntry, Index, Linked, Links, Table, WIDE},
    },
    nat::{
        options::{Id, Values},
        rule::Source6,
    },
    xlate::{
        addr::{self, Range4},
        side::Side,
        DropReason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::{
    prelude::*,
    static_lock_class,
    sync::atomic::{ordering, Atomic},
};

/// One subscriber: an IPv6 prefix or address. What it has is changed under its lock only,
/// but for `pool`.
pub(crate) struct Subscriber {
    links: Links<Self>,
    addrs: Addresses,
    mappings: Atomic<u32>,
    /// Those that it opened itself.
    sessions: Atomic<u32>,
    /// Those that IPv4 hosts opened to it.
    guests: Atomic<u32>,
    /// Sessions that it may open yet, in parts of which a session takes as many as a second has
    /// jiffies; and when that was so.
    tokens: Atomic<u32>,
    filled: Atomic<u32>,
    /// The pool address that the host has its ports of, where its rule has several; 0 is none.
    pool: Atomic<u32>,
}

const _: () = assert!(size_of::<Subscriber>() <= 48 + size_of::<Links<Subscriber>>());

/// The host that something is opened for.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    addr: Ipv6Addr,
    /// Its hash value.
    hash: u64,
    /// Length of its network's prefix.
    pub(crate) len: u8,
}

impl Owner {
    #[inline(always)]
    pub(crate) fn new(key: &Secret, addr: Ipv6Addr, len: u8) -> Self {
        let hash = hash::host(key, addr);
        Self { addr, hash, len }
    }

    /// Its address.
    pub(super) fn addr(&self) -> Ipv6Addr {
        self.addr
    }

    /// A number that hardly another network has, whoever may know its addresses.
    #[cold]
    pub(super) fn network_id(&self, key: &Secret) -> u64 {
        hash::host(key, self.network(key).0.first)
    }

    /// Its network.
    #[cold]
    pub(super) fn range(&self) -> Source6 {
        Source6 {
            addr: Ipv6Addr::from_bits(self.addr.to_bits() & addr::mask(self.len.into())),
            len: self.len,
        }
    }

    /// Hash value of its mapping of a port and protocol.
    pub(crate) fn hash(&self, key: &Secret, port: u16, proto: u8) -> u32 {
        hash::mapping6(key, self.hash, port, proto)
    }

    /// A number below `count` that is always the same for it, whoever may know its address.
    pub(super) fn share_of(&self, count: usize) -> usize {
        ((self.hash >> 32).wrapping_mul(count as u64) >> 32) as usize
    }

    /// Its network, with that's hash value.
    #[inline(always)]
    fn network(&self, key: &Secret) -> (Addresses, u32) {
        let first = Ipv6Addr::from_bits(self.addr.to_bits() & addr::mask(self.len.into()));
        let addrs = Addresses {
            first,
            len: self.len,
            share: Share::Whole,
        };
        (addrs, hash::network(key, first))
    }

    /// The address alone, with its hash value, if that is not the network.
    fn address(&self) -> Option<(Addresses, u32)> {
        let addrs = Addresses {
            first: self.addr,
            len: self.len,
            share: Share::Half,
        };
        (self.len < 128).then_some((addrs, self.hash as u32))
    }
}

/// The addresses of a subscriber: a network, or one address of a network with this length of prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Addresses {
    first: Ipv6Addr,
    len: u8,
    share: Share,
}

/// What is opened and closed at once.
#[derive(Clone, Copy)]
pub(crate) struct Item {
    /// A session that this side opens. Those that IPv4 hosts open are limited, too, lest a host has
    /// friends outside that open more for it; but apart, so that strangers do not take what it may
    /// open itself.
    pub(crate) opener: Side,
    /// A mapping with it.
    pub(crate) mapping: bool,
}

pub(super) static CACHE: Cache<Subscriber> = Cache::new();

impl HashEntry for Subscriber {
    fn cache() -> &'static Cache<Self> {
        &CACHE
    }

    fn links(&self) -> &Links<Self> {
        &self.links
    }

    fn release(&self) {}
}

/// The part of the limits that a network, and one of its addresses, may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Share {
    Whole,
    Half,
}

impl Share {
    fn of(self, limit: u32) -> u32 {
        match self {
            Share::Whole => limit,
            Share::Half => limit.wrapping_sub(limit / 2),
        }
    }
}

impl Subscriber {
    fn new(hash: u32, addrs: Addresses, values: &Values) -> Self {
        let rate = addrs.share.of(values.get(Id::HostRate));
        Self {
            links: Links::new(hash, hash),
            addrs,
            mappings: Atomic::new(0),
            sessions: Atomic::new(0),
            guests: Atomic::new(0),
            tokens: Atomic::new(rate.saturating_mul(sys::hz())),
            filled: Atomic::new(sys::jiffies()),
            pool: Atomic::new(0),
        }
    }

    /// The pool address that a host has, if it is one of a rule's.
    pub(super) fn pool(&self, range: &Range4) -> Option<Ipv4Addr> {
        let addr = Ipv4Addr::from_bits(read_once(&self.pool));
        range.contains(addr).then_some(addr)
    }

    /// Gives a host this pool address, unless it has got one of its rule's. Return which it has.
    pub(super) fn pair(&self, addr: Ipv4Addr, range: &Range4) -> Ipv4Addr {
        let mut had = read_once(&self.pool);
        while !range.contains(Ipv4Addr::from_bits(had)) {
            match self.pool.cmpxchg(had, addr.to_bits(), ordering::Relaxed) {
                Ok(_) => return addr,
                Err(other) => had = other,
            }
        }
        Ipv4Addr::from_bits(had)
    }

    fn sessions(&self, opener: Side) -> &Atomic<u32> {
        match opener {
            Side::V6 => &self.sessions,
            Side::V4 => &self.guests,
        }
    }

    /// Opens an item, if there may be one more.
    fn open(&self, item: Item, values: &Values) -> Result<(), DropReason> {
        let share = self.addrs.share;
        let count = self.sessions(item.opener);
        let sessions = read_once(count);
        if sessions >= share.of(values.get(Id::HostSessions)) {
            return Err(DropReason::HostSessions);
        }
        let mappings = read_once(&self.mappings);
        if item.mapping && mappings >= share.of(values.get(Id::HostMappings)) {
            return Err(DropReason::HostMappings);
        }
        if item.opener == Side::V6 && !self.take_token(share.of(values.get(Id::HostRate))) {
            return Err(DropReason::HostRate);
        }
        write_once(count, sessions.wrapping_add(1));
        write_once(&self.mappings, mappings.wrapping_add(item.mapping.into()));
        Ok(())
    }

    fn close(&self, item: Item) {
        let count = self.sessions(item.opener);
        let mappings = read_once(&self.mappings);
        write_once(count, read_once(count).saturating_sub(1));
        write_once(&self.mappings, mappings.saturating_sub(item.mapping.into()));
    }

    /// Takes back what [`Subscriber::open`] did.
    fn undo(&self, item: Item) {
        self.close(item);
        if item.opener == Side::V6 {
            write_once(
                &self.tokens,
                read_once(&self.tokens).saturating_add(sys::hz()),
            );
        }
    }

    /// Takes one of the tokens, of which `rate` come in a second, and as many may be saved.
    fn take_token(&self, rate: u32) -> bool {
        let (now, one) = (sys::jiffies(), sys::hz());
        let mut tokens = read_once(&self.tokens);
        let passed = now.wrapping_sub(read_once(&self.filled));
        if passed != 0 {
            let fresh = u64::from(passed).wrapping_mul(rate.into());
            let most = rate.saturating_mul(one);
            let sum = u32::try_from(fresh.saturating_add(tokens.into()));
            tokens = sum.unwrap_or(most).min(most);
            write_once(&self.filled, now);
        }
        let left = tokens.checked_sub(one);
        write_once(&self.tokens, left.unwrap_or(tokens));
        left.is_some()
    }

    fn has_nothing(&self) -> bool {
        let all = [&self.mappings, &self.sessions, &self.guests];
        all.into_iter().all(|count| read_once(count) == 0)
    }
}

/// All subscribers of a namespace that have something: those of forged sources, which are refused,
/// would be without number. Whose last session has ended has its tokens again anyhow, for that lived
/// longer than they take to come.
#[pin_data]
pub(crate) struct Subscribers {
    #[pin]
    table: Table<Subscriber>,
    count: Atomic<u32>,
    /// Taken to change what a network and its addresses have.
    #[pin]
    locks: Stripes,
}

impl Subscribers {
    pub(crate) fn new(account: Account) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- Table::new(account, WIDE),
            count: Atomic::new(0),
            locks <- Stripes::new(static_lock_class!()),
        })
    }

    /// Opens an item for a host, if it and its network may have one more.
    #[inline]
    pub(crate) fn open(
        &self,
        (key, values): (&Secret, &Values),
        (owner, item): (Owner, Item),
        bh: &BhGuard,
        charging: &Charging<'_>,
        guard: &rcu::Guard,
    ) -> Result<(), DropReason> {
        let (network, hash) = owner.network(key);
        let _lock = self.locks.lock(hash, bh);
        let open = |(addrs, hash)| {
            let subscriber = match self.find(hash, addrs, guard) {
                Some(subscriber) => subscriber,
                None => {
                    let new = || Subscriber::new(hash, addrs, values);
                    let subscriber = self.table.insert(new, bh, charging, guard)?;
                    self.count.add(1, ordering::Relaxed);
                    subscriber
                }
            };
            match subscriber.open(item, values) {
                Ok(()) => Ok(subscriber),
                Err(why) => {
                    self.forget_unused(subscriber, bh, guard);
                    Err(why)
                }
            }
        };
        let whole = open((network, hash))?;
        if let Some(address) = owner.address() {
            open(address).inspect_err(|_| {
                whole.undo(item);
                self.forget_unused(whole, bh, guard);
            })?;
        }
        Ok(())
    }

    /// The subscriber that a host alone is, if it has something.
    pub(super) fn of<'g>(
        &'g self,
        key: &Secret,
        owner: &Owner,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Subscriber>> {
        let (addrs, hash) = owner.address().unwrap_or_else(|| owner.network(key));
        self.find(hash, addrs, guard)
    }

    /// Closes an item of a host.
    pub(crate) fn close(
        &self,
        key: &Secret,
        (owner, item): (Owner, Item),
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) {
        self.change(key, owner, bh, guard, |it| it.close(item));
    }

    /// Takes back what [`Subscribers::open`] did.
    pub(crate) fn undo(
        &self,
        key: &Secret,
        (owner, item): (Owner, Item),
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) {
        self.change(key, owner, bh, guard, |it| it.undo(item));
    }

    /// Changes what a host and its network have.
    fn change(
        &self,
        key: &Secret,
        owner: Owner,
        bh: &BhGuard,
        guard: &rcu::Guard,
        f: impl Fn(&Subscriber),
    ) {
        let (network, hash) = owner.network(key);
        let _lock = self.locks.lock(hash, bh);
        let change = |(addrs, hash)| {
            if let Some(subscriber) = self.find(hash, addrs, guard) {
                f(&subscriber);
                self.forget_unused(subscriber, bh, guard);
            }
        };
        change((network, hash));
        if let Some(address) = owner.address() {
            change(address);
        }
    }

    /// Give the table the buckets that it needs. May sleep.
    pub(crate) fn fit(&self, memcg: &Memcg) -> bool {
        self.table.fit(read_once(&self.count), memcg)
    }

    fn forget_unused(&self, subscriber: Linked<'_, Subscriber>, bh: &BhGuard, guard: &rcu::Guard) {
        if subscriber.has_nothing() {
            self.table.remove(subscriber, bh, guard);
            self.count.add(1u32.wrapping_neg(), ordering::Relaxed);
        }
    }

    #[inline]
    fn find<'g>(
        &'g self,
        hash: u32,
        addrs: Addresses,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Subscriber>> {
        self.table.find(Index::V6, hash, guard, |subscriber| {
            subscriber.addrs == addrs
        })
    }
}
