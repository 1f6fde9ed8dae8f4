// SPDX-License-Identifier: GPL-2.0

//! A hash table whose entries are found by either of two keys: by readers without a lock, by writers
//! under a lock per group of buckets. It grows and shrinks with what is in it.

pub(crate) use super::entry::{HashEntry, Index, Linked, Links};

use super::{
    bh::{BhGuard, Stripes, STRIPES},
    buckets::{Buckets, GROUP},
    entry::follow,
    memory::{Account, Charging, Memcg},
    once::{dereference, full_barrier, read_once, store_release, write_once},
    rcu, sys,
};
use kernel::{
    prelude::*,
    static_lock_class,
    sync::atomic::{ordering, Atomic},
};

/// Logarithm of the fewest buckets of a table, and of the most. All buckets of a lock still have the
/// same one when there are more.
pub(crate) type Fewest = u32;
/// Enough until more are there where everybody comes at once.
pub(crate) const WIDE: Fewest = 12;
/// For what few namespaces have.
pub(crate) const NARROW: Fewest = 8;
const MOST: u32 = 24;
const _: () = assert!(STRIPES <= 1 << NARROW && GROUP <= 1 << NARROW);

/// Jiffies after which a group of buckets is taken up in which nothing is due before.
const FAR: u32 = 1 << 30;

/// Logarithm of the buckets that an entry gets when their number changes, and of those that are too
/// many for it.
const ROOMY: u32 = 2;
const EMPTY: u32 = 4;

/// The lock's share of so many buckets moves before others may have the lock, and the processor.
const BATCH: u32 = 64 * STRIPES as u32;

/// The table.
///
/// # Invariants
///
/// `buckets` are a box's, and are freed a grace period after others took their place. Every pointer
/// in a chain is an entry in its cache; it is freed a grace period after it left both chains.
#[pin_data(PinnedDrop)]
pub(crate) struct Table<T: HashEntry> {
    buckets: Atomic<*mut Buckets<T>>,
    /// 1 while entries move to other buckets.
    moving: Atomic<u32>,
    account: Account,
    fewest: Fewest,
    #[pin]
    locks6: Stripes,
    #[pin]
    locks4: Stripes,
}

// SAFETY: Entries are `Send` and `Sync`, and the chains are changed under locks.
unsafe impl<T: HashEntry> Send for Table<T> {}
// SAFETY: As above.
unsafe impl<T: HashEntry> Sync for Table<T> {}

impl<T: HashEntry> Table<T> {
    /// An empty table.
    pub(crate) fn new(account: Account, fewest: Fewest) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            buckets: Atomic::new(KBox::into_raw(Buckets::new(account, fewest)?)),
            moving: Atomic::new(0),
            account,
            fewest,
            locks6 <- Stripes::new(static_lock_class!()),
            locks4 <- Stripes::new(static_lock_class!()),
        })
    }

    #[inline(always)]
    fn buckets<'g>(&'g self, guard: &'g rcu::Guard) -> &'g Buckets<T> {
        let buckets = dereference(&self.buckets, guard);
        // SAFETY: By the type invariants.
        unsafe { &*buckets }
    }

    /// Number of buckets of each key.
    pub(crate) fn size(&self, guard: &rcu::Guard) -> u32 {
        self.buckets(guard).size()
    }

    /// Finds the entry with this hash value for which `eq` holds.
    #[inline(always)]
    pub(crate) fn find<'g>(
        &'g self,
        side: Index,
        hash: u32,
        guard: &'g rcu::Guard,
        eq: impl Fn(&T) -> bool,
    ) -> Option<Linked<'g, T>> {
        let mut buckets = self.buckets(guard);
        loop {
            let mut entry = follow(buckets.chain(side, hash)?, guard);
            while let Some(found) = entry {
                if found.links().hash(side) == hash && eq(&found) {
                    return Some(found);
                }
                entry = follow(found.get().links().next(side), guard);
            }
            buckets = buckets.next(guard)?;
        }
    }

    /// Visits the entries of one bucket (of the IPv6 key) of a table of `size`. While the table is
    /// changed others are visited, too, and some twice.
    pub(crate) fn visit<'g>(
        &'g self,
        (bucket, size): (u32, u32),
        guard: &'g rcu::Guard,
        mut f: impl FnMut(Linked<'g, T>),
    ) {
        let mut next = Some(self.buckets(guard));
        while let Some(buckets) = next {
            let mut hash = bucket & size.wrapping_sub(1);
            while let Some(chain) = buckets.chain(Index::V6, hash) {
                let mut entry = follow(chain, guard);
                while let Some(found) = entry {
                    // Followed first: `f` may take the entry out.
                    entry = follow(found.get().links().next(Index::V6), guard);
                    f(found);
                }
                hash = hash.wrapping_add(size);
                if hash >= buckets.size() {
                    break;
                }
            }
            next = buckets.next(guard);
        }
    }

    /// Number of groups of buckets.
    pub(crate) fn groups(&self, guard: &rcu::Guard) -> u32 {
        self.size(guard) / GROUP
    }

    /// Sees to it that an entry is looked at when it is due, in jiffies, which is read from it; after it
    /// was written.
    #[inline]
    pub(crate) fn note_due(&self, entry: &T, when: impl FnOnce() -> u32, guard: &rcu::Guard) {
        // Either we see that the group was taken up, or who took it up sees what was written.
        full_barrier();
        if let Some(due) = self.buckets(guard).due(entry.links().hash(Index::V6)) {
            lower(due, when());
        }
    }

    /// Has all entries looked at, each group as soon as it is its turn.
    pub(crate) fn all_are_due(&self, guard: &rcu::Guard) {
        let now = sys::jiffies();
        for due in self.buckets(guard).dues() {
            write_once(due, now);
        }
    }

    /// Jiffies until an entry of a group is due; 0: it is.
    pub(crate) fn left(&self, group: u32, guard: &rcu::Guard) -> u32 {
        let due = self.buckets(guard).due(group.wrapping_mul(GROUP));
        let left = due.map_or(0, |due| read_once(due).wrapping_sub(sys::jiffies()));
        // In the past it is, and what is further away was.
        if left <= FAR {
            left
        } else {
            0
        }
    }

    /// Takes up a group: visits its entries, for each of which `f` says when it is due next, if it stays.
    /// By one at a time.
    pub(crate) fn take_up(
        &self,
        group: u32,
        mut f: impl FnMut(Linked<'_, T>, &rcu::Guard) -> Option<u32>,
    ) {
        let first = group.wrapping_mul(GROUP);
        let far = sys::jiffies().wrapping_add(FAR);
        let size = {
            let guard = rcu::read_lock();
            let buckets = self.buckets(&guard);
            if let Some(due) = buckets.due(first) {
                due.xchg(far, ordering::Full);
            }
            buckets.size()
        };
        let mut nearest = far;
        for bucket in first..first.saturating_add(GROUP) {
            let guard = rcu::read_lock();
            self.visit((bucket, size), &guard, |entry| match f(entry, &guard) {
                Some(due) if sys::is_before(due, nearest) => nearest = due,
                _ => {}
            });
        }
        if let Some(due) = self.buckets(&rcu::read_lock()).due(first) {
            lower(due, nearest);
        }
    }

    fn stripes(&self, side: Index) -> &Stripes {
        match side {
            Index::V6 => &self.locks6,
            Index::V4 => &self.locks4,
        }
    }

    /// Makes an entry of the table, if there is memory. The caller knows that its keys are not
    /// there yet.
    #[inline]
    pub(crate) fn insert<'g>(
        &'g self,
        entry: impl FnOnce() -> T,
        bh: &BhGuard,
        charging: &Charging<'_>,
        guard: &'g rcu::Guard,
    ) -> Result<Linked<'g, T>> {
        self.account.take(size_of::<T>())?;
        let raw = T::cache()
            .put(entry, charging)
            .inspect_err(|_| self.account.give(size_of::<T>()))?
            .as_ptr();
        // SAFETY: Just allocated; freed a grace period after it leaves the table.
        let entry = unsafe { &*raw };
        for side in [Index::V4, Index::V6] {
            let hash = entry.links().hash(side);
            let _lock = self.stripes(side).lock(hash, bh);
            if let Some(chain) = self.buckets(guard).newest(guard).chain(side, hash) {
                write_once(entry.links().next(side), read_once(chain));
                store_release(chain, raw);
            }
        }
        // SAFETY: It is in the table now.
        Ok(unsafe { Linked::new(entry) })
    }

    /// Takes an entry out, once; false if somebody else did.
    pub(crate) fn remove(&self, entry: Linked<'_, T>, bh: &BhGuard, guard: &rcu::Guard) -> bool {
        if !entry.links().set_dead() {
            return false;
        }
        for side in [Index::V6, Index::V4] {
            self.unlink(side, entry, bh, guard);
        }
        entry.release();
        self.account.give(size_of::<T>());
        // SAFETY: The entry is in no chain any more, and only we got here for it.
        unsafe { entry.links().free(&entry) };
        true
    }

    fn unlink(&self, side: Index, entry: Linked<'_, T>, bh: &BhGuard, guard: &rcu::Guard) {
        let hash = entry.links().hash(side);
        let _lock = self.stripes(side).lock(hash, bh);
        let mut next = Some(self.buckets(guard));
        while let Some(buckets) = next {
            let mut link = buckets.chain(side, hash);
            while let Some((at, found)) = link.and_then(|at| Some((at, follow(at, guard)?))) {
                if core::ptr::eq(found.get(), entry.get()) {
                    store_release(at, read_once(entry.links().next(side)));
                    return;
                }
                link = Some(found.get().links().next(side));
            }
            next = buckets.next(guard);
        }
    }

    /// Return true if so many entries are too many for the buckets.
    #[inline]
    pub(crate) fn is_crowded(&self, entries: u32, guard: &rcu::Guard) -> bool {
        let size = self.size(guard);
        entries > size && size >> MOST == 0
    }

    /// Gives so many entries the buckets that they need, for which `memcg` pays; they stay as they are
    /// where there is no memory. Return true if there are others now. May sleep.
    pub(crate) fn fit(&self, entries: u32, memcg: &Memcg) -> bool {
        let size = {
            let guard = rcu::read_lock();
            let size = self.size(&guard);
            if !self.is_crowded(entries, &guard) && entries > size >> EMPTY {
                return false;
            }
            size
        };
        let bits = entries.checked_ilog2().unwrap_or(0).wrapping_add(ROOMY);
        let bits = bits.max(self.fewest).min(MOST);
        if size >> bits == 1 || self.moving.xchg(1, ordering::Full) != 0 {
            return false;
        }
        let new = memcg.pays(|| Buckets::new(self.account, bits));
        let moved = new.map(|new| self.replace(new));
        self.moving.store(0, ordering::Release);
        moved.is_ok()
    }

    /// Moves all entries to other buckets. One at a time.
    fn replace(&self, new: KBox<Buckets<T>>) {
        let new = KBox::into_raw(new);
        let size = {
            let guard = rcu::read_lock();
            let old = self.buckets(&guard);
            old.set_next(new);
            old.size()
        };
        for stripe in 0..STRIPES as u32 {
            self.move_stripe(Index::V6, stripe, size);
            self.move_stripe(Index::V4, stripe, size);
        }
        let old = self.buckets.xchg(new, ordering::Full);
        rcu::synchronize_rcu();
        // SAFETY: It came from a box, and nobody looks at it any more.
        drop(unsafe { KBox::from_raw(old) });
    }

    /// Moves the entries of all buckets of one lock, of which it lets go now and then.
    fn move_stripe(&self, side: Index, stripe: u32, size: u32) {
        let mut bucket = stripe;
        while bucket < size {
            {
                let bh = BhGuard::new();
                let guard = rcu::read_lock();
                let old = self.buckets(&guard);
                let new = old.newest(&guard);
                let _lock = self.stripes(side).lock(stripe, &bh);
                let end = size.min(bucket.saturating_add(BATCH));
                while bucket < end {
                    old.move_chain(side, bucket, new, &guard);
                    bucket = bucket.wrapping_add(STRIPES as u32);
                }
            }
            sys::may_resched();
        }
    }

    /// Takes every entry out. Nobody may put new ones in meanwhile.
    pub(crate) fn clear(&self) {
        let size = self.size(&rcu::read_lock());
        for bucket in 0..size {
            let bh = BhGuard::new();
            let guard = rcu::read_lock();
            self.visit((bucket, size), &guard, |entry| {
                self.remove(entry, &bh, &guard);
            });
        }
    }
}

/// Puts a time in the place of a later one.
#[inline]
fn lower(due: &Atomic<u32>, time: u32) {
    let mut before = read_once(due);
    while sys::is_before(time, before) {
        match due.cmpxchg(before, time, ordering::Relaxed) {
            Ok(_) => return,
            Err(other) => before = other,
        }
    }
}

#[pinned_drop]
impl<T: HashEntry> PinnedDrop for Table<T> {
    fn drop(self: Pin<&mut Self>) {
        self.clear();
        let buckets = self.buckets.load(ordering::Relaxed);
        // SAFETY: By the type invariants; nobody has a reference any more.
        drop(unsafe { KBox::from_raw(buckets) });
    }
}
