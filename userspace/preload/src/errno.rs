// SPDX-License-Identifier: GPL-2.0
//! The calling thread's `errno`.

use libc::c_int;

/// The value of `errno`.
pub fn get() -> c_int {
    // SAFETY: the C library's pointer to this thread's variable.
    unsafe { *libc::__errno_location() }
}

/// Set `errno`.
pub fn set(value: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = value }
}

/// Set `errno`, and return what a failed call returns.
pub fn fail(value: c_int) -> c_int {
    set(value);
    -1
}

/// Do something whose `errno` is nobody's business.
pub fn keep<T>(work: impl FnOnce() -> T) -> T {
    let before = get();
    let result = work();
    set(before);
    result
}
