// SPDX-License-Identifier: GPL-2.0

//! Prefixes as people write them.

use core::net::Ipv6Addr;

/// Return the length of a translation prefix that is written without one.
///
/// # Errors
///
/// The block for local use says nothing about its prefixes (RFC 8215 section 5).
pub fn implied_len(addr: Ipv6Addr) -> Result<u8, &'static str> {
    match addr.segments() {
        [0x64, 0xff9b, 1, ..] => {
            Err("prefixes of 64:ff9b:1::/48 may have any length: give it, e.g. /96")
        }
        _ => Ok(96),
    }
}
