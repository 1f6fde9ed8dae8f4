// SPDX-License-Identifier: GPL-2.0
//! Addresses that packets cannot come from or go to.

use std::net::{Ipv4Addr, Ipv6Addr};

/// 0/8, 127/8, 224/4, 240/4 (RFC 1812 section 5.3.7), 169.254/16 (RFC 3927 section 7).
pub fn martian(addr: Ipv4Addr) -> bool {
    let first = addr.octets()[0];
    first == 0 || first == 127 || first >= 224 || addr.is_link_local()
}

/// Addresses that are not of one host, or of one link (RFC 7915 section 5.1).
pub fn source6_is_wrong(addr: Ipv6Addr) -> bool {
    addr.is_unspecified()
        || addr.is_loopback()
        || addr.is_multicast()
        || addr.is_unicast_link_local()
        || addr.to_ipv4_mapped().is_some()
}
