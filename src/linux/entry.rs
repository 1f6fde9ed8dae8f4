// SPDX-License-Identifier: GPL-2.0

//! Entries of hash tables, each in the chain of either of its keys.

use super::{
    bindings,
    memory::Cache,
    once::{dereference, load_acquire},
    rcu, sys,
};
use core::{ops::Deref, ptr};
use kernel::sync::atomic::{ordering, Atomic};

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
    born: u32,
    rcu: bindings::natpt_rcu_head,
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
            born: sys::real_seconds(),
            rcu: pin_init::zeroed(),
        }
    }

    pub(super) fn next(&self, side: Index) -> &Atomic<*mut T> {
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

    /// Seconds since 1970 when the entry was made.
    pub(crate) fn born(&self) -> u32 {
        self.born
    }

    /// Mark the entry as taken out of its table, once; false if it was.
    pub(super) fn set_dead(&self) -> bool {
        self.dead.xchg(1, ordering::Full) == 0
    }

    /// Have an entry that is in no chain any more freed when nobody looks at it.
    ///
    /// # Safety
    ///
    /// `entry`, whose links these are, came from its cache, and this is called once for it.
    pub(super) unsafe fn free(&self, entry: &T) {
        let head = ptr::from_ref(&self.rcu).cast_mut();
        let object = ptr::from_ref(entry).cast_mut().cast();
        // SAFETY: As the caller says.
        unsafe { bindings::kvfree_call_rcu(head, object) };
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

impl<'g, T> Linked<'g, T> {
    /// The entry, for as long as nobody frees it.
    pub(super) fn get(self) -> &'g T {
        self.0
    }

    /// # Safety
    ///
    /// The entry is, or was, in a table, and lives as long as the reference.
    pub(super) unsafe fn new(entry: &'g T) -> Self {
        Self(entry)
    }
}

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

/// Follows a link of a chain.
#[inline(always)]
pub(super) fn follow<'g, T: HashEntry>(
    link: &Atomic<*mut T>,
    guard: &'g rcu::Guard,
) -> Option<Linked<'g, T>> {
    let entry = dereference(link, guard);
    // SAFETY: Entries in a chain are valid, and stay so while the guard lives.
    unsafe { entry.as_ref() }.map(Linked)
}
