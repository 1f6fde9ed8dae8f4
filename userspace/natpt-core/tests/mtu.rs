// SPDX-License-Identifier: GPL-2.0
//! MTU arithmetic.

mod common;

use common::LINKS_1500;
use natpt_core::xlate::mtu::{fit_v4, fit_v6, plateau, to_v4, to_v6, Fit, NextHops, Size};
use natpt_core::xlate::{ipv4, ipv6, packet::Packet, proto, to6};
use proptest::prelude::*;

fn hops(v6: u32, v4: u32) -> NextHops {
    NextHops { v6, v4 }
}

#[test]
fn mtu_to_v6() {
    // req: A-117
    assert_eq!(to_v6(1400, 1500, hops(1500, 1500)), 1420);
    assert_eq!(to_v6(1500, 1500, hops(1500, 1500)), 1500);
    assert_eq!(to_v6(1492, 1500, hops(1400, 1500)), 1400);
    assert_eq!(to_v6(576, 1500, hops(1500, 1500)), 1280);
    assert_eq!(to_v6(9000, 9000, hops(1500, 9000)), 1500);
}

#[test]
fn mtu_to_v6_is_at_least_1280() {
    // req: A-118
    for mtu in [68, 1, 1259] {
        assert_eq!(to_v6(mtu, 1500, LINKS_1500), 1280);
    }
    assert_eq!(to_v6(1500, 1500, hops(0, 0)), 1280);
}

#[test]
fn old_routers_give_no_mtu() {
    // req: A-119 A-120
    for (len, expect) in [
        (1500, 1492),
        (9000, 8166),
        (2002, 1492),
        (65535, 32000),
        (1492, 1006),
        (68, 68),
        (0, 68),
    ] {
        assert_eq!(plateau(len), expect, "{len}");
    }
    assert_eq!(to_v6(0, 1492, hops(9000, 9000)), 1280);
    assert_eq!(to_v6(0, 9000, hops(9000, 9000)), 8166 + 20);
    assert_eq!(to_v6(0, 1500, LINKS_1500), 1500);
}

#[test]
fn mtu_to_v4() {
    // req: A-121
    assert_eq!(to_v4(1500, false, hops(1500, 1500)), 1480);
    assert_eq!(to_v4(1280, false, hops(1500, 1500)), 1260);
    assert_eq!(to_v4(9000, false, hops(9000, 1500)), 1500);
    assert_eq!(to_v4(9000, false, hops(1400, 1500)), 1380);
}

#[test]
fn fragment_header_takes_room() {
    // req: A-122
    assert_eq!(to_v4(1400, true, LINKS_1500), 1372);
}

#[test]
fn mtu_does_not_wrap() {
    // req: A-123
    let wide = hops(u32::MAX, u32::MAX);
    for (mtu, expect) in [
        (0, 68),
        (19, 68),
        (20, 68),
        (65556, 65535),
        (u32::MAX, 65535),
    ] {
        assert_eq!(to_v4(mtu, false, wide), expect);
    }
    assert_eq!(to_v6(65535, 65535, wide), 65555);
}

#[test]
fn small_packets_are_fragmented_in_ipv4() {
    // req: A-020
    assert_eq!(fit_v4(1260, false, 1000), Fit::Fragments(1000));
    assert_eq!(fit_v4(1000, false, 1000), Fit::Whole);
}

#[test]
fn large_packets_are_refused() {
    // req: A-021
    assert_eq!(fit_v4(1480, true, 1400), Fit::TooBig(1420));
    assert_eq!(fit_v4(1280, true, 1000), Fit::TooBig(1280));
    assert_eq!(fit_v4(1400, true, 1400), Fit::Whole);
}

#[test]
fn unfragmentable_packets_are_refused_in_ipv6() {
    // req: A-047
    assert_eq!(fit_v6(1520, true, false, 1500, 1280), Fit::TooBig(1480));
    assert_eq!(fit_v6(1528, true, true, 1500, 1280), Fit::TooBig(1472));
}

#[test]
fn lowest_mtu_does_not_concern_them() {
    // req: A-048
    assert_eq!(fit_v6(1420, true, false, 1500, 1280), Fit::Whole);
}

#[test]
fn others_fit_every_link() {
    // req: A-044
    assert_eq!(fit_v6(1520, false, false, 1500, 1280), Fit::Fragments(1280));
    assert_eq!(fit_v6(1280, false, false, 1500, 1280), Fit::Whole);
}

#[test]
fn lowest_mtu_can_be_raised() {
    // req: A-045
    assert_eq!(fit_v6(1500, false, false, 1500, 1500), Fit::Whole);
    assert_eq!(fit_v6(1501, false, false, 1500, 1500), Fit::Fragments(1500));
    assert_eq!(fit_v6(1501, false, false, 1500, 9000), Fit::Fragments(1500));
}

/// A packet of this host, which its sender lets be cut.
struct Own(Vec<u8>);

impl Packet for Own {
    fn linear(&self) -> &[u8] {
        &self.0
    }

    fn total_len(&self) -> u32 {
        self.0.len() as u32
    }

    fn pull(&mut self, len: usize) -> bool {
        len <= self.0.len()
    }

    fn may_fragment(&self) -> bool {
        true
    }
}

/// An IPv4 packet of this host, with DF, on an IPv6 link of 1400.
fn own_fit(mf: bool) -> Size {
    let mut packet = vec![0; 1500];
    packet[..10].copy_from_slice(&[
        0x45,
        0,
        5,
        220,
        0,
        1,
        if mf { 0x60 } else { 0x40 },
        0,
        64,
        17,
    ]);
    let from = ipv4::Header::read(&packet).unwrap();
    let fragment_len = if mf { 8 } else { 0 };
    let new = ipv6::Header {
        traffic_class: 0,
        flow_label: 0,
        payload_len: 1480 + fragment_len,
        next_header: proto::UDP,
        hop_limit: 64,
        saddr: "2001:db8::1".parse().unwrap(),
        daddr: "2001:db8::2".parse().unwrap(),
    };
    let limits = to6::Limits {
        mtu: 1400,
        lowest: 1280,
        is_inverted: false,
        is_own: true,
    };
    to6::fit(&Own(packet), &from, &new, &limits)
}

#[test]
fn own_packets_are_cut_and_own_fragments_before_they_are_translated() {
    assert_eq!(own_fit(false), Size::Fits(Some(1400)));
    // The output path would give a fragment a second Fragment header.
    assert_eq!(own_fit(true), Size::Refragment(1400 - 28));
}

proptest! {
    #[test]
    fn mtus_stay_in_range(
        mtu6 in any::<u32>(),
        mtu4 in any::<u16>(),
        len in any::<u16>(),
        v6 in any::<u32>(),
        v4 in any::<u32>(),
        fragment in any::<bool>(),
    ) {
        // req: A-118 A-123
        prop_assert!(to_v6(mtu4, len, hops(v6, v4)) >= 1280);
        prop_assert!(to_v4(mtu6, fragment, hops(v6, v4)) >= 68);
        let _ = fit_v4(mtu6, fragment, v4);
        let _ = fit_v6(mtu6, fragment, fragment, v4, v6);
    }
}
