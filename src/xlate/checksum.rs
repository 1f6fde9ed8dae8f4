// SPDX-License-Identifier: GPL-2.0
//! The Internet checksum and its incremental update (RFC 1071, RFC 1624).

use core::net::{Ipv4Addr, Ipv6Addr};

/// A ones-complement sum that is not folded yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    pub const ZERO: Sum = Sum(0);

    /// The sum of `bytes`; the last one of an odd number is padded with zero.
    #[inline]
    pub fn of(bytes: &[u8]) -> Sum {
        let mut sum = Sum::ZERO;
        let mut rest = bytes;
        while let Some((word, tail)) = rest.split_first_chunk::<4>() {
            sum = sum.add32(u32::from_be_bytes(*word));
            rest = tail;
        }
        let mut last = [0; 4];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        sum.add32(u32::from_be_bytes(last))
    }

    /// Adds one 16-bit word.
    #[inline(always)]
    #[must_use]
    pub const fn add16(self, word: u16) -> Sum {
        Sum(self.0.wrapping_add(word as u64))
    }

    /// Adds two words at once.
    #[inline(always)]
    #[must_use]
    pub const fn add32(self, words: u32) -> Sum {
        Sum(self.0.wrapping_add(words as u64))
    }

    /// Adds an IPv4 address.
    #[inline(always)]
    #[must_use]
    pub const fn add_v4(self, addr: Ipv4Addr) -> Sum {
        self.add32(addr.to_bits())
    }

    /// Adds an IPv6 address.
    #[inline(always)]
    #[must_use]
    pub const fn add_v6(self, addr: Ipv6Addr) -> Sum {
        let bits = addr.to_bits();
        self.add32((bits >> 96) as u32)
            .add32((bits >> 64) as u32)
            .add32((bits >> 32) as u32)
            .add32(bits as u32)
    }

    /// Adds another sum of an even number of bytes.
    #[inline(always)]
    #[must_use]
    pub const fn then(self, other: Sum) -> Sum {
        // Folded to 33 bits each, so that sums of sums do not overflow.
        Sum(self.halve().wrapping_add(other.halve()))
    }

    /// The sum in 16 bits, not complemented.
    #[inline(always)]
    pub const fn fold(self) -> u16 {
        // Halves added crosswise leave their sum, with its carry, in the upper one.
        let sum = (self.0.wrapping_add(self.0.rotate_left(32)) >> 32) as u32;
        (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
    }

    /// The finished checksum.
    #[inline(always)]
    pub const fn check(self) -> u16 {
        !self.fold()
    }

    /// The finished checksum of UDP, where 0 would mean none (RFC 768).
    #[inline(always)]
    pub const fn check_udp(self) -> u16 {
        udp(self.check())
    }

    #[inline(always)]
    const fn halve(self) -> u64 {
        (self.0 & 0xffff_ffff).wrapping_add(self.0 >> 32)
    }
}

/// The pseudo-header of an IPv4 transport (RFC 793).
#[inline]
pub const fn pseudo_v4(saddr: Ipv4Addr, daddr: Ipv4Addr, protocol: u8, len: u32) -> Sum {
    Sum::ZERO
        .add_v4(saddr)
        .add_v4(daddr)
        .add16(protocol as u16)
        .add32(len)
}

/// The pseudo-header of an IPv6 transport (RFC 8200 section 8.1).
#[inline]
pub const fn pseudo_v6(saddr: Ipv6Addr, daddr: Ipv6Addr, next_header: u8, len: u32) -> Sum {
    Sum::ZERO
        .add_v6(saddr)
        .add_v6(daddr)
        .add16(next_header as u16)
        .add32(len)
}

/// The difference that a change of some words makes to a checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta(u16);

impl Delta {
    /// No change.
    pub const NONE: Delta = Delta(0);

    /// The change from `old` words to `new` ones: `~m + m'` of RFC 1624, equation 3.
    #[inline]
    pub const fn of(old: Sum, new: Sum) -> Delta {
        // 2^48 - 1 counts nothing, and no sum of headers comes near it.
        Delta(Sum(new.0.wrapping_add(((1u64 << 48) - 1).wrapping_sub(old.0))).fold())
    }

    /// This change and another one.
    #[inline]
    #[must_use]
    pub const fn then(self, other: Delta) -> Delta {
        Delta(add(self.0, other.0))
    }

    /// The way back.
    #[inline]
    #[must_use]
    pub const fn inverse(self) -> Delta {
        Delta(!self.0)
    }

    /// The new value of a finished checksum field.
    #[inline]
    pub const fn apply(self, check: u16) -> u16 {
        !add(!check, self.0)
    }

    /// The new value of a finished UDP checksum field.
    #[inline]
    pub const fn apply_udp(self, check: u16) -> u16 {
        udp(self.apply(check))
    }

    /// The new value of a CHECKSUM_PARTIAL field, which holds the sum of the pseudo-header only:
    /// for this one the delta must not count ports.
    #[inline]
    pub const fn apply_partial(self, check: u16) -> u16 {
        add(check, self.0)
    }
}

/// Adds two words with the carry brought round.
#[inline(always)]
const fn add(a: u16, b: u16) -> u16 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(carry as u16)
}

/// A computed UDP checksum of 0 is sent as 0xffff.
#[inline(always)]
const fn udp(check: u16) -> u16 {
    if check == 0 {
        0xffff
    } else {
        check
    }
}
