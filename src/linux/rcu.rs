// SPDX-License-Identifier: GPL-2.0

//! RCU read sections, also those that the kernel calls us in.

use crate::linux::bindings;
use core::{marker::PhantomData, ops::Deref};
use kernel::sync::rcu;

/// Waits until all read sections of now have ended. May sleep.
pub(crate) fn synchronize_rcu() {
    // SAFETY: There is nothing to take care of but the context, which `might_sleep` watches.
    unsafe { bindings::synchronize_rcu() };
}

/// Proof of an RCU read section.
pub(crate) struct Guard(PhantomData<*mut ()>);

impl Guard {
    /// # Safety
    ///
    /// The caller is in an RCU read section for as long as the guard lives.
    #[inline]
    pub(super) unsafe fn of_caller() -> Self {
        Self(PhantomData)
    }
}

/// An RCU read section of our own.
pub(crate) struct Section {
    guard: Guard,
    _lock: rcu::Guard,
}

impl Deref for Section {
    type Target = Guard;

    #[inline]
    fn deref(&self) -> &Guard {
        &self.guard
    }
}

/// Begins a section, which ends when the result goes.
#[inline]
pub(crate) fn read_lock() -> Section {
    Section {
        guard: Guard(PhantomData),
        _lock: rcu::read_lock(),
    }
}
