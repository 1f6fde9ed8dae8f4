// SPDX-License-Identifier: GPL-2.0

//! Identification numbers for the IPv4 packets we make (RFC 6864).

use crate::linux::{array::Array, memory::Account, sys};
use core::net::Ipv4Addr;
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

const COUNTERS: usize = 1024;

/// Chooses the counter of a packet's source, destination and protocol.
pub(crate) fn index(saddr: Ipv4Addr, daddr: Ipv4Addr, proto: u8) -> u32 {
    u32::from(saddr)
        .rotate_left(16)
        .wrapping_add(u32::from(daddr))
        .wrapping_add(proto.into())
}

/// A counter for each (source, destination, protocol), shared by those that fall on the same one.
///
/// Hosts behind one pool address share its numbers to a destination, so a
/// number comes again only after 65536 packets to it.
pub(crate) struct Identifiers(Array<Atomic<u32>>);

impl Identifiers {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let random = (0..COUNTERS).map(|_| Atomic::new(sys::random()));
        Ok(Self(Array::new(account, COUNTERS, random)?))
    }

    /// The first of `n` numbers in a row, for packets of one (source, destination, protocol) in `tuple`.
    #[inline]
    pub(crate) fn next(&self, tuple: u32, n: u32) -> u16 {
        match self.0.get(tuple as usize % COUNTERS) {
            Some(counter) => counter.fetch_add(n, ordering::Relaxed) as u16,
            None => 0,
        }
    }
}
