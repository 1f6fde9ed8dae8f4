// SPDX-License-Identifier: GPL-2.0
//! The very files that the natpt kernel module is built from, as a library for tools and tests;
//! and what all tools know of prefixes.
#![no_std]
#![warn(missing_docs)]

pub mod discovery;
#[path = "../../../src/nat/mod.rs"]
pub mod nat;
pub mod notation;
#[path = "../../../src/xlate/mod.rs"]
pub mod xlate;
