// SPDX-License-Identifier: GPL-2.0
//! Prefixes and addresses (RFC 6052).

mod common;

use common::{prefix, v4, v6};
use core::net::{Ipv4Addr, Ipv6Addr};
use natpt_core::xlate::{
    addr::{illegal_source6, is_global4, is_martian4, Prefix, PrefixError},
    DropReason,
};
use proptest::prelude::*;

const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];

fn vector(prefix: &str, addr: &str) {
    let prefix = common::prefix(prefix);
    assert_eq!(prefix.embed(v4("192.0.2.33")), v6(addr));
    assert_eq!(prefix.extract(v6(addr)), v4("192.0.2.33"));
    assert!(prefix.contains(v6(addr)));
}

#[test]
fn embeds_32() {
    // req: B-001
    vector("2001:db8::/32", "2001:db8:c000:221::");
}

#[test]
fn embeds_40() {
    // req: B-002
    vector("2001:db8:100::/40", "2001:db8:1c0:2:21::");
}

#[test]
fn embeds_48() {
    // req: B-003
    vector("2001:db8:122::/48", "2001:db8:122:c000:2:2100::");
}

#[test]
fn embeds_56() {
    // req: B-004
    vector("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::");
}

#[test]
fn embeds_64() {
    // req: B-005
    vector("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::");
}

#[test]
fn embeds_96() {
    // req: B-006
    vector("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33");
}

#[test]
fn embeds_well_known() {
    // req: B-007
    vector("64:ff9b::/96", "64:ff9b::192.0.2.33");
    assert_eq!(
        prefix("64:ff9b::/96").embed(v4("192.0.2.33")).octets(),
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33]
    );
    assert!(prefix("64:ff9b::/96").is_well_known());
    assert!(!prefix("64:ff9b:1::/48").is_well_known());
}

#[test]
fn octet_u_is_not_looked_at() {
    // req: B-009
    let addr = v6("2001:db8:122:c000:ff02:2100::");
    assert_eq!(prefix("2001:db8:122::/48").extract(addr), v4("192.0.2.33"));
}

#[test]
fn suffix_is_ignored() {
    // req: B-011
    let addr = v6("2001:db8:1c0:2:21:1234:5678:9abc");
    assert_eq!(prefix("2001:db8:100::/40").extract(addr), v4("192.0.2.33"));
}

#[test]
fn other_lengths_are_refused() {
    // req: B-012
    for len in (0..=255).filter(|len| !LENGTHS.contains(len)) {
        assert_eq!(Prefix::new(v6("2001:db8::"), len), Err(PrefixError::Length));
    }
}

#[test]
fn well_known_prefix_only_as_96() {
    // req: B-012
    let addr = v6("64:ff9b::");
    for len in [32, 40, 48, 56, 64] {
        assert_eq!(Prefix::new(addr, len), Err(PrefixError::WellKnownLength));
    }
    assert!(Prefix::new(addr, 96).is_ok());
    assert!(Prefix::new(v6("64:ff9b:1::"), 48).is_ok());
}

#[test]
fn octet_u_of_a_prefix_is_zero() {
    // req: B-013
    let addr = v6("2001:db8:1:2:ff00::");
    assert_eq!(Prefix::new(addr, 96), Err(PrefixError::OctetU));
    assert!(Prefix::new(v6("2001:db8:1:2:ff::"), 96).is_ok());
}

#[test]
fn host_bits_are_refused() {
    // req: B-014
    assert_eq!(
        Prefix::new(v6("2001:db8::1"), 96),
        Err(PrefixError::HostBits)
    );
    assert_eq!(
        Prefix::new(v6("2001:db8:1::"), 32),
        Err(PrefixError::HostBits)
    );
}

#[test]
fn reserved_blocks_are_refused() {
    for (addr, len, error) in [
        ("::", 96, PrefixError::Unspecified),
        ("::", 32, PrefixError::Unspecified),
        ("::ffff:0:0", 96, PrefixError::Mapped),
        ("fe80::", 64, PrefixError::LinkLocal),
        ("febf::", 32, PrefixError::LinkLocal),
        ("ff0e::", 96, PrefixError::Multicast),
        ("ff02::", 32, PrefixError::Multicast),
    ] {
        assert_eq!(Prefix::new(v6(addr), len), Err(error), "{addr}/{len}");
    }
    assert!(Prefix::new(v6("fec0::"), 32).is_ok());
    assert!(Prefix::new(v6("fd00::"), 32).is_ok());
}

#[test]
fn every_error_has_its_text() {
    let errors = [
        PrefixError::Length,
        PrefixError::HostBits,
        PrefixError::OctetU,
        PrefixError::WellKnownLength,
        PrefixError::Unspecified,
        PrefixError::Mapped,
        PrefixError::LinkLocal,
        PrefixError::Multicast,
    ];
    let mut texts: Vec<_> = errors.iter().map(|error| error.text()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), errors.len());
}

#[test]
fn overlap_is_symmetric() {
    let wide = prefix("2001:db8::/32");
    let narrow = prefix("2001:db8:64::/96");
    let other = prefix("2001:db9::/32");
    assert!(wide.overlaps(&narrow) && narrow.overlaps(&wide) && wide.overlaps(&wide));
    assert!(!wide.overlaps(&other) && !other.overlaps(&narrow));
}

#[test]
fn contains_only_its_own() {
    // req: B-026
    let prefix = prefix("2001:db8:64::/96");
    assert!(prefix.contains(v6("2001:db8:64::c000:201")));
    assert!(!prefix.contains(v6("2001:db8:64::1:c000:201")));
    assert!(!prefix.contains(v6("2001:db8:6::1")));
    assert_eq!((prefix.addr(), prefix.len()), (v6("2001:db8:64::"), 96));
}

#[test]
fn martian_targets() {
    // req: A-019 A-054
    let prefix = prefix("2001:db8:64::/96");
    for addr in [
        "127.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
    ] {
        let target = prefix.target(prefix.embed(v4(addr)));
        assert_eq!(target, Err(DropReason::MartianTarget), "{addr}");
    }
    let target = prefix.target(prefix.embed(v4("198.51.100.10")));
    assert_eq!(target, Ok(v4("198.51.100.10")));
}

#[test]
fn martian_sources() {
    // req: A-039
    let prefix = prefix("2001:db8:64::/96");
    for addr in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"] {
        assert_eq!(prefix.source(v4(addr)), Err(DropReason::MartianSource));
        // An ICMP error from such a source is translated with `embed`.
        assert!(prefix.contains(prefix.embed(v4(addr))));
    }
}

#[test]
fn illegal_sources() {
    // req: A-018
    for addr in [
        "::1",
        "::",
        "ff02::1",
        "fe80::1",
        "febf::1",
        "::ffff:192.0.2.1",
    ] {
        assert!(illegal_source6(v6(addr)), "{addr}");
    }
    for addr in ["::2", "2001:db8::1", "fec0::1", "fd00::1", "64:ff9b::1"] {
        assert!(!illegal_source6(v6(addr)), "{addr}");
    }
}

const NOT_GLOBAL: [&str; 15] = [
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.1.1",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
];

#[test]
fn well_known_prefix_carries_global_addresses() {
    // req: B-019
    let prefix = prefix("64:ff9b::/96");
    for addr in NOT_GLOBAL {
        assert!(!is_global4(v4(addr)), "{addr}");
        assert!(prefix.target(prefix.embed(v4(addr))).is_err(), "{addr}");
    }
    let target = prefix.target(v6("64:ff9b::8.8.8.8"));
    assert_eq!(target, Ok(v4("8.8.8.8")));
}

#[test]
fn neighbours_of_special_blocks_are_global() {
    for addr in [
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
    ] {
        assert!(is_global4(v4(addr)), "{addr}");
    }
}

#[test]
fn well_known_prefix_checks_sources_too() {
    // req: B-020
    assert_eq!(
        prefix("64:ff9b::/96").source(v4("10.0.0.1")),
        Err(DropReason::NotGlobal)
    );
    assert!(prefix("2001:db8:64::/96").source(v4("10.0.0.1")).is_ok());
}

#[test]
fn other_prefixes_carry_private_addresses() {
    // req: B-022
    for text in ["64:ff9b:1:fffe::/96", "2001:db8:64::/96"] {
        let prefix = prefix(text);
        let target = prefix.target(prefix.embed(v4("10.0.0.1")));
        assert_eq!(target, Ok(v4("10.0.0.1")));
    }
}

fn any_prefix() -> impl Strategy<Value = Prefix> {
    (any::<u128>(), 0..LENGTHS.len()).prop_map(|(bits, index)| {
        let len = LENGTHS[index];
        // Global unicast, byte u zero.
        let bits = (bits & !(0xff << 120) & !(0xff << 56)) | (0x20 << 120);
        let bits = bits & !(u128::MAX >> len);
        Prefix::new(Ipv6Addr::from_bits(bits), len).unwrap()
    })
}

proptest! {
    #[test]
    fn round_trip(prefix in any_prefix(), bits in any::<u32>()) {
        // req: B-015 B-016
        let addr = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(prefix.extract(prefix.embed(addr)), addr);
        prop_assert!(prefix.contains(prefix.embed(addr)));
    }

    #[test]
    fn octet_u_and_suffix_are_zero(prefix in any_prefix(), bits in any::<u32>()) {
        // req: B-008 B-010
        let embedded = prefix.embed(Ipv4Addr::from_bits(bits));
        if prefix.len() < 96 {
            prop_assert_eq!(embedded.octets()[8], 0);
            let used = u32::from(prefix.len()) + 40;
            prop_assert_eq!(embedded.to_bits() & (u128::MAX >> used), 0);
        }
    }

    #[test]
    fn noise_changes_nothing(prefix in any_prefix(), bits in any::<u32>(), noise in any::<u128>()) {
        // req: B-009 B-011
        let addr = Ipv4Addr::from_bits(bits);
        if prefix.len() < 96 {
            let free = (0xff << 56) | (u128::MAX >> (u32::from(prefix.len()) + 40));
            let noisy = Ipv6Addr::from_bits(prefix.embed(addr).to_bits() | noise & free);
            prop_assert_eq!(prefix.extract(noisy), addr);
        }
    }

    #[test]
    fn martians_are_never_global(bits in any::<u32>()) {
        let addr = Ipv4Addr::from_bits(bits);
        prop_assert!(!is_martian4(addr) || !is_global4(addr));
    }

    #[test]
    fn new_never_panics(bits in any::<u128>(), len in any::<u8>()) {
        let _ = Prefix::new(Ipv6Addr::from_bits(bits), len);
    }
}
