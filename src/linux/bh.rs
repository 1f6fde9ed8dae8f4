// SPDX-License-Identifier: GPL-2.0

//! Locks that are taken with bottom halves off.

use super::bindings;
use core::marker::PhantomData;
use kernel::{
    prelude::*,
    sync::{
        lock::spinlock::{SpinLock, SpinLockGuard},
        LockClassKey,
    },
};

/// Proof that bottom halves are off on this CPU.
///
/// Hooks run in softirq and in process context: whoever holds one of our locks
/// must not be interrupted by the other kind.
pub(crate) struct BhGuard(PhantomData<*mut ()>);

impl BhGuard {
    /// Turns bottom halves off until the guard goes.
    pub(crate) fn new() -> Self {
        // SAFETY: May be called from process and softirq context, nests.
        unsafe { bindings::natpt_bh_disable() };
        Self(PhantomData)
    }
}

impl Drop for BhGuard {
    fn drop(&mut self) {
        // SAFETY: Paired with the call in `new`, on the same CPU as the guard is not `Send`.
        unsafe { bindings::natpt_bh_enable() };
    }
}

/// A spinlock that can only be taken with bottom halves off.
#[pin_data]
pub(crate) struct BhLock<T> {
    #[pin]
    inner: SpinLock<T>,
}

impl<T> BhLock<T> {
    /// A lock of a class of its own (`static_lock_class!()`), for lockdep.
    pub(crate) fn new(value: T, class: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- SpinLock::new(value, c"natpt", class),
        })
    }

    pub(crate) fn lock<'a>(&'a self, _: &'a BhGuard) -> SpinLockGuard<'a, T> {
        self.inner.lock()
    }
}

/// A row of locks, each for the hash values that fall on it.
#[pin_data]
pub(crate) struct Stripes {
    #[pin]
    locks: [BhLock<()>; STRIPES],
}

pub(super) const STRIPES: usize = 256;

impl Stripes {
    pub(crate) fn new(class: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self {
            locks <- pin_init::pin_init_array_from_fn(move |_| BhLock::new((), class)),
        })
    }

    /// Takes the lock for a hash value.
    pub(crate) fn lock<'a>(&'a self, hash: u32, bh: &'a BhGuard) -> SpinLockGuard<'a, ()> {
        let [first, ..] = &self.locks;
        self.locks
            .get(hash as usize % STRIPES)
            .unwrap_or(first)
            .lock(bh)
    }
}
