// SPDX-License-Identifier: GPL-2.0

//! The one family of the module.

use crate::linux::bindings;
use core::cell::UnsafeCell;

pub(super) struct Family(UnsafeCell<bindings::genl_family>);

// SAFETY: Written before it is registered, then only by the kernel.
unsafe impl Sync for Family {}

impl Family {
    pub(super) fn as_ptr(&self) -> *mut bindings::genl_family {
        self.0.get()
    }
}

pub(super) static FAMILY: Family = Family(UnsafeCell::new(pin_init::zeroed()));
