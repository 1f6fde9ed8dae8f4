// SPDX-License-Identifier: GPL-2.0
//! Translation prefixes (RFC 6052) and the addresses that are never translated.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::DropReason;

/// The well-known prefix 64:ff9b::/96.
const WELL_KNOWN: u128 = 0x0064_ff9b << 96;

/// Byte u (RFC 6052 section 2.2).
const OCTET_U: u128 = 0xff << 56;

/// The lower half of an address, where byte u begins.
const LOWER: u128 = u64::MAX as u128;

/// Blocks that no prefix may touch, and why.
const RESERVED: [(u128, u32, PrefixError); 4] = [
    (0, 127, PrefixError::Unspecified),
    (0xffff << 32, 96, PrefixError::Mapped),
    (0xfe80 << 112, 10, PrefixError::LinkLocal),
    (0xff << 120, 8, PrefixError::Multicast),
];

/// Why a translation prefix is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixError {
    /// Not one of the six lengths.
    Length,
    /// Bits beyond the length are set.
    HostBits,
    /// Bits 64 to 71 are not zero.
    OctetU,
    /// The well-known prefix in another length than 96.
    WellKnownLength,
    /// Covers the unspecified and the loopback address.
    Unspecified,
    /// Covers IPv4-mapped addresses.
    Mapped,
    /// Covers link-local addresses.
    LinkLocal,
    /// Covers multicast addresses.
    Multicast,
}

impl PrefixError {
    /// One line for the user.
    pub const fn text(self) -> &'static str {
        match self {
            PrefixError::Length => "prefix length must be 32, 40, 48, 56, 64 or 96",
            PrefixError::HostBits => "prefix has bits set beyond its length",
            PrefixError::OctetU => "bits 64 to 71 of a prefix must be zero",
            PrefixError::WellKnownLength => "the well-known prefix 64:ff9b:: must have length 96",
            PrefixError::Unspecified => "prefix covers the unspecified and loopback addresses",
            PrefixError::Mapped => "prefix covers IPv4-mapped addresses",
            PrefixError::LinkLocal => "prefix covers link-local addresses",
            PrefixError::Multicast => "prefix covers multicast addresses",
        }
    }
}

/// A translation prefix (RFC 6052).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    bits: u128,
    mask: u128,
    len: u8,
    private: bool,
    id: u16,
}

impl Prefix {
    /// Checks `addr`/`len`.
    pub fn new(addr: Ipv6Addr, len: u8) -> Result<Prefix, PrefixError> {
        let bits = addr.to_bits();
        if !matches!(len, 32 | 40 | 48 | 56 | 64 | 96) {
            return Err(PrefixError::Length);
        }
        let prefix = Prefix {
            bits,
            mask: mask(u32::from(len)),
            len,
            private: false,
            id: 0,
        };
        if bits & !prefix.mask != 0 {
            return Err(PrefixError::HostBits);
        }
        for (block, block_len, error) in RESERVED {
            if (bits ^ block) & prefix.mask & mask(block_len) == 0 {
                return Err(error);
            }
        }
        if bits & OCTET_U != 0 {
            return Err(PrefixError::OctetU);
        }
        if bits == WELL_KNOWN && len != 96 {
            return Err(PrefixError::WellKnownLength);
        }
        Ok(prefix)
    }

    /// The same prefix with a number of its own.
    #[must_use]
    pub const fn with_id(self, id: u16) -> Prefix {
        Prefix { id, ..self }
    }

    /// Its number, by which mappings know it.
    pub const fn id(&self) -> u16 {
        self.id
    }

    /// The same prefix; `private` lets the well-known prefix carry the addresses of RFC 1918 and
    /// RFC 6598, as an unmanaged CLAT needs it.
    #[must_use]
    pub const fn with_private(self, private: bool) -> Prefix {
        Prefix { private, ..self }
    }

    /// The address part.
    pub const fn addr(&self) -> Ipv6Addr {
        Ipv6Addr::from_bits(self.bits)
    }

    /// The length in bits.
    #[allow(clippy::len_without_is_empty)]
    pub const fn len(&self) -> u8 {
        self.len
    }

    /// Return true if this is 64:ff9b::/96.
    #[inline]
    pub const fn is_well_known(&self) -> bool {
        self.bits == WELL_KNOWN
    }

    /// Return true if `addr` lies under the prefix.
    #[inline]
    pub const fn contains(&self, addr: Ipv6Addr) -> bool {
        (addr.to_bits() ^ self.bits) & self.mask == 0
    }

    /// Return true if some address lies under both prefixes.
    pub const fn overlaps(&self, other: &Prefix) -> bool {
        (self.bits ^ other.bits) & self.mask & other.mask == 0
    }

    /// The IPv6 form of `addr`.
    #[inline]
    pub const fn embed(&self, addr: Ipv4Addr) -> Ipv6Addr {
        let v4 = addr.to_bits() as u128;
        if self.len == 96 {
            return Ipv6Addr::from_bits(self.bits | v4);
        }
        let wide = v4.wrapping_shl(self.shift());
        // What falls into the lower half makes room for byte u.
        Ipv6Addr::from_bits(self.bits | (wide & !LOWER) | ((wide & LOWER) >> 8))
    }

    /// The IPv4 address inside `addr`; byte u and the suffix may be anything.
    #[inline]
    pub const fn extract(&self, addr: Ipv6Addr) -> Ipv4Addr {
        let bits = addr.to_bits();
        if self.len == 96 {
            return Ipv4Addr::from_bits(bits as u32);
        }
        let wide = (bits & !LOWER) | ((bits << 8) & LOWER);
        Ipv4Addr::from_bits(wide.wrapping_shr(self.shift()) as u32)
    }

    /// The IPv4 destination inside `daddr`, if packets may go there.
    #[inline]
    pub fn target(&self, daddr: Ipv6Addr) -> Result<Ipv4Addr, DropReason> {
        let target = self.extract(daddr);
        if is_martian4(target) {
            return Err(DropReason::MartianTarget);
        }
        self.check_global(target)?;
        match is_unroutable4(target) {
            true => Err(DropReason::MartianTarget),
            false => Ok(target),
        }
    }

    /// The IPv6 form of the source of an IPv4 packet, if packets may come from there.
    #[inline]
    pub fn source(&self, saddr: Ipv4Addr) -> Result<Ipv6Addr, DropReason> {
        if is_martian4(saddr) {
            return Err(DropReason::MartianSource);
        }
        self.check_global(saddr)?;
        match is_unroutable4(saddr) {
            true => Err(DropReason::MartianSource),
            false => Ok(self.embed(saddr)),
        }
    }

    /// The well-known prefix carries global addresses only (RFC 6052 section 3.1).
    #[inline]
    pub fn check_global(&self, addr: Ipv4Addr) -> Result<(), DropReason> {
        if self.is_well_known() && !is_global4(addr) && !(self.private && is_private4(addr)) {
            return Err(DropReason::NotGlobal);
        }
        Ok(())
    }

    /// How far an IPv4 address is shifted up, byte u not counted.
    #[inline(always)]
    const fn shift(&self) -> u32 {
        96u32.wrapping_sub(self.len as u32)
    }
}

/// The netmask of length `len`.
#[inline]
pub const fn mask(len: u32) -> u128 {
    match u128::MAX.checked_shr(len) {
        Some(host) => !host,
        None => u128::MAX,
    }
}

/// Return true if `addr` is in 0/8, 127/8, 224/4 or 240/4: neither source nor destination of
/// unicast.
#[inline]
pub const fn is_martian4(addr: Ipv4Addr) -> bool {
    matches!(addr.octets(), [0 | 127 | 224..=255, ..])
}

/// Return true if no router forwards packets to or from `addr`: the martians, and 169.254/16, which
/// is for one link only (RFC 3927 section 7).
#[inline]
pub const fn is_unroutable4(addr: Ipv4Addr) -> bool {
    is_martian4(addr) || matches!(addr.octets(), [169, 254, ..])
}

/// Return true if `addr` is global (RFC 6890, as RFC 6052 section 3.1 wants it).
pub const fn is_global4(addr: Ipv4Addr) -> bool {
    !matches!(
        addr.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// Return true if `addr` is private (RFC 1918) or shared between a provider and its customers (RFC
/// 6598).
pub const fn is_private4(addr: Ipv4Addr) -> bool {
    matches!(
        addr.octets(),
        [10, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..]
    )
}

/// Return true if no packet to be translated may come from `addr`.
#[inline]
pub const fn illegal_source6(addr: Ipv6Addr) -> bool {
    let bits = addr.to_bits();
    // ::, ::1; multicast; link-local; IPv4-mapped.
    bits <= 1 || bits >> 120 == 0xff || bits >> 118 == 0xfe80 >> 6 || bits >> 32 == 0xffff
}

/// IPv4 addresses in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Range4 {
    /// The first.
    pub first: Ipv4Addr,
    /// The last.
    pub last: Ipv4Addr,
}

impl Range4 {
    /// Every address.
    pub const ALL: Range4 = Range4 {
        first: Ipv4Addr::UNSPECIFIED,
        last: Ipv4Addr::BROADCAST,
    };

    /// The addresses under a prefix; none if it has bits beyond its length, or that is above 32.
    pub const fn of_prefix(addr: Ipv4Addr, len: u8) -> Option<Range4> {
        let rest = match u32::MAX.checked_shr(len as u32) {
            Some(rest) => rest,
            None => 0,
        };
        if len > 32 || addr.to_bits() & rest != 0 {
            return None;
        }
        Some(Range4 {
            first: addr,
            last: Ipv4Addr::from_bits(addr.to_bits() | rest),
        })
    }

    /// The first address and the length of the prefix that the addresses are under.
    pub const fn as_prefix(&self) -> (Ipv4Addr, u8) {
        let rest = self.first.to_bits() ^ self.last.to_bits();
        (self.first, rest.leading_zeros() as u8)
    }

    /// One address.
    pub const fn one(addr: Ipv4Addr) -> Range4 {
        Range4 {
            first: addr,
            last: addr,
        }
    }

    /// Return true if `addr` is one of the addresses.
    #[inline]
    pub const fn contains(&self, addr: Ipv4Addr) -> bool {
        let addr = addr.to_bits();
        self.first.to_bits() <= addr && addr <= self.last.to_bits()
    }

    /// Return true if some address is in both.
    pub const fn overlaps(&self, other: &Range4) -> bool {
        self.first.to_bits() <= other.last.to_bits() && other.first.to_bits() <= self.last.to_bits()
    }

    /// How many addresses there are.
    pub const fn count(&self) -> u64 {
        let distance = self.last.to_bits().saturating_sub(self.first.to_bits());
        (distance as u64).saturating_add(1)
    }
}
