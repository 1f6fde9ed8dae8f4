// SPDX-License-Identifier: GPL-2.0
//! What senders of dropped packets are told.

mod common;

use common::{ip4, ip6, v4, v6, ICMPV6, UDP};
use natpt_core::xlate::{reason::Answer, DropReason};

fn packet6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    ip6(
        next_header,
        v6("2001:db8::1"),
        v6("2001:db8:64::1"),
        payload,
    )
}

fn packet4(protocol: u8) -> Vec<u8> {
    ip4(protocol, v4("198.51.100.10"), v4("192.0.2.1"), &[], &[0; 8])
}

#[test]
fn icmpv6_errors() {
    let udp = packet6(UDP, &[0; 8]);
    for (answer, expected) in [
        (Answer::Silence, None),
        (Answer::TimeExceeded, Some((3, 0, 0))),
        (Answer::Protocol, Some((1, 4, 0))),
        (Answer::Source, Some((1, 5, 0))),
        (Answer::NoRoute, Some((1, 0, 0))),
        (Answer::Unreachable, Some((1, 3, 0))),
        (Answer::Prohibited, Some((1, 1, 0))),
        (Answer::Untranslatable, Some((1, 1, 0))),
        // there is no such header
        (Answer::SourceRoute, None),
    ] {
        assert_eq!(answer.icmp6(&udp), expected);
    }
    let route = packet6(43, &[UDP, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Answer::SourceRoute.icmp6(&route), Some((4, 0, 43)));
    assert_eq!(Answer::SourceRoute.icmp6(&route[..48]), Some((4, 0, 43)));
    assert_eq!(Answer::SourceRoute.icmp6(&route[..47]), None);
    // no errors about ICMPv6 that cannot be translated, behind other headers too
    let ping = packet6(ICMPV6, &[128, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Answer::Untranslatable.icmp6(&ping), None);
    assert_eq!(Answer::Prohibited.icmp6(&ping), Some((1, 1, 0)));
    let behind = packet6(0, &[ICMPV6, 0, 1, 4, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Answer::Untranslatable.icmp6(&behind), None);
}

#[test]
fn icmpv4_errors() {
    for (answer, expected) in [
        (Answer::Silence, None),
        (Answer::Source, None),
        (Answer::TimeExceeded, Some((11, 0))),
        (Answer::Protocol, Some((3, 2))),
        (Answer::SourceRoute, Some((3, 5))),
        (Answer::NoRoute, Some((3, 1))),
        (Answer::Unreachable, Some((3, 1))),
        (Answer::Prohibited, Some((3, 13))),
        (Answer::Untranslatable, Some((3, 13))),
    ] {
        assert_eq!(answer.icmp4(&packet4(UDP)), expected);
    }
    assert_eq!(Answer::Protocol.icmp4(&packet4(2)), None);
    assert_eq!(Answer::Prohibited.icmp4(&packet4(2)), Some((3, 13)));
}

#[test]
fn every_reason_has_a_place_a_name_and_a_text_of_its_own() {
    for (at, reason) in DropReason::ALL.iter().enumerate() {
        assert_eq!(reason.index(), at);
        let others = &DropReason::ALL[..at];
        assert!(others.iter().all(|it| it.name() != reason.name()));
        assert!(others.iter().all(|it| it.text() != reason.text()));
    }
}
