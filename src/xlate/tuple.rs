// SPDX-License-Identifier: GPL-2.0
//! Addresses and ports of a packet in either family.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{addresses::Addrs, checksum::Sum};

/// Addresses and ports of an IPv4 packet; both ports are the identifier of an ICMP echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple4 {
    /// Source address.
    pub saddr: Ipv4Addr,
    /// Destination address.
    pub daddr: Ipv4Addr,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
}

impl Tuple4 {
    /// The addresses.
    pub const fn addrs(&self) -> Addrs<Ipv4Addr> {
        Addrs {
            saddr: self.saddr,
            daddr: self.daddr,
        }
    }

    /// The tuple of the way back.
    #[must_use]
    pub const fn inverted(&self) -> Tuple4 {
        Tuple4 {
            saddr: self.daddr,
            daddr: self.saddr,
            sport: self.dport,
            dport: self.sport,
        }
    }

    /// The same ports between addresses of the other family.
    pub const fn in_v6(&self, addrs: Addrs<Ipv6Addr>) -> Tuple6 {
        Tuple6 {
            saddr: addrs.saddr,
            daddr: addrs.daddr,
            sport: self.sport,
            dport: self.dport,
        }
    }

    /// Return the addresses' part of a transport checksum: for CHECKSUM_PARTIAL fields.
    #[inline]
    pub const fn addr_sum(&self) -> Sum {
        Sum::ZERO.add_v4(self.saddr).add_v4(self.daddr)
    }

    /// Return the addresses' and ports' part of a transport checksum.
    #[inline]
    pub const fn sum(&self) -> Sum {
        self.addr_sum().add16(self.sport).add16(self.dport)
    }
}

/// Addresses and ports of an IPv6 packet; both ports are the identifier of an ICMP echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple6 {
    /// Source address.
    pub saddr: Ipv6Addr,
    /// Destination address.
    pub daddr: Ipv6Addr,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
}

impl Tuple6 {
    /// The addresses.
    pub const fn addrs(&self) -> Addrs<Ipv6Addr> {
        Addrs {
            saddr: self.saddr,
            daddr: self.daddr,
        }
    }

    /// The tuple of the way back.
    #[must_use]
    pub const fn inverted(&self) -> Tuple6 {
        Tuple6 {
            saddr: self.daddr,
            daddr: self.saddr,
            sport: self.dport,
            dport: self.sport,
        }
    }

    /// The same ports between addresses of the other family.
    pub const fn in_v4(&self, addrs: Addrs<Ipv4Addr>) -> Tuple4 {
        Tuple4 {
            saddr: addrs.saddr,
            daddr: addrs.daddr,
            sport: self.sport,
            dport: self.dport,
        }
    }

    /// Return the addresses' part of a transport checksum: for CHECKSUM_PARTIAL fields.
    #[inline]
    pub const fn addr_sum(&self) -> Sum {
        Sum::ZERO.add_v6(self.saddr).add_v6(self.daddr)
    }

    /// Return the addresses' and ports' part of a transport checksum.
    #[inline]
    pub const fn sum(&self) -> Sum {
        self.addr_sum().add16(self.sport).add16(self.dport)
    }
}
