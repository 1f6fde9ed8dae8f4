// SPDX-License-Identifier: GPL-2.0
//! Mappings of stateless rules, and whom they concern.

mod common;

use common::{prefix, v4, v6};
use natpt_core::xlate::{
    addresses::{Addresses, Addrs},
    eam::{Eam, EamError},
    side::Side,
};

fn eam(side: Side, six: (&str, u8), four: (&str, u8)) -> Result<Eam, EamError> {
    Eam::explicit(side, (v6(six.0), six.1), (v4(four.0), four.1))
}

fn addrs<A>(saddr: A, daddr: A) -> Addrs<A> {
    Addrs { saddr, daddr }
}

#[test]
fn blocks_that_no_packet_comes_from_are_refused_with_all_around_them() {
    for (addr, len, good) in [
        ("0.0.0.0", 0, false),
        ("0.0.0.0", 8, false),
        ("0.1.2.3", 32, false),
        ("1.0.0.0", 8, true),
        ("126.0.0.0", 8, true),
        ("126.0.0.0", 7, false),
        ("127.0.0.0", 16, false),
        ("128.0.0.0", 8, true),
        ("192.0.0.0", 3, true),
        ("192.0.0.0", 2, false),
        ("223.0.0.0", 8, true),
        ("224.0.0.0", 8, false),
        ("239.255.0.0", 16, false),
        ("240.0.0.0", 4, false),
        ("255.255.255.255", 32, false),
    ] {
        let refused = eam(Side::V6, ("2001:db8::", 32), (addr, len)).err();
        assert_eq!(
            refused,
            (!good).then_some(EamError::Martian4),
            "{addr}/{len}"
        );
    }
}

#[test]
fn lengths_and_host_bits_are_looked_at() {
    let refused = |six, four| eam(Side::V6, six, four).err();
    let (six, four) = (("2001:db8::", 96), ("192.0.2.0", 24));
    assert_eq!(refused(six, four), None);
    assert_eq!(refused(("2001:db8::", 129), four), Some(EamError::Length6));
    assert_eq!(refused(six, ("192.0.2.0", 33)), Some(EamError::Length4));
    assert_eq!(
        refused(("2001:db8::1", 127), four),
        Some(EamError::HostBits6)
    );
    assert_eq!(refused(six, ("192.0.2.1", 31)), Some(EamError::HostBits4));
    assert_eq!(refused(("2001:db8::", 120), four), None);
    assert_eq!(refused(("2001:db8::", 121), four), Some(EamError::Suffix));
    assert_eq!(refused(("2001:db8::", 128), ("192.0.2.1", 32)), None);
    assert_eq!(refused(("fe80::", 64), four), Some(EamError::Martian6));
    assert_eq!(refused(("2000::", 8), four), None);
    assert_eq!(refused(("2000::", 7), four), Some(EamError::Martian6));
    let well_known = Eam::embedded(prefix("64:ff9b::/96"), (v4("192.0.2.0"), 24));
    assert_eq!(well_known, Err(EamError::WellKnown));
}

#[test]
fn every_refusal_has_a_text_of_its_own() {
    let all = [
        EamError::Length6,
        EamError::Length4,
        EamError::HostBits6,
        EamError::HostBits4,
        EamError::Suffix,
        EamError::Martian6,
        EamError::Martian4,
        EamError::WellKnown,
    ];
    for (at, error) in all.iter().enumerate() {
        assert!(error.text().len() > 10);
        assert!(all[..at].iter().all(|it| it.text() != error.text()));
    }
}

#[test]
fn mappings_overlap_in_either_family() {
    let one = eam(Side::V6, ("2001:db8:6::", 120), ("192.0.2.0", 24)).unwrap();
    for (six, four, overlaps) in [
        (("2001:db8:6::", 120), ("192.0.2.0", 24), true),
        (("2001:db8:7::", 120), ("192.0.2.0", 24), true),
        (("2001:db8:7::1", 128), ("192.0.2.7", 32), true),
        (("2001:db8:7::", 96), ("192.0.0.0", 16), true),
        (("2001:db8:7::", 120), ("192.0.3.0", 24), false),
        (("2001:db8:7::", 120), ("193.0.2.0", 24), false),
        (("2001:db8:6::7", 128), ("198.51.100.1", 32), true),
        (("2001:db8::", 32), ("198.51.100.0", 24), true),
        (("2001:db8:6::100", 128), ("198.51.100.1", 32), false),
        (("2001:db8:6::100", 120), ("198.51.100.0", 24), false),
    ] {
        let other = eam(Side::V4, six, four).unwrap();
        assert_eq!(one.overlaps(&other), overlaps, "{six:?} {four:?}");
        assert_eq!(other.overlaps(&one), overlaps, "{six:?} {four:?}");
    }
    let under = |four| Eam::embedded(prefix("2001:db8:64::/96"), four).unwrap();
    let embedded = under((v4("192.0.2.0"), 24));
    assert!(embedded.overlaps(&one) && one.overlaps(&embedded));
    let embedded = under((v4("192.0.3.0"), 24));
    assert!(!embedded.overlaps(&one) && !one.overlaps(&embedded));
}

/// One mapping, and the prefix 2001:db8:64::/96.
fn with<T>(side: Option<Side>, test: impl FnOnce(Addresses<'_>) -> T) -> T {
    let mapping = side.map(|side| eam(side, ("2001:db8:6::", 120), ("192.0.2.0", 24)).unwrap());
    let mappings = mapping.as_slice();
    test(Addresses {
        by6: mappings,
        by4: mappings,
        prefixes: &[prefix("2001:db8:64::/96")],
    })
}

#[test]
fn hosts_are_on_one_side() {
    for (side, six, four) in [
        (None, false, false),
        (Some(Side::V6), true, false),
        (Some(Side::V4), false, true),
    ] {
        with(side, |it| {
            assert_eq!(it.has_hosts6(), six);
            assert_eq!(it.is_hairpin(v4("192.0.2.7")), six);
            assert!(!it.is_hairpin(v4("192.0.3.7")));
            let stranger = v6("2001:db8:7::1");
            let host = v6("2001:db8:6::7");
            // to a neighbour; and from what an IPv4 host has sent
            assert_eq!(it.already_translated(addrs(stranger, host)), six);
            assert_eq!(it.already_translated(addrs(host, stranger)), four);
            assert!(!it.already_translated(addrs(stranger, stranger)));
        });
    }
}

#[test]
fn reporters_under_the_prefix_are_behind_another_translator_or_false() {
    let under = |text| prefix("2001:db8:64::/96").embed(v4(text));
    let host = v6("2001:db8:6::7");
    let quoted = addrs(host, v6("2001:db8:7::1"));
    for (side, may) in [
        (None, false),
        (Some(Side::V6), false),
        (Some(Side::V4), true),
    ] {
        with(side, |it| {
            assert!(it.may_report6(v6("2001:db8:7::1"), quoted));
            assert_eq!(it.may_report6(under("198.51.100.1"), quoted), may);
            assert!(!it.may_report6(under("127.0.0.1"), quoted));
            let stranger = addrs(v6("2001:db8:7::2"), host);
            assert!(!it.may_report6(under("198.51.100.1"), stranger));
        });
    }
}

#[test]
fn errors_are_about_packets_that_could_have_been() {
    let under = |text| prefix("2001:db8:64::/96").embed(v4(text));
    let host = v6("2001:db8:6::7");
    with(Some(Side::V6), |it| {
        let of = |saddr, daddr| it.error6(addrs(host, saddr), addrs(saddr, daddr));
        assert!(of(under("198.51.100.1"), host).is_some());
        // the host's own packet has not been here yet
        assert!(of(host, under("198.51.100.1")).is_none());
        assert!(of(under("127.0.0.1"), host).is_none());
        assert!(of(under("169.254.0.1"), host).is_none());
        assert!(of(v6("2001:db8:7::1"), host).is_none());
        assert!(of(under("198.51.100.1"), v6("2001:db8:7::1")).is_none());
        // to another one than the sender of what it quotes
        let error = addrs(host, under("198.51.100.2"));
        assert!(it
            .error6(error, addrs(under("198.51.100.1"), host))
            .is_none());
        let of = |saddr, daddr| {
            it.error4(
                addrs(v4("198.51.100.1"), v4(saddr)),
                addrs(v4(saddr), v4(daddr)),
            )
        };
        assert!(of("192.0.2.7", "198.51.100.1").is_some_and(|it| it.is_ok()));
        assert!(of("192.0.3.7", "198.51.100.1").is_none());
        let other = addrs(v4("198.51.100.1"), v4("192.0.2.8"));
        let quoted = addrs(v4("192.0.2.7"), v4("198.51.100.1"));
        assert!(it.error4(other, quoted).is_none());
    });
    with(Some(Side::V4), |it| {
        let of = |saddr, daddr| it.error6(addrs(under("198.51.100.1"), saddr), addrs(saddr, daddr));
        assert!(of(host, under("198.51.100.1")).is_some());
        assert!(of(host, under("127.0.0.1")).is_none());
        assert!(of(host, v6("2001:db8:7::1")).is_none());
        assert!(of(v6("2001:db8:7::1"), under("198.51.100.1")).is_none());
    });
}

#[test]
fn the_option_lets_the_well_known_prefix_carry_private_addresses() {
    let prefix = prefix("64:ff9b::/96").with_private(true);
    for (addr, good) in [
        ("9.255.255.255", true),
        ("10.0.0.0", true),
        ("100.63.255.255", true),
        ("100.64.0.0", true),
        ("100.127.255.255", true),
        ("172.16.0.0", true),
        ("172.31.255.255", true),
        ("192.168.255.255", true),
        ("192.0.2.1", false),
        ("198.18.0.1", false),
        ("203.0.113.1", false),
    ] {
        assert_eq!(
            prefix.target(prefix.embed(v4(addr))).is_ok(),
            good,
            "{addr}"
        );
        assert_eq!(prefix.source(v4(addr)).is_ok(), good, "{addr}");
    }
}

#[test]
fn who_speaks_to_a_host_under_the_prefix_has_an_address_there() {
    let prefix = prefix("2001:db8:64::/96");
    let mapping = Eam::embedded(prefix, (v4("192.0.2.0"), 24)).unwrap();
    let it = Addresses {
        by6: &[],
        by4: &[mapping],
        prefixes: &[prefix],
    };
    let from = |saddr| it.claim4(addrs(v4(saddr), v4("192.0.2.7"))).unwrap();
    let v6 = |it: natpt_core::xlate::addresses::AddrXlat| (it.v6.saddr, it.v6.daddr);
    let host = prefix.embed(v4("192.0.2.7"));
    let peer = prefix.embed(v4("198.51.100.1"));
    assert_eq!(from("198.51.100.1").map(v6), Ok((peer, host)));
    assert!(from("127.0.0.1").is_err());
    // an error tells of whatever the host has tried
    let (host4, router) = (v4("192.0.2.7"), v4("198.51.100.9"));
    let error = it.error4(addrs(router, host4), addrs(host4, v4("240.0.0.1")));
    let quoted = error.unwrap().unwrap().quoted;
    assert_eq!(quoted, addrs(host, prefix.embed(v4("240.0.0.1"))));
    // the mapping is for its own addresses
    assert_eq!(mapping.v4_of(host), Some(v4("192.0.2.7")));
    assert_eq!(mapping.v4_of(peer), None);
    let elsewhere = common::prefix("2001:db8:65::/96").embed(v4("192.0.2.7"));
    assert_eq!(mapping.v4_of(elsewhere), None);
    // without any prefix for others, too
    let it = Addresses {
        prefixes: &[],
        ..it
    };
    let claimed = it.claim4(addrs(v4("198.51.100.1"), v4("192.0.2.7")));
    assert_eq!(claimed.unwrap().map(v6), Ok((peer, host)));
}
