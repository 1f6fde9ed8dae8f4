// SPDX-License-Identifier: GPL-2.0
//! The calling thread's `errno`.

use libc::c_int;

/// What `errno` is.
pub fn get() -> c_int {
    // SAFETY: the C library's pointer to this thread's variable.
    unsafe { *libc::__errno_location() }
}

/// Sets `errno`.
pub fn set(value: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = value }
}

/// Sets `errno` and is what a failed call returns.
pub fn fail(value: c_int) -> c_int {
    set(value);
    -1
}

/// Does something whose `errno` is nobody's business.
pub fn keep<T>(work: impl FnOnce() -> T) -> T {
    let before = get();
    let result = work();
    set(before);
    result
}
