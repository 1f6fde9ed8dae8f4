// SPDX-License-Identifier: GPL-2.0
//! MTU arithmetic across the change of header size (RFC 7915 sections 1.4, 4.1, 4.2, 5.2).

use super::ext::FRAGMENT_LEN;

/// Smallest MTU of an IPv6 link.
pub const MIN_V6: u32 = 1280;

/// Smallest MTU of an IPv4 link.
pub const MIN_V4: u32 = 68;

/// How much longer an IPv6 header is.
pub const GROWTH: u32 = 20;

/// Likely MTUs (RFC 1191 section 7.1).
const PLATEAUS: [u16; 11] = [
    65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68,
];

/// MTUs of the next hops towards the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHops {
    /// Towards the IPv6 end.
    pub v6: u32,
    /// Towards the IPv4 end.
    pub v4: u32,
}

/// The MTU of a Packet Too Big for that of an ICMPv4 error, whose quoted packet had `quoted_len`.
pub fn to_v6(mtu: u16, quoted_len: u16, hops: NextHops) -> u32 {
    // A router older than RFC 1191 gives no MTU: guess the next smaller one.
    let mtu = if mtu == 0 { plateau(quoted_len) } else { mtu };
    u32::from(mtu)
        .saturating_add(GROWTH)
        .min(hops.v6)
        .min(hops.v4.saturating_add(GROWTH))
        .max(MIN_V6)
}

/// The MTU of an ICMPv4 error for that of a Packet Too Big; `fragment` tells whether the quoted
/// packet carries a Fragment header.
pub fn to_v4(mtu: u32, fragment: bool, hops: NextHops) -> u16 {
    let growth = growth(fragment);
    let mtu = mtu
        .saturating_sub(growth)
        .min(hops.v4)
        .min(hops.v6.saturating_sub(growth))
        .max(MIN_V4);
    u16::try_from(mtu).unwrap_or(u16::MAX)
}

/// The greatest likely MTU below `len`.
pub fn plateau(len: u16) -> u16 {
    PLATEAUS
        .into_iter()
        .find(|&mtu| mtu < len)
        .unwrap_or(MIN_V4 as u16)
}

/// How a translated packet fits the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// As it is.
    Whole,
    /// In fragments of at most this size.
    Fragments(u32),
    /// Not at all: the sender is told this MTU, in terms of its own family.
    TooBig(u32),
}

/// How a whole packet, or what it stands for, fits the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// It does, cut into fragments of this size if given.
    Fits(Option<u16>),
    /// Its segments must go one by one.
    Split,
    /// It is an IPv4 fragment, to be cut into ones of this size before it is translated.
    Refragment(u32),
    /// It does not: the sender is told this MTU, in terms of its own family.
    TooBig(u32),
}

/// How an IPv4 packet of `len` bytes that came as IPv6 fits a next hop with `mtu`.
#[inline]
pub const fn fit_v4(len: u32, df: bool, mtu: u32) -> Fit {
    if len <= mtu {
        return Fit::Whole;
    }
    if !df {
        return Fit::Fragments(mtu);
    }
    let report = mtu.saturating_add(GROWTH);
    Fit::TooBig(if report < MIN_V6 { MIN_V6 } else { report })
}

/// How an IPv6 packet of `len` bytes that came as IPv4 fits a next hop with `mtu`. Packets that
/// may be fragmented are kept within `lowest`, the smallest MTU on the IPv6 side.
#[inline]
pub const fn fit_v6(len: u32, df: bool, fragment: bool, mtu: u32, lowest: u32) -> Fit {
    if df {
        return match len <= mtu {
            true => Fit::Whole,
            false => Fit::TooBig(mtu.saturating_sub(growth(fragment))),
        };
    }
    let limit = if mtu < lowest { mtu } else { lowest };
    match len <= limit {
        true => Fit::Whole,
        false => Fit::Fragments(limit),
    }
}

const fn growth(fragment: bool) -> u32 {
    if fragment {
        GROWTH.saturating_add(FRAGMENT_LEN as u32)
    } else {
        GROWTH
    }
}
