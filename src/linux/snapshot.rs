// SPDX-License-Identifier: GPL-2.0

//! An immutable value behind one RCU pointer, replaced whole.

use super::rcu;
use core::ptr;
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

/// The pointer. Readers hold an RCU guard; a replaced value lives until the last of them is done.
///
/// # Invariants
///
/// `value` is null or came from [`KBox::into_raw`], and is freed only after a grace period.
pub(crate) struct Snapshot<T: Send + Sync> {
    value: Atomic<*mut T>,
}

impl<T: Send + Sync> Snapshot<T> {
    pub(crate) fn new(value: KBox<T>) -> Self {
        Self {
            value: Atomic::new(KBox::into_raw(value)),
        }
    }

    /// The value of this moment.
    #[inline]
    pub(crate) fn read<'g>(&'g self, _: &'g rcu::Guard) -> &'g T {
        let value = self.value.load(ordering::Acquire);
        // SAFETY: By the type invariants the pointer is valid while the guard lives.
        unsafe { &*value }
    }

    /// Puts a new value in place and frees the old one when nobody reads it any more. May sleep.
    pub(crate) fn replace(&self, value: KBox<T>) {
        let old = self.value.xchg(KBox::into_raw(value), ordering::Full);
        rcu::synchronize_rcu();
        // SAFETY: The pointer came from `into_raw` and no reader can hold it after a grace period.
        drop(unsafe { KBox::from_raw(old) });
    }
}

impl<T: Send + Sync> Drop for Snapshot<T> {
    fn drop(&mut self) {
        let value = self.value.xchg(ptr::null_mut(), ordering::Relaxed);
        // SAFETY: We own the value, and nobody else has a reference to `self`.
        drop(unsafe { KBox::from_raw(value) });
    }
}
