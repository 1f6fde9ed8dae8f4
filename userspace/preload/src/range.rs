// SPDX-License-Identifier: GPL-2.0
//! Ranges and prefixes as they stand in the environment.

use core::{
    ffi::CStr,
    net::{Ipv4Addr, Ipv6Addr},
};

use libc::{c_char, c_int, c_void};
use natpt_core::{notation::implied_len, xlate::addr::Prefix};

/// Most ranges that a list may have.
const MAX_RANGES: usize = 64;

/// An IPv4 range: `a.b.c.d/len`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    bits: u32,
    mask: u32,
}

impl Range {
    /// No address that a packet of ours goes to.
    pub const NONE: Range = Range {
        bits: u32::MAX,
        mask: u32::MAX,
    };

    /// `a.b.c.d/len`, without bits beyond the length.
    pub const fn new(addr: Ipv4Addr, len: u32) -> Option<Range> {
        let mask = match u32::MAX.checked_shr(len) {
            Some(host) => !host,
            None if len == 32 => u32::MAX,
            None => return None,
        };
        let bits = addr.to_bits();
        if bits & !mask != 0 {
            return None;
        }
        Some(Range { bits, mask })
    }

    /// Read a range.
    pub fn parse(text: &[u8]) -> Option<Range> {
        let (addr, len) = halves(text, b'/');
        let len = match len {
            Some(len) => number(len)?,
            None => 32,
        };
        Range::new(Ipv4Addr::from(address(libc::AF_INET, addr)?), len)
    }

    /// True if `addr` is in it.
    #[inline]
    pub const fn contains(self, addr: Ipv4Addr) -> bool {
        (addr.to_bits() ^ self.bits) & self.mask == 0
    }

    /// True if some address is in both.
    pub const fn overlaps(self, other: Range) -> bool {
        (self.bits ^ other.bits) & self.mask & other.mask == 0
    }

    /// The first address.
    pub const fn first(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.bits)
    }

    /// Number of addresses, less one.
    pub const fn last_index(self) -> u32 {
        !self.mask
    }
}

/// A list of ranges, with commas between them.
#[derive(Clone, Copy, Debug)]
pub struct Ranges {
    ranges: [Range; MAX_RANGES],
}

impl Ranges {
    /// No range.
    pub const NONE: Ranges = Ranges {
        ranges: [Range::NONE; MAX_RANGES],
    };

    /// Read a list; empty entries do not count.
    pub fn parse(text: &[u8]) -> Option<Ranges> {
        let mut list = Ranges::NONE;
        let mut places = list.ranges.iter_mut();
        for entry in text.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !entry.is_empty() {
                *places.next()? = Range::parse(entry)?;
            }
        }
        Some(list)
    }

    /// True if `addr` is in one of them.
    pub fn contains(&self, addr: Ipv4Addr) -> bool {
        self.ranges.iter().any(|range| range.contains(addr))
    }
}

/// Read a translation prefix: `addr/len`, or the address alone with a host part of 0 for a /96.
pub fn prefix(text: &[u8]) -> Option<Prefix> {
    let (addr, len) = halves(text.trim_ascii(), b'/');
    let addr = Ipv6Addr::from(address(libc::AF_INET6, addr)?);
    let len = match len {
        Some(len) => u8::try_from(number(len)?).ok()?,
        None => implied_len(addr).ok()?,
    };
    Prefix::new(addr, len).ok()
}

fn halves(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let mut halves = text.splitn(2, |byte| *byte == separator);
    (halves.next().unwrap_or_default(), halves.next())
}

extern "C" {
    fn inet_pton(family: c_int, text: *const c_char, addr: *mut c_void) -> c_int;
}

/// Read an address; the parser of `core` can panic, for all that its compiler knows.
fn address<const SIZE: usize>(family: c_int, text: &[u8]) -> Option<[u8; SIZE]> {
    if text.iter().any(|byte| *byte == 0) {
        return None;
    }
    let mut room = [0; 64];
    room.get_mut(..text.len())?.copy_from_slice(text);
    let text = CStr::from_bytes_until_nul(&room).ok()?;
    let mut addr = [0; SIZE];
    // SAFETY: a C string, and room for an address of this family.
    let read = unsafe { inet_pton(family, text.as_ptr(), addr.as_mut_ptr().cast()) };
    (read == 1).then_some(addr)
}

/// A decimal number of at most three digits.
fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 3 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0u32, |number, digit| {
        number
            .wrapping_mul(10)
            .wrapping_add(u32::from(digit & 0x0f))
    }))
}
