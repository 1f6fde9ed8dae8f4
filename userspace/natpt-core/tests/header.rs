// SPDX-License-Identifier: GPL-2.0
//! Translation of IP headers.

mod common;

use common::{header4, header6, ip4, ip6, payload, reseal4, rfc1071, v4, v6, TCP, UDP};
use natpt_core::xlate::{
    ext::Fragment,
    header::{to_v4, to_v6, Payload, TtlAction},
    ipv4, ipv6, DropReason,
};
use proptest::prelude::*;

fn four(header: &ipv6::Header, payload: &Payload) -> Result<ipv4::Header, DropReason> {
    let (saddr, daddr) = (v4("192.0.2.1"), v4("198.51.100.10"));
    to_v4(
        header,
        saddr,
        daddr,
        payload,
        0x4242,
        TtlAction::Count,
        None,
    )
}

fn six(header: &ipv4::Header, payload: &Payload) -> Result<ipv6::Header, DropReason> {
    let (saddr, daddr) = (v6("2001:db8:64::c633:640a"), v6("2001:db8:6::1"));
    to_v6(header, saddr, daddr, payload, TtlAction::Count, None)
}

#[test]
fn version_4_without_options() {
    // req: A-001
    let header = four(&header6(0, 100, UDP, 64), &payload(UDP, 100)).unwrap();
    assert_eq!(header.emit()[0], 0x45);
    assert_eq!(header.emit().len(), 20);
}

#[test]
fn tos_is_the_traffic_class() {
    // req: A-002
    for class in 0..=255 {
        let header = four(&header6(class, 100, UDP, 64), &payload(UDP, 100)).unwrap();
        assert_eq!(header.emit()[1], class);
    }
}

#[test]
fn tos_can_be_set() {
    // req: A-003
    let addr = v4("192.0.2.1");
    let from = header6(0xff, 100, UDP, 64);
    let payload = payload(UDP, 100);
    let header = to_v4(&from, addr, addr, &payload, 0, TtlAction::Count, Some(0x10)).unwrap();
    assert_eq!(header.tos, 0x10);
}

#[test]
fn identification_is_the_given_one() {
    let header = four(&header6(0, 100, UDP, 64), &payload(UDP, 100)).unwrap();
    assert_eq!(header.emit()[4..6], [0x42, 0x42]);
}

#[test]
fn up_to_1260_may_be_fragmented() {
    // req: A-007 A-009
    let header = four(&header6(0, 1240, UDP, 64), &payload(UDP, 1240)).unwrap();
    assert_eq!(header.total_len, 1260);
    assert_eq!(header.emit()[6..8], [0, 0]);
}

#[test]
fn beyond_1260_may_not() {
    // req: A-008 A-009
    let header = four(&header6(0, 1241, UDP, 64), &payload(UDP, 1241)).unwrap();
    assert_eq!(header.total_len, 1261);
    assert_eq!(header.emit()[6..8], [0x40, 0]);
}

#[test]
fn segments_count_one_by_one() {
    // req: A-007 A-008
    let df = |segment| {
        let payload = Payload {
            segment: Some(segment),
            ..payload(UDP, 30000)
        };
        four(&header6(0, 30000, UDP, 64), &payload).unwrap().df
    };
    assert!(!df(1240));
    assert!(df(1241));
}

#[test]
fn ttl_is_one_less() {
    // req: A-010
    for (hop_limit, ttl) in [(64, 63), (255, 254), (2, 1)] {
        let header = four(&header6(0, 100, UDP, hop_limit), &payload(UDP, 100)).unwrap();
        assert_eq!(header.ttl, ttl);
    }
}

#[test]
fn hop_limit_runs_out() {
    // req: A-011
    for hop_limit in [0, 1] {
        let header = four(&header6(0, 100, UDP, hop_limit), &payload(UDP, 100));
        assert_eq!(header, Err(DropReason::HopLimit));
    }
}

#[test]
fn icmpv6_becomes_icmp() {
    // req: A-012
    let protocol = |number| {
        let header = four(&header6(0, 100, number, 64), &payload(number, 100));
        header.unwrap().protocol
    };
    assert_eq!(protocol(58), 1);
    for number in [6, 17, 47, 50, 51, 132, 135] {
        assert_eq!(protocol(number), number);
    }
}

#[test]
fn header_checksum_is_right() {
    // req: A-017
    let header = four(&header6(0xb9, 1400, TCP, 64), &payload(TCP, 1400)).unwrap();
    assert_eq!(rfc1071(&[&header.emit()]), 0);
}

#[test]
fn longer_than_ipv4_can_be() {
    // req: A-022
    let header = header6(0, 65530, UDP, 64);
    assert_eq!(four(&header, &payload(UDP, 65530)), Err(DropReason::TooBig));
    assert_eq!(
        four(&header, &payload(UDP, u32::MAX)),
        Err(DropReason::TooBig)
    );
    assert_eq!(
        four(&header, &payload(UDP, 65515)).unwrap().total_len,
        65535
    );
}

#[test]
fn fragment_to_ipv4() {
    // req: A-024 A-025 A-026 A-027 A-029
    let fragment = Payload {
        fragment: Some(Fragment {
            offset: 154,
            more: true,
            id: 0x1234_5678,
        }),
        ..payload(58, 1232)
    };
    let header = four(&header6(0, 1240, 44, 64), &fragment).unwrap();
    assert_eq!((header.total_len, header.protocol), (1252, 1));
    assert_eq!(header.emit()[4..8], [0x56, 0x78, 0x20, 154]);
}

#[test]
fn what_may_not_be_cut_has_no_identification() {
    // fault: border-11
    let ids = |len| {
        let header = four(&header6(0, len, UDP, 64), &payload(UDP, len.into())).unwrap();
        (header.id, header.df)
    };
    assert_eq!(ids(1240), (0x4242, false));
    assert_eq!(ids(1241), (0, true));
}

#[test]
fn large_fragment_has_no_df() {
    // req: A-026
    let last = Payload {
        fragment: Some(Fragment {
            offset: 2,
            more: false,
            id: 1,
        }),
        ..payload(UDP, 1400)
    };
    let header = four(&header6(0, 1408, 44, 64), &last).unwrap();
    assert!(!header.df && !header.mf);
}

#[test]
fn atomic_fragment() {
    // req: A-030
    let atomic = Payload {
        fragment: Some(Fragment {
            offset: 0,
            more: false,
            id: 0xabcd_ef01,
        }),
        ..payload(UDP, 1400)
    };
    let header = four(&header6(0, 1408, 44, 64), &atomic).unwrap();
    assert_eq!((header.id, header.df, header.mf), (0xef01, false, false));
}

#[test]
fn version_6_without_flow_label() {
    // req: A-034
    let header = six(&header4(0, 120, UDP, 64), &payload(UDP, 100)).unwrap();
    assert_eq!(header.emit()[..4], [0x60, 0, 0, 0]);
}

#[test]
fn traffic_class_is_the_tos() {
    // req: A-035
    for tos in 0..=255 {
        let header = six(&header4(tos, 120, UDP, 64), &payload(UDP, 100)).unwrap();
        let word = u16::from_be_bytes([header.emit()[0], header.emit()[1]]);
        assert_eq!(word, 0x6000 | (u16::from(tos) << 4));
    }
    let addr = v6("2001:db8::1");
    let from = header4(0xb9, 120, UDP, 64);
    let header = to_v6(
        &from,
        addr,
        addr,
        &payload(UDP, 100),
        TtlAction::Count,
        Some(0),
    );
    assert_eq!(header.unwrap().traffic_class, 0);
}

#[test]
fn payload_length_without_options() {
    // req: A-036
    let mut header = header4(0, 1500, UDP, 64);
    assert_eq!(header.payload_len(), 1480);
    header.header_len = 60;
    assert_eq!(header.payload_len(), 1440);
    let payload = payload(UDP, header.payload_len().into());
    assert_eq!(six(&header, &payload).unwrap().payload_len, 1440);
}

#[test]
fn options_do_not_survive() {
    // req: A-041
    let options = [7, 7, 4, 0, 0, 0, 0, 0];
    let packet = ip4(UDP, v4("198.51.100.1"), v4("192.0.2.1"), &options, &[1; 8]);
    let header = ipv4::Header::parse(&packet).unwrap();
    let translated = six(&header, &payload(UDP, header.payload_len().into())).unwrap();
    assert_eq!((translated.next_header, translated.payload_len), (UDP, 8));
}

#[test]
fn icmp_becomes_icmpv6() {
    // req: A-037
    let next_header = |number| {
        let header = six(&header4(0, 120, number, 64), &payload(number, 100));
        header.unwrap().next_header
    };
    assert_eq!(next_header(1), 58);
    for number in [6, 17, 47, 50, 132] {
        assert_eq!(next_header(number), number);
    }
}

#[test]
fn hop_limit_is_one_less() {
    // req: A-038
    let translate = |ttl| six(&header4(0, 120, UDP, ttl), &payload(UDP, 100));
    assert_eq!(translate(64).unwrap().hop_limit, 63);
    assert_eq!(translate(1), Err(DropReason::HopLimit));
    assert_eq!(translate(0), Err(DropReason::HopLimit));
}

#[test]
fn no_atomic_fragments() {
    // req: A-046
    let header = header4(0, 120, UDP, 64);
    let payload = Payload {
        fragment: Fragment::of_v4(&header),
        ..payload(UDP, 100)
    };
    let translated = six(&header, &payload).unwrap();
    assert_eq!((translated.next_header, translated.payload_len), (UDP, 100));
}

#[test]
fn fragment_to_ipv6() {
    // req: A-049
    let mut header = header4(0, 1020, 1, 64);
    (header.mf, header.frag_off) = (true, 185);
    let fragment = Fragment::of_v4(&header).unwrap();
    let payload = Payload {
        fragment: Some(fragment),
        ..payload(1, 1000)
    };
    let translated = six(&header, &payload).unwrap();
    assert_eq!((translated.next_header, translated.payload_len), (44, 1008));
    // 185 * 8 + 1
    assert_eq!(
        fragment.emit(58),
        [58, 0, 0x05, 0xc9, 0x00, 0x00, 0xbe, 0xef]
    );
}

#[test]
fn own_packets_keep_their_hop_limit() {
    // req: A-131
    let addr = v4("192.0.2.1");
    let from = header6(0, 100, UDP, 7);
    let header = to_v4(
        &from,
        addr,
        addr,
        &payload(UDP, 100),
        0,
        TtlAction::Keep,
        None,
    );
    assert_eq!(header.unwrap().ttl, 7);
    assert_eq!(TtlAction::Keep.next(0), Ok(0));
}

#[test]
fn bad_ipv4_headers() {
    // req: A-053
    let good = ip4(UDP, v4("198.51.100.1"), v4("192.0.2.1"), &[], &[0; 8]);
    assert!(ipv4::Header::parse(&good).is_ok());
    let changed = |at: usize, value: u8| {
        let mut packet = good.clone();
        packet[at] = value;
        reseal4(&mut packet, 20);
        ipv4::Header::parse(&packet)
    };
    assert_eq!(changed(0, 0x65), Err(DropReason::BadVersion));
    assert_eq!(changed(0, 0x44), Err(DropReason::BadHeaderLength));
    assert_eq!(changed(3, 19), Err(DropReason::BadHeaderLength));
    assert_eq!(changed(0, 0x4f), Err(DropReason::BadHeaderLength));
    let mut packet = good.clone();
    packet[8] ^= 1;
    assert_eq!(
        ipv4::Header::parse(&packet),
        Err(DropReason::BadHeaderChecksum)
    );
    assert!(ipv4::Header::read(&packet).is_ok());
    for len in 0..20 {
        let header = ipv4::Header::parse(&good[..len]);
        assert_eq!(header, Err(DropReason::Truncated));
    }
}

#[test]
fn bad_ipv6_headers() {
    let mut packet = ip6(UDP, v6("2001:db8::1"), v6("2001:db8::2"), &[0; 8]);
    for len in 0..40 {
        let header = ipv6::Header::parse(&packet[..len]);
        assert_eq!(header, Err(DropReason::Truncated));
    }
    packet[0] = 0x45;
    assert_eq!(ipv6::Header::parse(&packet), Err(DropReason::BadVersion));
}

#[test]
fn multicast_is_not_unicast() {
    // req: A-054
    let mut header = header4(0, 120, UDP, 64);
    assert!(header.is_unicast());
    for addr in ["224.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1"] {
        header.daddr = v4(addr);
        assert!(!header.is_unicast(), "{addr}");
    }
}

proptest! {
    #[test]
    fn ipv6_header_round_trip(mut bytes in prop::array::uniform32(any::<u8>()), tail in any::<u64>()) {
        bytes[0] = 0x60 | bytes[0] & 0x0f;
        let packet = [&bytes[..], &tail.to_be_bytes()].concat();
        let header = ipv6::Header::parse(&packet).unwrap();
        prop_assert_eq!(header.emit().to_vec(), packet);
    }

    #[test]
    fn ipv4_header_round_trip(bytes in any::<[u8; 20]>()) {
        let mut packet = bytes;
        packet[0] = 0x45;
        packet[2] |= 1;
        // The reserved flag is not carried over.
        packet[6] &= 0x7f;
        reseal4(&mut packet, 20);
        let header = ipv4::Header::parse(&packet).unwrap();
        prop_assert_eq!(header.emit(), packet);
    }

    #[test]
    fn there_and_back(class in any::<u8>(), len in 8u32..1200, hop_limit in 3u8.., protocol in 0usize..3) {
        let protocol = [58, TCP, UDP][protocol];
        let from = header6(class, len as u16, protocol, hop_limit);
        let middle = four(&from, &payload(protocol, len)).unwrap();
        let back = six(&middle, &payload(middle.protocol, middle.payload_len().into())).unwrap();
        prop_assert_eq!(back.next_header, from.next_header);
        prop_assert_eq!(back.payload_len, from.payload_len);
        prop_assert_eq!(back.traffic_class, from.traffic_class);
        prop_assert_eq!(back.hop_limit, from.hop_limit - 2);
    }

    #[test]
    fn parse_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = ipv6::Header::parse(&bytes);
        let _ = ipv4::Header::parse(&bytes);
    }
}
