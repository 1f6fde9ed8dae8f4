// SPDX-License-Identifier: GPL-2.0
//! Addresses of a name that do not count (RFC 6535 section 2.3.1).

use core::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::addr::{illegal_source6, is_martian4};
use preload::route;

use crate::config;

/// True if a real IPv4 address may be another host's.
pub fn is_usable4(addr: Ipv4Addr) -> bool {
    !is_martian4(addr) && !addr.is_link_local()
}

/// True if such an address is of use now: this host has IPv4 for it (RFC 6535 section 4.5).
pub fn wins(addr: Ipv4Addr) -> bool {
    !config::get().is_some_and(|config| config.routed_only) || route::exists(addr)
}

/// True if an IPv6 address may get an IPv4 address; `has_a`: its name has an IPv4 address as well.
pub fn counts6(addr: Ipv6Addr, has_a: bool) -> bool {
    let prefix = config::get().and_then(|config| config.prefix);
    let made_from_a = has_a && prefix.is_some_and(|prefix| prefix.contains(addr));
    !made_from_a && !illegal_source6(addr)
}
