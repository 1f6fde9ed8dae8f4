// SPDX-License-Identifier: GPL-2.0

//! The two families, as types: what is right for one does not compile for the other.

use super::bindings;
use core::net::{Ipv4Addr, Ipv6Addr};

/// An address family.
pub(crate) trait Family: Sized + 'static {
    /// The family that packets turn into.
    type Other: Family<Other = Self>;
    /// Its addresses.
    type Addr;
    /// Number of the family in netfilter (`NFPROTO_…`).
    const NFPROTO: u8;
    const IS_V6: bool;
}

/// IPv4.
pub(crate) enum V4 {}

/// IPv6.
pub(crate) enum V6 {}

impl Family for V4 {
    type Other = V6;
    type Addr = Ipv4Addr;
    const NFPROTO: u8 = bindings::NFPROTO_IPV4 as u8;
    const IS_V6: bool = false;
}

impl Family for V6 {
    type Other = V4;
    type Addr = Ipv6Addr;
    const NFPROTO: u8 = bindings::NFPROTO_IPV6 as u8;
    const IS_V6: bool = true;
}
