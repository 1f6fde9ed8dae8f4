// SPDX-License-Identifier: GPL-2.0

//! Loads and stores that stand in line: those of the kernel crate are calls, on the way of every
//! packet.

use super::rcu;
use core::sync::atomic::{fence, Ordering};
use kernel::sync::atomic::{Atomic, AtomicType};

/// As `READ_ONCE()`.
#[inline(always)]
pub(crate) fn read_once<T: AtomicType>(from: &Atomic<T>) -> T {
    // SAFETY: The pointer is valid, and a word is read in one piece.
    unsafe { from.as_ptr().read_volatile() }
}

/// As `WRITE_ONCE()`.
#[inline(always)]
pub(crate) fn write_once<T: AtomicType>(to: &Atomic<T>, value: T) {
    // SAFETY: The pointer is valid, and a word is written in one piece.
    unsafe { to.as_ptr().write_volatile(value) }
}

/// As `rcu_dereference()`: what the pointer leads to was written before it.
#[inline(always)]
pub(crate) fn dereference<T: 'static>(from: &Atomic<*mut T>, _: &rcu::Guard) -> *mut T {
    read_once(from)
}

/// As `smp_rmb()`: what is read after it is read after what was read before it.
#[inline(always)]
pub(crate) fn read_barrier() {
    fence(Ordering::Acquire);
}

/// As `smp_mb()`: neither reads nor writes pass it.
#[inline(always)]
pub(crate) fn full_barrier() {
    fence(Ordering::SeqCst);
}

/// As `smp_store_release()`. The fence is no instruction where the processor keeps stores in order.
#[inline(always)]
pub(crate) fn store_release<T: AtomicType>(to: &Atomic<T>, value: T) {
    fence(Ordering::Release);
    write_once(to, value);
}

/// As `smp_load_acquire()`. The fence is no instruction where the processor keeps loads in order.
#[inline(always)]
pub(crate) fn load_acquire<T: AtomicType>(from: &Atomic<T>) -> T {
    let value = read_once(from);
    fence(Ordering::Acquire);
    value
}
