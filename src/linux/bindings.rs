// SPDX-License-Identifier: GPL-2.0

//! What bindgen makes of `bindings.h`, on top of the kernel crate's bindings.

#![allow(warnings, clippy::all, unsafe_op_in_unsafe_fn)]

pub(crate) use ::kernel::bindings::*;

include!(env!("NATPT_BINDINGS"));

// SAFETY: It is the bytes that it has.
unsafe impl<T: ::pin_init::Zeroable> ::pin_init::Zeroable for __BindgenBitfieldUnit<T> {}
