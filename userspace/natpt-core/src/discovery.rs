// SPDX-License-Identifier: GPL-2.0

//! The network's translation prefixes, out of what its DNS64 makes of a known name (RFC 7050).

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::xlate::addr::{mask, Prefix};

/// The name that has IPv4 addresses only, so that its IPv6 addresses show the prefix. The dot at
/// its end keeps a resolver from trying other names.
pub const NAME: &str = "ipv4only.arpa.";

/// Its addresses.
pub const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];

/// Return the prefixes under which the name's IPv6 addresses lie, in their order, each as often as
/// an address shows it.
pub fn prefixes(answer: &[Ipv6Addr]) -> impl Iterator<Item = Prefix> + '_ {
    answer.iter().filter_map(|&addr| {
        // A prefix may hold the value itself: then the other address tells (RFC 7050 section 3).
        let is_complete = |prefix: &Prefix| {
            let mut both = ADDRESSES.iter().map(|&target| prefix.embed(target));
            both.all(|addr| answer.contains(&addr))
        };
        single(candidates(addr)).or_else(|| single(candidates(addr).filter(is_complete)))
    })
}

/// The prefixes of all lengths that make `addr` of one of the addresses.
fn candidates(addr: Ipv6Addr) -> impl Iterator<Item = Prefix> {
    let lengths = [96, 64, 56, 48, 40, 32].into_iter();
    lengths.filter_map(move |len| {
        let start = Ipv6Addr::from_bits(addr.to_bits() & mask(len.into()));
        let prefix = Prefix::new(start, len).ok()?;
        let octet_u = addr.octets()[8];
        (ADDRESSES.contains(&prefix.extract(addr)) && octet_u == 0).then_some(prefix)
    })
}

fn single<T>(mut of: impl Iterator<Item = T>) -> Option<T> {
    let first = of.next();
    first.filter(|_| of.next().is_none())
}
