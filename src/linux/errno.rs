// SPDX-License-Identifier: GPL-2.0

//! Error numbers, of which not all have a name in the kernel crate of every kernel.

use super::bindings;
use kernel::prelude::*;

macro_rules! numbers {
    ($($name:ident)*) => {
        $(pub(crate) const $name: i32 = bindings::$name as i32;)*
    };
}

numbers! {
    EACCES EADDRNOTAVAIL EAGAIN EINVAL ENOBUFS ENOENT ENOMEM EPERM EREMOTE ESRCH
}

/// Return the number of an error, as these have it.
pub(crate) fn of(error: Error) -> i32 {
    error.to_errno().wrapping_neg()
}
