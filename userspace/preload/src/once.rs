// SPDX-License-Identifier: GPL-2.0
//! A value that is read from the environment once, without locks.

use core::{
    cell::UnsafeCell,
    sync::atomic::{
        AtomicU8,
        Ordering::{Acquire, Release},
    },
};

use crate::errno;

const UNREAD: u8 = 0;
const READING: u8 = 1;
const READ: u8 = 2;

/// The place of the value.
pub struct Once<T> {
    state: AtomicU8,
    value: UnsafeCell<Option<T>>,
}

// SAFETY: written once, before anyone reads it; the state tells.
unsafe impl<T: Sync> Sync for Once<T> {}

impl<T> Once<T> {
    /// Not read yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Once<T> {
        Once {
            state: AtomicU8::new(UNREAD),
            value: UnsafeCell::new(None),
        }
    }

    /// The value, read if need be; None, too, while another is about to read it.
    #[inline]
    pub fn get(&self, read: fn() -> Option<T>) -> Option<&T> {
        if self.state.load(Acquire) != READ && !self.fill(read) {
            return None;
        }
        // SAFETY: it has been written and will not be again.
        unsafe { (*self.value.get()).as_ref() }
    }

    #[cold]
    fn fill(&self, read: fn() -> Option<T>) -> bool {
        if self
            .state
            .compare_exchange(UNREAD, READING, Acquire, Acquire)
            .is_err()
        {
            return self.state.load(Acquire) == READ;
        }
        // SAFETY: only one gets here.
        unsafe { *self.value.get() = errno::keep(read) };
        self.state.store(READ, Release);
        true
    }
}
