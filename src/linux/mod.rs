// SPDX-License-Identifier: GPL-2.0

//! Safe wrappers of the kernel C interfaces that the kernel crate lacks.
//!
//! All `unsafe` of natpt lives here. The wrappers know nothing of translation.

pub(crate) mod array;
pub(crate) mod bh;
pub(crate) mod bindings;
mod buckets;
pub(crate) mod defrag;
mod entry;
pub(crate) mod errno;
pub(crate) mod family;
pub(crate) mod fib;
pub(crate) mod genl;
pub(crate) mod hooks;
pub(crate) mod icmp;
pub(crate) mod log;
pub(crate) mod memory;
pub(crate) mod once;
pub(crate) mod percpu;
pub(crate) mod pernet;
pub(crate) mod rcu;
pub(crate) mod route;
pub(crate) mod skb;
pub(crate) mod snapshot;
pub(crate) mod snmp;
pub(crate) mod sys;
pub(crate) mod table;
pub(crate) mod work;
