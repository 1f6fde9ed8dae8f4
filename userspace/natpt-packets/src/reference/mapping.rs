// SPDX-License-Identifier: GPL-2.0
//! Explicit address mappings (RFC 7757), addresses written out bit by bit.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::network::{Mapping, Network};

fn bits6(addr: Ipv6Addr) -> String {
    format!("{:0128b}", u128::from(addr))
}

fn bits4(addr: Ipv4Addr) -> String {
    format!("{:032b}", u32::from(addr))
}

impl Mapping {
    fn has4(&self, addr: Ipv4Addr) -> bool {
        bits4(addr).starts_with(&bits4(self.v4.0)[..self.v4.1])
    }

    /// Section 3.3.2: the suffix goes behind the IPv4 prefix, as much of it as there is place for.
    fn to4(&self, network: &Network, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        if self.embedded {
            return network.extract(addr).filter(|it| self.has4(*it));
        }
        let bits = bits6(addr);
        let suffix = bits.strip_prefix(&bits6(self.v6.0)[..self.v6.1])?;
        let bits = format!("{}{suffix}{:032}", &bits4(self.v4.0)[..self.v4.1], 0);
        Some(u32::from_str_radix(&bits[..32], 2).ok()?.into())
    }

    /// Section 3.3.1: the suffix goes behind the IPv6 prefix, and zeros behind it.
    fn to6(&self, network: &Network, addr: Ipv4Addr) -> Option<Ipv6Addr> {
        if self.embedded {
            return self.has4(addr).then(|| network.embed(addr));
        }
        let bits = bits4(addr);
        let suffix = bits.strip_prefix(&bits4(self.v4.0)[..self.v4.1])?;
        let bits = format!("{}{suffix}{:0128}", &bits6(self.v6.0)[..self.v6.1], 0);
        Some(u128::from_str_radix(&bits[..128], 2).ok()?.into())
    }
}

/// The mapping that an address is in, and what it is there.
pub type Found<'a, A> = Option<(&'a Mapping, A)>;

impl Network {
    /// The longest match of an IPv6 address, unless the prefix itself is longer.
    pub(super) fn mapped6(&self, addr: Ipv6Addr) -> Found<'_, Ipv4Addr> {
        let all = self.mappings.iter();
        let found = all.filter_map(|it| Some((it, it.to4(self, addr)?)));
        // Those of the prefix are not mapped for themselves, so that others of its length go first.
        let longest = found.max_by_key(|(it, _)| (it.v6.1, !it.embedded));
        let shorter = |it: &Mapping| it.v6.1 < self.prefix.1;
        longest.filter(|(it, _)| self.extract(addr).is_none() || !shorter(it))
    }

    /// The longest match of an IPv4 address.
    pub(crate) fn mapped4(&self, addr: Ipv4Addr) -> Found<'_, Ipv6Addr> {
        let all = self.mappings.iter();
        let found = all.filter_map(|it| Some((it, it.to6(self, addr)?)));
        found.max_by_key(|(it, _)| it.v4.1)
    }

    /// Section 3.3: by a mapping, or else by RFC 6052.
    pub(super) fn any4(&self, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        let mapped = self.mapped6(addr).map(|(_, v4)| v4);
        mapped.or_else(|| self.extract(addr))
    }

    /// See `any4`.
    pub(super) fn any6(&self, addr: Ipv4Addr) -> Ipv6Addr {
        let mapped = self.mapped4(addr).map(|(_, v6)| v6);
        mapped.unwrap_or_else(|| self.embed(addr))
    }

    /// Whether an IPv6 address is that of a mapped IPv6 host.
    pub(super) fn is_host6(&self, addr: Ipv6Addr) -> bool {
        self.mapped6(addr).is_some_and(|(it, _)| !it.clat)
    }

    /// Whether an IPv4 address is that of a mapped IPv6 host.
    pub(super) fn is_host6_in4(&self, addr: Ipv4Addr) -> bool {
        self.mapped4(addr).is_some_and(|(it, _)| !it.clat)
    }
}
