// SPDX-License-Identifier: GPL-2.0
//! The two sides of a translator.

/// A side of the translator: who is there, or where a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the IPv6 hosts.
    V6,
    /// That of the IPv4 hosts.
    V4,
}
