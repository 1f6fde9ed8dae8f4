// SPDX-License-Identifier: GPL-2.0

//! The IPv4 addresses that a mapping has sessions with, where its rule wants to know.

use super::hash::{self, Secret};
use crate::{
    linux::{
        bh::BhGuard,
        memory::{Account, Cache, Charging, Memcg},
        once::{read_once, write_once},
        rcu,
        table::{HashEntry, Index, Linked, Links, Table, NARROW},
    },
    xlate::tuple::Tuple4,
};
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

/// One address. Changed under the lock of the mapping's host only.
pub(crate) struct Peer {
    links: Links<Self>,
    key: Key,
    sessions: Atomic<u32>,
}

/// What sessions of a mapping with an address have in common: their IPv4 side without the peer's
/// port, and the protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key(Tuple4, u8);

impl Key {
    fn of(tuple: &Tuple4, proto: u8) -> Self {
        Self(Tuple4 { dport: 0, ..*tuple }, proto)
    }

    fn hash(&self, key: &Secret) -> u32 {
        hash::session4(key, &self.0, self.1)
    }
}

pub(super) static CACHE: Cache<Peer> = Cache::new();

impl HashEntry for Peer {
    fn cache() -> &'static Cache<Self> {
        &CACHE
    }

    fn links(&self) -> &Links<Self> {
        &self.links
    }

    fn release(&self) {}
}

/// All of a namespace. They are no more than its sessions.
#[pin_data]
pub(crate) struct Peers {
    #[pin]
    table: Table<Peer>,
    count: Atomic<u32>,
}

impl Peers {
    pub(crate) fn new(account: Account) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            table <- Table::new(account, NARROW),
            count: Atomic::new(0),
        })
    }

    /// Return true if the mapping of a session with this IPv4 side has sessions with its peer.
    pub(crate) fn has(
        &self,
        secret: &Secret,
        (tuple, proto): (&Tuple4, u8),
        guard: &rcu::Guard,
    ) -> bool {
        let key = Key::of(tuple, proto);
        self.find(key, key.hash(secret), guard).is_some()
    }

    /// Takes note of a session.
    pub(crate) fn open(
        &self,
        secret: &Secret,
        (tuple, proto): (&Tuple4, u8),
        bh: &BhGuard,
        charging: &Charging<'_>,
        guard: &rcu::Guard,
    ) -> Result {
        let key = Key::of(tuple, proto);
        let hash = key.hash(secret);
        let peer = match self.find(key, hash, guard) {
            Some(peer) => peer,
            None => {
                let new = || Peer {
                    links: Links::new(hash, hash),
                    key,
                    sessions: Atomic::new(0),
                };
                let peer = self.table.insert(new, bh, charging, guard)?;
                self.count.add(1, ordering::Relaxed);
                peer
            }
        };
        let sessions = read_once(&peer.sessions);
        write_once(&peer.sessions, sessions.wrapping_add(1));
        Ok(())
    }

    /// Forgets a session.
    pub(crate) fn close(
        &self,
        secret: &Secret,
        (tuple, proto): (&Tuple4, u8),
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) {
        let key = Key::of(tuple, proto);
        let Some(peer) = self.find(key, key.hash(secret), guard) else {
            return;
        };
        let sessions = read_once(&peer.sessions).saturating_sub(1);
        write_once(&peer.sessions, sessions);
        if sessions == 0 && self.table.remove(peer, bh, guard) {
            self.count.add(1u32.wrapping_neg(), ordering::Relaxed);
        }
    }

    /// Give the table the buckets that it needs. May sleep.
    pub(crate) fn fit(&self, memcg: &Memcg) -> bool {
        self.table.fit(read_once(&self.count), memcg)
    }

    fn find<'g>(&'g self, key: Key, hash: u32, guard: &'g rcu::Guard) -> Option<Linked<'g, Peer>> {
        (self.table).find(Index::V4, hash, guard, |peer| peer.key == key)
    }
}
