// SPDX-License-Identifier: GPL-2.0

//! A hash table whose entries are found by either of two keys: by readers
//! without a lock, by writers under a lock per group of buckets.

use super::{
    array::Array,
    bh::{BhGuard, Stripes},
    bindings,
    memory::{Account, Cache, Charging},
    once::{dereference, load_acquire},
    rcu,
};
use core::{ops::Deref, ptr};
use kernel::{
    prelude::*,
    static_lock_class,
    sync::atomic::{ordering, Atomic},
};

/// Which of the two keys.
#[derive(Clone, Copy)]
pub(crate) enum Index {
    V6,
    V4,
}

/// The part of an entry that its table uses.
pub(crate) struct Links<T> {
    next: [Atomic<*mut T>; 2],
    hash: [u32; 2],
    dead: Atomic<u32>,
    rcu: bindings::kvfree_rcu_head,
}

// SAFETY: The pointers are changed under the table's locks; `rcu` only by the kernel, once.
unsafe impl<T: Send + Sync> Send for Links<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for Links<T> {}

impl<T> Links<T> {
    /// Links for an entry with these hash values of its keys.
    pub(crate) fn new(hash6: u32, hash4: u32) -> Self {
        Self {
            next: [Atomic::new(ptr::null_mut()), Atomic::new(ptr::null_mut())],
            hash: [hash6, hash4],
            dead: Atomic::new(0),
            rcu: pin_init::zeroed(),
        }
    }

    fn next(&self, side: Index) -> &Atomic<*mut T> {
        let [v6, v4] = &self.next;
        match side {
            Index::V6 => v6,
            Index::V4 => v4,
        }
    }

    /// The hash value of one of the keys.
    pub(crate) fn hash(&self, side: Index) -> u32 {
        let [v6, v4] = self.hash;
        match side {
            Index::V6 => v6,
            Index::V4 => v4,
        }
    }

    /// Return true if the entry was taken out of its table.
    pub(crate) fn is_dead(&self) -> bool {
        load_acquire(&self.dead) != 0
    }
}

/// An entry of a table. Its memory is freed without running its drop: see [`HashEntry::release`].
pub(crate) trait HashEntry: Send + Sync + Sized + 'static {
    /// Where entries are allocated.
    fn cache() -> &'static Cache<Self>;

    fn links(&self) -> &Links<Self>;

    /// Lets go of what the entry holds; called once, when it leaves the table. Readers may still
    /// see it.
    fn release(&self);
}

/// An entry that is, or was, in a table: only such can be taken out.
pub(crate) struct Linked<'g, T>(&'g T);

impl<T> Clone for Linked<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Linked<'_, T> {}

impl<T> Deref for Linked<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0
    }
}

/// The table.
///
/// # Invariants
///
/// Every pointer in a chain is an entry in its cache; it is freed a grace
/// period after it left both chains.
#[pin_data(PinnedDrop)]
pub(crate) struct Table<T: HashEntry> {
    buckets: [Array<Atomic<*mut T>>; 2],
    mask: u32,
    account: Account,
    #[pin]
    locks6: Stripes,
    #[pin]
    locks4: Stripes,
}

// SAFETY: Entries are `Send` and `Sync`, and the chains are changed under locks.
unsafe impl<T: HashEntry> Send for Table<T> {}
// SAFETY: As above.
unsafe impl<T: HashEntry> Sync for Table<T> {}

fn empty<T>(account: Account, n: u32) -> Result<Array<Atomic<*mut T>>> {
    let null = || Atomic::new(ptr::null_mut());
    Array::new(account, n as usize, (0..n).map(|_| null()))
}

impl<T: HashEntry> Table<T> {
    /// A table with `2^bits` buckets for each key.
    pub(crate) fn new(account: Account, bits: u32) -> impl PinInit<Self, Error> {
        let size = 1u32.wrapping_shl(bits);
        try_pin_init!(Self {
            buckets: [empty(account, size)?, empty(account, size)?],
            mask: size.wrapping_sub(1),
            account,
            locks6 <- Stripes::new(static_lock_class!()),
            locks4 <- Stripes::new(static_lock_class!()),
        })
    }

    #[inline(always)]
    fn bucket(&self, side: Index, hash: u32) -> Option<&Atomic<*mut T>> {
        let [v6, v4] = &self.buckets;
        match side {
            Index::V6 => v6,
            Index::V4 => v4,
        }
        .get((hash & self.mask) as usize)
    }

    /// Number of buckets of each side.
    pub(crate) fn size(&self) -> u32 {
        self.mask.wrapping_add(1)
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
        let mut entry = self.first(side, hash, guard);
        while let Some(found) = entry {
            if found.links().hash(side) == hash && eq(&found) {
                return Some(found);
            }
            entry = follow(found.links().next(side), guard);
        }
        None
    }

    #[inline(always)]
    fn first<'g>(&'g self, side: Index, hash: u32, guard: &'g rcu::Guard) -> Option<Linked<'g, T>> {
        follow(self.bucket(side, hash)?, guard)
    }

    /// Visits the entries of one bucket (of the IPv6 key).
    pub(crate) fn visit<'g>(
        &'g self,
        bucket: u32,
        guard: &'g rcu::Guard,
        mut f: impl FnMut(Linked<'g, T>),
    ) {
        let mut entry = self.first(Index::V6, bucket, guard);
        while let Some(found) = entry {
            // Followed first: `f` may take the entry out.
            entry = follow(found.links().next(Index::V6), guard);
            f(found);
        }
    }

    fn stripes(&self, side: Index) -> &Stripes {
        match side {
            Index::V6 => &self.locks6,
            Index::V4 => &self.locks4,
        }
    }

    /// Puts an entry into the table, if there is memory. The caller knows that its keys are not
    /// there yet.
    pub(crate) fn insert<'g>(
        &'g self,
        entry: T,
        bh: &BhGuard,
        charging: &Charging<'_>,
        _: &'g rcu::Guard,
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
            if let Some(bucket) = self.bucket(side, hash) {
                let _lock = self.stripes(side).lock(hash, bh);
                let first = bucket.load(ordering::Relaxed);
                entry.links().next(side).store(first, ordering::Relaxed);
                bucket.store(raw, ordering::Release);
            }
        }
        Ok(Linked(entry))
    }

    /// Takes an entry out, once; false if somebody else did.
    pub(crate) fn remove(&self, entry: Linked<'_, T>, bh: &BhGuard, guard: &rcu::Guard) -> bool {
        if entry.links().dead.xchg(1, ordering::Full) != 0 {
            return false;
        }
        for side in [Index::V6, Index::V4] {
            self.unlink(side, entry.0, bh, guard);
        }
        entry.release();
        self.account.give(size_of::<T>());
        let head = ptr::from_ref(&entry.links().rcu).cast_mut();
        let object = ptr::from_ref(entry.0).cast_mut().cast();
        // SAFETY: The entry is in no chain any more, and only we got here for it.
        unsafe { bindings::kvfree_call_rcu(head, object) };
        true
    }

    fn unlink(&self, side: Index, entry: &T, bh: &BhGuard, guard: &rcu::Guard) {
        let hash = entry.links().hash(side);
        let Some(mut link) = self.bucket(side, hash) else {
            return;
        };
        let _lock = self.stripes(side).lock(hash, bh);
        while let Some(found) = follow(link, guard) {
            if ptr::eq(found.0, entry) {
                let next = entry.links().next(side).load(ordering::Relaxed);
                link.store(next, ordering::Release);
                return;
            }
            link = found.0.links().next(side);
        }
    }

    /// Takes every entry out. Nobody may put new ones in meanwhile.
    pub(crate) fn clear(&self) {
        for bucket in 0..self.size() {
            let bh = BhGuard::new();
            let guard = rcu::read_lock();
            self.visit(bucket, &guard, |entry| {
                self.remove(entry, &bh, &guard);
            });
        }
    }
}

/// Follows a link of a chain.
#[inline(always)]
fn follow<'g, T: HashEntry>(link: &Atomic<*mut T>, guard: &'g rcu::Guard) -> Option<Linked<'g, T>> {
    let entry = dereference(link, guard);
    // SAFETY: Entries in a chain are valid, and stay so while the guard lives.
    unsafe { entry.as_ref() }.map(Linked)
}

#[pinned_drop]
impl<T: HashEntry> PinnedDrop for Table<T> {
    fn drop(self: Pin<&mut Self>) {
        self.clear();
    }
}
