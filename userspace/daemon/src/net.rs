// SPDX-License-Identifier: GPL-2.0

//! Networks: an address and how many of its bits count.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use natpt_core::notation::implied_len;
use natpt_core::xlate::addr::mask;

/// IPv4-mapped IPv6 addresses.
pub const MAPPED: Net = Net::v6(0xffff << 32, 96);

/// Private, shared and link-local IPv4 addresses.
pub const PRIVATE: [Net; 5] = [
    Net::v4([10, 0, 0, 0], 8),
    Net::v4([172, 16, 0, 0], 12),
    Net::v4([192, 168, 0, 0], 16),
    Net::v4([100, 64, 0, 0], 10),
    Net::v4([169, 254, 0, 0], 16),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    addr: IpAddr,
    len: u8,
}

impl Net {
    /// A constant whose bits beyond the length are clear.
    pub const fn v4([a, b, c, d]: [u8; 4], len: u8) -> Self {
        let addr = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
        Self { addr, len }
    }

    /// A constant whose bits beyond the length are clear.
    pub const fn v6(bits: u128, len: u8) -> Self {
        let addr = IpAddr::V6(Ipv6Addr::from_bits(bits));
        Self { addr, len }
    }

    /// The bits beyond the length are cleared.
    pub fn new(addr: IpAddr, len: u8) -> Option<Self> {
        let addr = match addr {
            IpAddr::V4(v4) if len <= 32 => {
                let kept = v4.to_bits() & (mask(96 + u32::from(len)) as u32);
                IpAddr::V4(Ipv4Addr::from_bits(kept))
            }
            IpAddr::V6(v6) if len <= 128 => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask(len.into())))
            }
            _ => return None,
        };
        Some(Self { addr, len })
    }

    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(net), IpAddr::V4(addr)) => {
                (net.to_bits() ^ addr.to_bits()) & (mask(96 + u32::from(self.len)) as u32) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(addr)) => {
                (net.to_bits() ^ addr.to_bits()) & mask(self.len.into()) == 0
            }
            _ => false,
        }
    }

    pub fn is_v4(&self) -> bool {
        self.addr.is_ipv4()
    }
}

pub fn within(nets: &[Net], addr: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(addr))
}

/// `ADDR/LEN`, or an address alone.
fn split<A: FromStr>(text: &str) -> Option<(A, Option<u8>)> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, Some(len.parse().ok()?)),
        None => (text, None),
    };
    Some((addr.parse().ok()?, len))
}

/// A translation prefix as its address and length, which is 96 if it is not said.
///
/// # Errors
///
/// No prefix, or one under 64:ff9b:1::/48 without a length.
pub fn prefix(text: &str) -> Result<(Ipv6Addr, u8), String> {
    match split::<Ipv6Addr>(text) {
        Some((addr, Some(len))) => Ok((addr, len)),
        Some((addr, None)) => Ok((addr, implied_len(addr)?)),
        None => Err(format!("'{text}' is no IPv6 prefix")),
    }
}

impl FromStr for Net {
    type Err = ();

    /// `ADDR/LEN`, or an address alone.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (addr, len) = split::<IpAddr>(text).ok_or(())?;
        let whole = if addr.is_ipv4() { 32 } else { 128 };
        Self::new(addr, len.unwrap_or(whole)).ok_or(())
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(net: &str, addr: &str) -> bool {
        net.parse::<Net>().unwrap().contains(addr.parse().unwrap())
    }

    #[test]
    fn contained() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(contains("10.9.9.9/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "255.0.0.1"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("::/0", "ff::"));
        assert!(contains("192.0.2.7", "192.0.2.7"));
        assert!(!contains("192.0.2.7", "192.0.2.6"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::"));
        assert!(MAPPED.contains("::ffff:1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "x/8",
            "10.0.0.0/-1",
        ] {
            assert!(text.parse::<Net>().is_err(), "{text}");
        }
        assert_eq!(
            "10.1.2.3/8".parse::<Net>().unwrap().to_string(),
            "10.0.0.0/8"
        );
    }
}
