// SPDX-License-Identifier: GPL-2.0

//! What opening a session or a mapping needs besides them.

use crate::{
    linux::{bh::BhGuard, memory::Charging, rcu},
    nat::options::Values,
};
use core::net::Ipv4Addr;

/// Where something is opened.
pub(super) struct Place<'a, 'g> {
    /// The peer's address and port.
    pub(super) peer: (Ipv4Addr, u16),
    pub(super) values: &'a Values,
    pub(super) bh: &'a BhGuard,
    pub(super) charging: &'a Charging<'a>,
    pub(super) guard: &'g rcu::Guard,
}
