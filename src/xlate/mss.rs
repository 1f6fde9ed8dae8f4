// SPDX-License-Identifier: GPL-2.0
//! The maximum segment size that a SYN announces (RFC 9293 section 3.7.1).

use super::checksum::{Delta, Sum};
use super::mtu::NextHops;

/// IPv4 and TCP header, without options.
const HEADERS_V4: u32 = 40;
/// IPv6 and TCP header, without options.
const HEADERS_V6: u32 = 60;
/// The default of a host without the option, which is not lowered further (RFC 9293 section 3.7.1).
const LEAST: u16 = 536;

/// The largest segments that fit the links next to us on both sides.
pub fn largest(hops: NextHops) -> u16 {
    let most = hops
        .v6
        .saturating_sub(HEADERS_V6)
        .min(hops.v4.saturating_sub(HEADERS_V4));
    u16::try_from(most).unwrap_or(u16::MAX).max(LEAST)
}

/// Lowers the MSS of a TCP header with its options to `most`; tells what that does to the checksum.
pub fn clamp(header: &mut [u8], most: u16) -> Delta {
    const END: u8 = 0;
    const NOP: u8 = 1;
    const MSS: u8 = 2;
    let mut at = 20usize;
    loop {
        let Some(option) = header.get(at..) else {
            return Delta::NONE;
        };
        at = match *option {
            [MSS, 4, high, low, ..] => {
                let mss = u16::from_be_bytes([high, low]);
                if mss <= most {
                    return Delta::NONE;
                }
                let value = at.wrapping_add(2);
                super::bytes::put(header, value, most.to_be_bytes());
                let word = |mss: u16| {
                    // At an odd place its bytes are in two words, the other way round.
                    let mss = if value & 1 == 0 {
                        mss
                    } else {
                        mss.swap_bytes()
                    };
                    Sum::ZERO.add16(mss)
                };
                return Delta::of(word(mss), word(most));
            }
            [NOP, ..] => at.wrapping_add(1),
            [] | [END, ..] => return Delta::NONE,
            [_, len, ..] if len >= 2 => at.wrapping_add(len.into()),
            _ => return Delta::NONE,
        };
    }
}
