// SPDX-License-Identifier: GPL-2.0

//! Hash values of the keys of the tables.
//!
//! What hosts choose goes through SipHash, so that nobody makes many of them fall on one bucket.
//! What they do not, or what has gone through it, through multiplication by the secret, which is
//! universal: two keys fall together by chance only.

use crate::{
    nat::siphash,
    xlate::tuple::{Tuple4, Tuple6},
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// What nobody can guess.
pub(crate) type Secret = [u64; 2];

/// Hash value of a session's IPv6 side.
#[inline(always)]
pub(crate) fn session6(key: &Secret, tuple: &Tuple6, proto: u8) -> u32 {
    let [s0, s1] = words(tuple.saddr);
    let [d0, d1] = words(tuple.daddr);
    let ports = ports(tuple.sport, tuple.dport, proto);
    siphash::hash(key, [s0, s1, d0, d1, ports]) as u32
}

/// Hash value of a session's IPv4 side.
#[inline(always)]
pub(crate) fn session4(key: &Secret, tuple: &Tuple4, proto: u8) -> u32 {
    let addrs = u64::from(u32::from(tuple.saddr)) << 32 | u64::from(u32::from(tuple.daddr));
    siphash::hash(key, [addrs, ports(tuple.sport, tuple.dport, proto)]) as u32
}

/// Hash value of an IPv6 host, from which those of its mappings are made.
#[inline(always)]
pub(crate) fn host(key: &Secret, addr: Ipv6Addr) -> u64 {
    siphash::hash(key, words(addr))
}

/// Hash value of a network: that of its first address.
pub(crate) fn network(key: &Secret, first: Ipv6Addr) -> u32 {
    match words(first) {
        // Nobody has many networks to choose from.
        [net, 0] => universal(key, net),
        _ => host(key, first) as u32,
    }
}

/// Hash value of a mapping's IPv6 side, from its host's.
pub(crate) fn mapping6(key: &Secret, host: u64, port: u16, proto: u8) -> u32 {
    universal(key, host.wrapping_add(ports(0, port, proto)))
}

/// Hash value of a mapping's IPv4 side, which we choose.
pub(crate) fn mapping4(key: &Secret, addr: Ipv4Addr, port: u16, proto: u8) -> u32 {
    let addr = u64::from(u32::from(addr)) << 32;
    universal(key, addr | ports(0, port, proto))
}

fn words(addr: Ipv6Addr) -> [u64; 2] {
    let bits = u128::from(addr);
    [(bits >> 64) as u64, bits as u64]
}

/// Ports and protocol, the source port above 32 bits.
fn ports(sport: u16, dport: u16, proto: u8) -> u64 {
    u64::from(sport) << 32 | u64::from(dport) << 8 | u64::from(proto)
}

fn universal([low, high]: &Secret, word: u64) -> u32 {
    let key = u128::from(*high) << 64 | u128::from(*low);
    (u128::from(word).wrapping_mul(key) >> 96) as u32
}
