// SPDX-License-Identifier: GPL-2.0

//! The buckets of a hash table, and their replacement by more or fewer.
//!
//! While entries move, those of a bucket are in either table: readers look into the old one first,
//! then into the new one, into which writers put what is new. The last entry of a chain moves first:
//! who follows a chain may end in another one, but misses none that stays.
//!
//! Each group of buckets knows when one of its entries is due to be looked at, for tables that ask for it.

use super::{
    array::Array,
    entry::{follow, HashEntry, Index},
    memory::{self, Account},
    once::{dereference, read_barrier},
    rcu, sys,
};
use core::{iter, ptr};
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

/// Buckets of a group.
pub(super) const GROUP: u32 = 64;

/// A power of two of them for each key.
pub(super) struct Buckets<T> {
    chains: [Array<Atomic<*mut T>>; 2],
    mask: u32,
    /// When an entry of a group, by the IPv6 key, is due, in jiffies.
    due: Array<Atomic<u32>>,
    /// Those that are to replace these, or null.
    next: Atomic<*mut Buckets<T>>,
}

impl<T: HashEntry> Buckets<T> {
    /// `2^bits` empty buckets for each key, all due at once. May sleep.
    pub(super) fn new(account: Account, bits: u32) -> Result<KBox<Self>> {
        let size = 1u32.wrapping_shl(bits);
        let empty = || Array::nulls(account, size as usize);
        let now = iter::repeat_with(|| Atomic::new(sys::jiffies()));
        let buckets = Self {
            chains: [empty()?, empty()?],
            mask: size.wrapping_sub(1),
            due: Array::new(account, (size / GROUP) as usize, now)?,
            next: Atomic::new(ptr::null_mut()),
        };
        Ok(KBox::new(buckets, memory::flags())?)
    }

    /// Number of buckets of each key.
    pub(super) fn size(&self) -> u32 {
        self.mask.wrapping_add(1)
    }

    /// The chain for a hash value.
    #[inline(always)]
    pub(super) fn chain(&self, side: Index, hash: u32) -> Option<&Atomic<*mut T>> {
        let [v6, v4] = &self.chains;
        match side {
            Index::V6 => v6,
            Index::V4 => v4,
        }
        .get((hash & self.mask) as usize)
    }

    /// When the group of a bucket is due.
    #[inline(always)]
    pub(super) fn due(&self, hash: u32) -> Option<&Atomic<u32>> {
        self.due.get(((hash & self.mask) / GROUP) as usize)
    }

    /// When each of the groups is due.
    pub(super) fn dues(&self) -> &[Atomic<u32>] {
        &self.due
    }

    /// Those that are to replace these, if entries are on their way there. For readers who have
    /// looked at these.
    #[inline(always)]
    pub(super) fn next<'g>(&self, guard: &'g rcu::Guard) -> Option<&'g Self> {
        read_barrier();
        let next = dereference(&self.next, guard);
        // SAFETY: Replaced buckets are freed a grace period after the others took their place.
        unsafe { next.as_ref() }
    }

    /// Those into which new entries go. Under a lock of the table.
    pub(super) fn newest<'g>(&'g self, guard: &'g rcu::Guard) -> &'g Self {
        self.next(guard).unwrap_or(self)
    }

    /// Have new entries go to others.
    pub(super) fn set_next(&self, next: *mut Self) {
        self.next.store(next, ordering::Release);
    }

    /// Moves all entries of a chain. Under its lock, which is that of the chains in `to`, too.
    pub(super) fn move_chain(&self, side: Index, hash: u32, to: &Self, guard: &rcu::Guard) {
        let Some(first) = self.chain(side, hash) else {
            return;
        };
        while let Some(mut entry) = follow(first, guard) {
            let mut link = first;
            while let Some(next) = follow(entry.get().links().next(side), guard) {
                link = entry.get().links().next(side);
                entry = next;
            }
            let entry = entry.get();
            let Some(chain) = to.chain(side, entry.links().hash(side)) else {
                return;
            };
            let next = chain.load(ordering::Relaxed);
            entry.links().next(side).store(next, ordering::Release);
            chain.store(ptr::from_ref(entry).cast_mut(), ordering::Release);
            link.store(ptr::null_mut(), ordering::Release);
        }
    }
}
