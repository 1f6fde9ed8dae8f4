// SPDX-License-Identifier: GPL-2.0

//! Networks: an address and how many of its bits count.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use natpt_core::xlate::addr::mask;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net6 {
    bits: u128,
    len: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net4 {
    bits: u32,
    len: u8,
}

/// Private, shared and link-local addresses.
pub const PRIVATE: [Net4; 5] = [
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([100, 64, 0, 0], 10),
    v4([169, 254, 0, 0], 16),
];

const fn v4([a, b, c, d]: [u8; 4], len: u8) -> Net4 {
    let bits = Ipv4Addr::new(a, b, c, d).to_bits();
    Net4 { bits, len }
}

/// The netmask of an IPv4 network.
fn mask4(len: u8) -> u32 {
    mask(96 + u32::from(len)) as u32
}

impl Net6 {
    pub fn contains(&self, addr: Ipv6Addr) -> bool {
        (self.bits ^ addr.to_bits()) & mask(self.len.into()) == 0
    }
}

impl Net4 {
    pub fn contains(&self, addr: Ipv4Addr) -> bool {
        (self.bits ^ addr.to_bits()) & mask4(self.len) == 0
    }
}

/// Splits `ADDR/LEN`; the length is `whole` for an address alone.
pub fn split<A: FromStr>(text: &str, whole: u8) -> Option<(A, u8)> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, len.parse().ok().filter(|&len| len <= whole)?),
        None => (text, whole),
    };
    Some((addr.parse().ok()?, len))
}

impl FromStr for Net6 {
    type Err = ();

    /// Bits beyond the length do not count.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (addr, len) = split::<Ipv6Addr>(text, 128).ok_or(())?;
        let bits = addr.to_bits() & mask(len.into());
        Ok(Self { bits, len })
    }
}

impl FromStr for Net4 {
    type Err = ();

    /// Bits beyond the length do not count.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (addr, len) = split::<Ipv4Addr>(text, 32).ok_or(())?;
        let bits = addr.to_bits() & mask4(len);
        Ok(Self { bits, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contained() {
        let inside = |net: &str, addr: &str| {
            let net: Net4 = net.parse().unwrap();
            net.contains(addr.parse().unwrap())
        };
        assert!(inside("10.0.0.0/8", "10.255.0.1"));
        assert!(!inside("10.0.0.0/8", "11.0.0.1"));
        assert!(inside("10.9.9.9/8", "10.255.0.1"));
        assert!(inside("0.0.0.0/0", "255.255.255.255"));
        assert!(inside("192.0.2.7", "192.0.2.7"));
        assert!(!inside("192.0.2.7", "192.0.2.6"));
        let net: Net6 = "2001:db8::/32".parse().unwrap();
        assert!(net.contains("2001:db8:ffff::1".parse().unwrap()));
        assert!(!net.contains("2001:db9::".parse().unwrap()));
    }

    #[test]
    fn refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "x/8", "10.0.0.0/-1", "::/0"] {
            assert!(text.parse::<Net4>().is_err(), "{text}");
        }
        for text in ["::/129", "10.0.0.0/8", "::/x"] {
            assert!(text.parse::<Net6>().is_err(), "{text}");
        }
    }
}
