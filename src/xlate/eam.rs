// SPDX-License-Identifier: GPL-2.0
//! Explicit address mappings (RFC 7757).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    addr::{illegal_source6, mask, Prefix, Range4},
    side::Side,
};

/// How the IPv6 addresses of a mapping are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A prefix, then the suffix of the IPv4 address.
    Explicit { bits: u128, len: u8 },
    /// Those of RFC 6052 under a translation prefix.
    Embedded(Prefix),
}

/// Why a mapping is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EamError {
    /// IPv6 prefix longer than an address.
    Length6,
    /// IPv4 prefix longer than an address.
    Length4,
    /// IPv6 prefix has bits beyond its length.
    HostBits6,
    /// IPv4 prefix has bits beyond its length.
    HostBits4,
    /// More IPv4 addresses than IPv6 ones.
    Suffix,
    /// The IPv6 prefix has addresses that no packet may come from.
    Martian6,
    /// The IPv4 prefix has addresses that no packet may come from.
    Martian4,
    /// The well-known prefix is not for hosts' addresses.
    WellKnown,
}

impl EamError {
    /// One line for the user.
    pub const fn text(self) -> &'static str {
        match self {
            EamError::Length6 => "IPv6 prefix length must not be above 128",
            EamError::Length4 => "IPv4 prefix length must not be above 32",
            EamError::HostBits6 => "IPv6 prefix has bits set beyond its length",
            EamError::HostBits4 => "IPv4 prefix has bits set beyond its length",
            EamError::Suffix => "there are more IPv4 addresses than IPv6 addresses",
            EamError::Martian6 => {
                "IPv6 prefix covers loopback, link-local, multicast or IPv4-mapped addresses"
            }
            EamError::Martian4 => "IPv4 prefix covers 0/8, 127/8, 224/4 or 240/4",
            EamError::WellKnown => "hosts cannot have addresses under the well-known prefix",
        }
    }
}

/// Addresses of one family that stand for the same number of the other, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eam {
    hosts: Side,
    form: Form,
    v4: u32,
    v4_len: u8,
}

/// The netmask of an IPv4 prefix.
const fn mask4(len: u8) -> u32 {
    (mask((len as u32).saturating_add(96)) & 0xffff_ffff) as u32
}

fn check4(addr: Ipv4Addr, len: u8) -> Result<u32, EamError> {
    let bits = addr.to_bits();
    if len > 32 {
        return Err(EamError::Length4);
    }
    if bits & !mask4(len) != 0 {
        return Err(EamError::HostBits4);
    }
    let blocks = [(0, 8), (127, 8), (224, 4), (240, 4)];
    for (first, block_len) in blocks {
        if (bits ^ (first << 24)) & mask4(len) & mask4(block_len) == 0 {
            return Err(EamError::Martian4);
        }
    }
    Ok(bits)
}

impl Eam {
    /// An explicit mapping. There must not be more IPv4 addresses than IPv6 ones.
    pub fn explicit(
        hosts: Side,
        (addr6, len6): (Ipv6Addr, u8),
        (addr4, len4): (Ipv4Addr, u8),
    ) -> Result<Eam, EamError> {
        let bits = addr6.to_bits();
        if len6 > 128 {
            return Err(EamError::Length6);
        }
        if bits & !mask(len6.into()) != 0 {
            return Err(EamError::HostBits6);
        }
        if illegal_source6(addr6) || len6 < 8 {
            return Err(EamError::Martian6);
        }
        let v4 = check4(addr4, len4)?;
        if 32u8.saturating_sub(len4) > 128u8.saturating_sub(len6) {
            return Err(EamError::Suffix);
        }
        Ok(Eam {
            hosts,
            form: Form::Explicit { bits, len: len6 },
            v4,
            v4_len: len4,
        })
    }

    /// The mapping of IPv6 hosts that have their RFC 6052 addresses under a prefix.
    pub fn embedded(prefix: Prefix, (addr4, len4): (Ipv4Addr, u8)) -> Result<Eam, EamError> {
        if prefix.is_well_known() {
            return Err(EamError::WellKnown);
        }
        Ok(Eam {
            hosts: Side::V6,
            form: Form::Embedded(prefix),
            v4: check4(addr4, len4)?,
            v4_len: len4,
        })
    }

    /// Where the hosts are: IPv6 hosts that are known to IPv4 ones (RFC 7755), or IPv4 hosts that
    /// go out through an IPv6 network, the CLAT of RFC 6877. On the other side they have the
    /// mapping's other addresses.
    #[inline]
    pub const fn hosts(&self) -> Side {
        self.hosts
    }

    /// The IPv6 addresses as prefix and length.
    pub const fn v6(&self) -> (Ipv6Addr, u8) {
        match self.form {
            Form::Explicit { bits, len } => (Ipv6Addr::from_bits(bits), len),
            Form::Embedded(prefix) => (prefix.addr(), prefix.len()),
        }
    }

    /// The IPv4 addresses as prefix and length.
    pub const fn v4(&self) -> (Ipv4Addr, u8) {
        (Ipv4Addr::from_bits(self.v4), self.v4_len)
    }

    /// The IPv4 addresses as a range.
    pub const fn range4(&self) -> Range4 {
        Range4 {
            first: Ipv4Addr::from_bits(self.v4),
            last: Ipv4Addr::from_bits(self.v4 | !mask4(self.v4_len)),
        }
    }

    /// The translation prefix that the hosts' addresses are under, if that is how they are made.
    pub const fn prefix(&self) -> Option<&Prefix> {
        match &self.form {
            Form::Embedded(prefix) => Some(prefix),
            Form::Explicit { .. } => None,
        }
    }

    /// How far the suffix of an IPv6 address is shifted down.
    const fn shift(&self, len6: u8) -> u32 {
        let suffix6 = 128u32.saturating_sub(len6 as u32);
        suffix6.saturating_sub(32u32.saturating_sub(self.v4_len as u32))
    }

    pub(super) fn contains4(&self, addr: Ipv4Addr) -> bool {
        (addr.to_bits() ^ self.v4) & mask4(self.v4_len) == 0
    }

    /// The IPv4 form of an address (RFC 7757 section 3.3.2).
    pub fn v4_of(&self, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        match self.form {
            Form::Explicit { bits, len } => {
                let suffix = addr.to_bits() ^ bits;
                if suffix & mask(len.into()) != 0 {
                    return None;
                }
                let suffix = suffix.checked_shr(self.shift(len)).unwrap_or(0) as u32;
                Some(Ipv4Addr::from_bits(self.v4 | suffix))
            }
            Form::Embedded(prefix) => {
                let v4 = prefix.extract(addr);
                (prefix.contains(addr) && self.contains4(v4)).then_some(v4)
            }
        }
    }

    /// The IPv6 form of an address (RFC 7757 section 3.3.1).
    pub fn v6_of(&self, addr: Ipv4Addr) -> Option<Ipv6Addr> {
        if !self.contains4(addr) {
            return None;
        }
        Some(match self.form {
            Form::Explicit { bits, len } => {
                let suffix = u128::from(addr.to_bits() ^ self.v4);
                let suffix = suffix.checked_shl(self.shift(len)).unwrap_or(0);
                Ipv6Addr::from_bits(bits | suffix)
            }
            Form::Embedded(prefix) => prefix.embed(addr),
        })
    }

    /// Return true if some address of either family is in both mappings.
    pub fn overlaps(&self, other: &Eam) -> bool {
        let both4 = mask4(self.v4_len) & mask4(other.v4_len);
        if (self.v4 ^ other.v4) & both4 == 0 {
            return true;
        }
        match (self.form, other.form) {
            (Form::Explicit { bits, len }, Form::Explicit { bits: b, len: l }) => {
                (bits ^ b) & mask(len.into()) & mask(l.into()) == 0
            }
            _ => false,
        }
    }

    /// Place of a mapping in the order of IPv6 addresses; nothing if it has none of its own.
    pub const fn order6(&self) -> Option<u128> {
        match self.form {
            Form::Explicit { bits, .. } => Some(bits),
            Form::Embedded(_) => None,
        }
    }

    /// Place of a mapping in the order of IPv4 addresses.
    pub const fn order4(&self) -> u32 {
        self.v4
    }
}
