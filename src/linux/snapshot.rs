// SPDX-License-Identifier: GPL-2.0

//! An immutable value behind one RCU pointer, replaced whole.

use super::{once::dereference, rcu};
use core::ptr;
use kernel::sync::{
    atomic::{ordering, Atomic},
    Arc,
};

/// The pointer. Readers hold an RCU guard; a replaced value lives until the last of them is done.
///
/// # Invariants
///
/// `value` is null or came from [`Arc::into_raw`], and is let go only after a grace period.
pub(crate) struct Snapshot<T: Send + Sync> {
    value: Atomic<*mut T>,
}

impl<T: Send + Sync + 'static> Snapshot<T> {
    pub(crate) fn new(value: Arc<T>) -> Self {
        Self {
            value: Atomic::new(Arc::into_raw(value).cast_mut()),
        }
    }

    /// The value of this moment.
    #[inline]
    pub(crate) fn read<'g>(&'g self, guard: &'g rcu::Guard) -> &'g T {
        let value = dereference(&self.value, guard);
        // SAFETY: By the type invariants the pointer is valid while the guard lives.
        unsafe { &*value }
    }

    /// Puts a new value in place and lets the old one go when nobody reads it any more. May sleep.
    pub(crate) fn replace(&self, value: Arc<T>) {
        let value = Arc::into_raw(value).cast_mut();
        let old = self.value.xchg(value, ordering::Full);
        rcu::synchronize_rcu();
        // SAFETY: The pointer came from `into_raw` and no reader can hold it after a grace period.
        drop(unsafe { Arc::from_raw(old) });
    }
}

impl<T: Send + Sync> Drop for Snapshot<T> {
    fn drop(&mut self) {
        let value = self.value.xchg(ptr::null_mut(), ordering::Relaxed);
        // SAFETY: We own the value, and nobody else has a reference to `self`.
        drop(unsafe { Arc::from_raw(value) });
    }
}
