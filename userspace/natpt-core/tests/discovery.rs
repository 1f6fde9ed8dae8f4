// SPDX-License-Identifier: GPL-2.0

use std::net::Ipv6Addr;

use natpt_core::{
    discovery::{prefixes, ADDRESSES},
    xlate::addr::{mask, Prefix},
};

fn prefix(addr: &str, len: u8) -> Prefix {
    let addr: Ipv6Addr = addr.parse().unwrap();
    Prefix::new(Ipv6Addr::from_bits(addr.to_bits() & mask(len.into())), len).unwrap()
}

/// The prefixes that an answer tells, each once.
fn learn(answer: &[Ipv6Addr]) -> Vec<Prefix> {
    let mut told: Vec<_> = prefixes(answer).collect();
    told.dedup();
    told
}

/// The answer of a DNS64 under these prefixes.
fn answer(prefixes: &[Prefix]) -> Vec<Ipv6Addr> {
    let each = prefixes.iter();
    each.flat_map(|prefix| ADDRESSES.map(|target| prefix.embed(target)))
        .collect()
}

// req: F-066
#[test]
fn six_lengths_and_either_address() {
    for len in [32, 40, 48, 56, 64, 96] {
        let prefix = prefix("2001:db8:122:344::", len);
        assert_eq!(learn(&answer(&[prefix])), [prefix]);
        for target in ADDRESSES {
            assert_eq!(learn(&[prefix.embed(target)]), [prefix]);
        }
    }
}

// req: F-067
#[test]
fn a_prefix_that_holds_the_value_itself() {
    for (addr, len) in [
        ("2001:db8:c000:aa::", 64),
        ("2001:db8:c000:aa::", 96),
        ("2001:db8:0:c000:0:aa00::", 96),
    ] {
        let prefix = prefix(addr, len);
        let addrs = answer(&[prefix]);
        assert_eq!(learn(&addrs), [prefix]);
        // With one address alone nobody can tell.
        assert_eq!(learn(&addrs[..1]), []);
    }
}

// req: F-068
#[test]
fn several_in_their_order() {
    let several = [
        prefix("64:ff9b::", 96),
        prefix("2001:db8:2::", 96),
        prefix("2001:db8:1::", 48),
    ];
    assert_eq!(learn(&answer(&several)), several);
}

#[test]
fn real_addresses_tell_nothing() {
    for addr in [
        "2001:db8::1",
        "::ffff:192.0.0.170",
        "fe80::c000:aa",
        "2001:db8::1:c000:aa:0",
    ] {
        assert_eq!(learn(&[addr.parse().unwrap()]), []);
    }
    assert_eq!(learn(&[]), []);
}
