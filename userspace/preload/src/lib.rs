// SPDX-License-Identifier: GPL-2.0
//! Code that `libbia.so` and `libshortcut.so` share: AF_INET6 sockets that a program takes for
//! AF_INET ones. Nothing here allocates, locks or panics; hooks may run in signal handlers.
#![no_std]
#![warn(missing_docs)]
// Hooks are called by C, with the contract of the C library's function of the same name.
#![allow(clippy::missing_safety_doc)]

pub mod address_pool;
pub mod control;
pub mod descriptor;
pub mod environment;
pub mod errno;
pub mod export;
pub mod holders;
pub mod hook;
pub mod library;
pub mod once;
pub mod option;
mod process;
pub mod properties;
pub mod range;
pub mod real;
pub mod registration;
pub mod route;
pub mod sockaddr;

pub use library::Library;
