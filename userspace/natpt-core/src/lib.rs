// SPDX-License-Identifier: GPL-2.0
//! The very files that the natpt kernel module is built from, as a library for tools and tests.
#![no_std]
#![warn(missing_docs)]

#[path = "../../../src/nat/mod.rs"]
pub mod nat;
#[path = "../../../src/xlate/mod.rs"]
pub mod xlate;
