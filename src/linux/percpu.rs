// SPDX-License-Identifier: GPL-2.0

//! Counters that every CPU keeps for itself.

use super::{
    bindings,
    memory::{Account, Charge},
};
use core::ptr::NonNull;
use kernel::prelude::*;

/// `N` counters per CPU.
///
/// # Invariants
///
/// `base` is a per-CPU allocation of `N` 64-bit counters.
pub(crate) struct Counters<const N: usize> {
    base: NonNull<u64>,
    _charge: Charge,
}

// SAFETY: Each CPU writes its own part with this_cpu operations; reads of others tolerate being late.
unsafe impl<const N: usize> Send for Counters<N> {}
// SAFETY: As above.
unsafe impl<const N: usize> Sync for Counters<N> {}

impl<const N: usize> Counters<N> {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let size = N * size_of::<u64>();
        // SAFETY: The function only reads a variable.
        let copies = unsafe { bindings::natpt_percpu_copies() } as usize;
        let charge = account.hold(size.saturating_mul(copies))?;
        // SAFETY: Process context, as for every constructor of per-namespace state.
        let base = unsafe { bindings::natpt_percpu_alloc(size) };
        Ok(Self {
            base: NonNull::new(base.cast()).ok_or(ENOMEM)?,
            _charge: charge,
        })
    }

    /// Adds to counter `i`; a number that does not exist is ignored.
    #[inline]
    pub(crate) fn add(&self, i: usize, n: u64) {
        if i < N {
            let counter = self.base.as_ptr().wrapping_add(i);
            // SAFETY: `i < N`, so the pointer stays inside the allocation.
            unsafe { bindings::natpt_percpu_add(counter, n) };
        }
    }

    /// Adds one to two counters; numbers that do not exist are ignored.
    #[inline]
    pub(crate) fn add_each(&self, i: usize, j: usize) {
        if i < N && j < N {
            let base = self.base.as_ptr();
            let (a, b) = (base.wrapping_add(i), base.wrapping_add(j));
            // SAFETY: Both are below `N`, so the pointers stay inside the allocation.
            unsafe { bindings::natpt_percpu_add_each(a, b) };
        }
    }

    /// The sum of counter `i` over all CPUs.
    pub(crate) fn sum(&self, i: usize) -> u64 {
        if i >= N {
            return 0;
        }
        let counter = self.base.as_ptr().wrapping_add(i);
        // SAFETY: `i < N`, so the pointer stays inside the allocation.
        unsafe { bindings::natpt_percpu_sum(counter) }
    }
}

impl<const N: usize> Drop for Counters<N> {
    fn drop(&mut self) {
        // SAFETY: The allocation is ours and nobody has a reference any more.
        unsafe { bindings::natpt_percpu_free(self.base.as_ptr().cast()) };
    }
}
