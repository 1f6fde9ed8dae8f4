// SPDX-License-Identifier: GPL-2.0
//! ICMP errors with the packets that they quote.

mod common;

use common::{
    ip4, ip6, packet4, packet6, pseudo6, reseal4, rfc1071, seal, segment, v4, v6, ICMP, ICMPV6,
    LINKS_1500, TCP, UDP,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use natpt_core::xlate::{
    icmp_error::{error_to_v4, error_to_v6, MAX_V4, MAX_V6},
    quote::{InnerCheck, Quote4, Quote6},
    tuple::{Tuple4, Tuple6},
    DropReason,
};
use proptest::prelude::*;

/// The packet in question, as the IPv6 and as the IPv4 side know it.
fn tuples(protocol: u8) -> (Tuple6, Tuple4) {
    let ports = |sport, dport| match protocol {
        ICMP | ICMPV6 => (sport, sport),
        _ => (sport, dport),
    };
    let (sport6, dport6) = ports(4000, 53);
    let (sport4, dport4) = ports(1026, 53);
    (
        Tuple6 {
            saddr: v6("2001:db8:6::1"),
            daddr: v6("2001:db8:64::198.51.100.10"),
            sport: sport6,
            dport: dport6,
        },
        Tuple4 {
            saddr: v4("192.0.2.1"),
            daddr: v4("198.51.100.10"),
            sport: sport4,
            dport: dport4,
        },
    )
}

/// Addresses of an error on the IPv6 side.
fn outer() -> (Ipv6Addr, Ipv6Addr) {
    (v6("2001:db8:64::203.0.113.254"), v6("2001:db8:6::1"))
}

fn message(kind: u8, code: u8, word: u32, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, code, 0, 0];
    out.extend(word.to_be_bytes());
    out.extend(body);
    out
}

fn to_v4(message: &[u8], tuple: &Tuple4) -> Result<Vec<u8>, DropReason> {
    let mut out = vec![0xaa; 1500];
    let quote = Quote6::parse(message)?;
    let len = error_to_v4(&quote, tuple, None, LINKS_1500, &mut out)?;
    out.truncate(len);
    assert_eq!(rfc1071(&[&out]), 0, "checksum");
    Ok(out)
}

fn to_v6(message: &[u8], tuple: &Tuple6) -> Result<Vec<u8>, DropReason> {
    let (saddr, daddr) = outer();
    let mut out = vec![0xaa; 1500];
    let quote = Quote4::parse(message, InnerCheck::Verify)?;
    let len = error_to_v6(&quote, saddr, daddr, tuple, LINKS_1500, &mut out)?;
    out.truncate(len);
    let pseudo = pseudo6(saddr, daddr, ICMPV6, out.len());
    assert_eq!(rfc1071(&[&pseudo, &out]), 0, "checksum");
    assert!(out.len() <= MAX_V6);
    Ok(out)
}

fn error6(kind: u8, code: u8, word: u32, protocol: u8) -> Vec<u8> {
    let (six, four) = tuples(protocol);
    let message = message(kind, code, word, &packet6(protocol, &six, b"payload!"));
    to_v4(&message, &four).unwrap()
}

fn error4(kind: u8, code: u8, word: u32, protocol: u8) -> Vec<u8> {
    let (six, four) = tuples(protocol);
    let message = message(kind, code, word, &packet4(protocol, &four, b"payload!"));
    to_v6(&message, &six).unwrap()
}

const PROTOCOLS: [(u8, u8); 3] = [(TCP, TCP), (UDP, UDP), (ICMPV6, ICMP)];

#[test]
fn quotes_become_what_the_ipv4_side_sent() {
    // req: A-131 A-137 A-115
    for (p6, p4) in PROTOCOLS {
        let (six, four) = tuples(p6);
        let error = message(1, 4, 0, &packet6(p6, &six, b"payload!"));
        let quote = Quote6::parse(&error).unwrap();
        assert_eq!((quote.tuple, quote.protocol()), (six, p4));
        let out = to_v4(&error, &four).unwrap();
        let mut expect = packet4(p4, &four, b"payload!");
        expect[4..6].fill(0);
        reseal4(&mut expect, 20);
        assert_eq!(out[..2], [3, 3]);
        assert_eq!(out[8..], expect);
    }
}

#[test]
fn quotes_become_what_the_ipv6_side_sent() {
    // req: A-131 A-134 A-137 A-096 A-133
    for (p6, p4) in PROTOCOLS {
        let (six, four) = tuples(p6);
        let error = message(3, 3, 0, &packet4(p4, &four, b"payload!"));
        let quote = Quote4::parse(&error, InnerCheck::Verify).unwrap();
        assert_eq!(quote.tuple, four);
        let out = to_v6(&error, &six).unwrap();
        assert_eq!(out[..2], [1, 4]);
        assert_eq!(out[8..], packet6(p6, &six, b"payload!"));
    }
}

#[test]
fn inner_hop_limit_is_kept() {
    // req: A-131
    let (six, four) = tuples(UDP);
    let mut packet = packet6(UDP, &six, b"payload!");
    packet[7] = 7;
    let out = to_v4(&message(3, 0, 0, &packet), &four).unwrap();
    assert_eq!(out[8 + 8], 7);
    let mut packet = packet4(UDP, &four, b"payload!");
    packet[8] = 0;
    reseal4(&mut packet, 20);
    let out = to_v6(&message(11, 0, 0, &packet), &six).unwrap();
    assert_eq!(out[8 + 7], 0);
}

#[test]
fn inner_type_is_that_of_the_inner_packet() {
    // req: A-136
    let out = error4(3, 1, 0, ICMP);
    assert_eq!((out[..2].to_vec(), out[48]), (vec![1, 0], 128));
    let out = error6(1, 0, 0, ICMPV6);
    assert_eq!((out[..2].to_vec(), out[28]), (vec![3, 1], 8));
}

#[test]
fn inner_length_is_the_one_it_claims() {
    // req: A-135
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[0; 1472]);
    let out = to_v6(&message(3, 1, 0, &packet[..28]), &six).unwrap();
    assert_eq!(out.len(), 8 + 40 + 8);
    assert_eq!(out[12..14], 1480u16.to_be_bytes());
    let packet = packet6(UDP, &six, &[0; 1400]);
    let out = to_v4(&message(1, 0, 0, &packet[..48]), &four).unwrap();
    assert_eq!(out.len(), 8 + 20 + 8);
    assert_eq!(out[10..12], 1428u16.to_be_bytes());
    assert_eq!(out[14..16], [0x40, 0]);
}

#[test]
fn errors_about_errors_are_refused() {
    // req: A-132
    let (six, four) = tuples(ICMP);
    for kind in [3, 4, 5, 11, 12] {
        let packet = ip4(ICMP, four.saddr, four.daddr, &[], &[kind; 16]);
        let verdict = to_v6(&message(3, 1, 0, &packet), &six);
        assert_eq!(verdict, Err(DropReason::InnerIcmpError));
    }
    for kind in [1, 2, 3, 4, 100, 127] {
        let packet = ip6(ICMPV6, six.saddr, six.daddr, &[kind; 16]);
        let verdict = to_v4(&message(1, 0, 0, &packet), &four);
        assert_eq!(verdict, Err(DropReason::InnerIcmpError));
    }
}

#[test]
fn other_inner_protocols_are_refused() {
    let (six, four) = tuples(ICMP);
    let packet = ip4(0, four.saddr, four.daddr, &[], &[0; 16]);
    let verdict = to_v6(&message(3, 1, 0, &packet), &six);
    assert_eq!(verdict, Err(DropReason::InnerProtocol));
    let packet = ip6(ICMPV6, six.saddr, six.daddr, &[135; 16]);
    let verdict = to_v4(&message(1, 0, 0, &packet), &four);
    assert_eq!(verdict, Err(DropReason::InnerProtocol));
}

#[test]
fn mtu_in_packet_too_big() {
    // req: A-074 A-105 A-117 A-121 A-124
    let out = error6(2, 0, 1400, UDP);
    assert_eq!(out[..2], [3, 4]);
    assert_eq!(out[4..8], [0, 0, 0x05, 0x64]);
    let out = error4(3, 4, 0x0000_0578, UDP);
    assert_eq!(out[..2], [2, 0]);
    assert_eq!(out[4..8], 1420u32.to_be_bytes());
}

#[test]
fn fragment_header_in_the_quote_counts() {
    // req: A-122 A-141
    let (six, four) = tuples(UDP);
    let mut inner = vec![44, 0, 0, 0, 0, 0, 0, 0];
    inner.extend([UDP, 0, 0, 1, 0x12, 0x34, 0x56, 0x78]);
    inner.extend(segment(UDP, six.sport, six.dport, &[0; 100]));
    let packet = ip6(0, six.saddr, six.daddr, &inner);
    let out = to_v4(&message(2, 0, 1400, &packet), &four).unwrap();
    assert_eq!(out[6..8], 1372u16.to_be_bytes());
    // ID, MF and the new source port.
    assert_eq!(out[12..16], [0x56, 0x78, 0x20, 0]);
    assert_eq!(out[28..30], four.sport.to_be_bytes());
}

#[test]
fn quoted_first_fragment_gets_a_fragment_header() {
    // req: A-131
    let (six, four) = tuples(UDP);
    let mut packet = packet4(UDP, &four, &[0; 100]);
    packet[6] = 0x20;
    reseal4(&mut packet, 20);
    let out = to_v6(&message(3, 1, 0, &packet), &six).unwrap();
    assert_eq!(out[8 + 4..8 + 7], [0, 116, 44]);
    assert_eq!(out[48..56], [UDP, 0, 0, 1, 0, 0, 0x12, 0x34]);
    assert_eq!(out[56..58], six.sport.to_be_bytes());
}

#[test]
fn quoted_later_fragment_is_refused() {
    // req: A-142
    let (six, four) = tuples(UDP);
    let mut packet = packet4(UDP, &four, &[0; 100]);
    packet[7] = 1;
    reseal4(&mut packet, 20);
    let verdict = to_v6(&message(3, 1, 0, &packet), &six);
    assert_eq!(verdict, Err(DropReason::InnerFragment));
    let inner = [[UDP, 0, 0, 8, 0, 0, 0, 0]; 3].concat();
    let packet = ip6(44, six.saddr, six.daddr, &inner);
    let verdict = to_v4(&message(1, 0, 0, &packet), &four);
    assert_eq!(verdict, Err(DropReason::InnerFragment));
}

#[test]
fn pointers() {
    // req: A-072 A-088 A-107 A-108 A-130
    assert_eq!(error4(12, 0, 8 << 24, UDP)[..8][4..], [0, 0, 0, 7]);
    assert_eq!(error4(3, 2, 0, UDP)[4..8], [0, 0, 0, 6]);
    assert_eq!(error6(4, 0, 7, UDP)[4..8], [8, 0, 0, 0]);
    assert_eq!(error6(4, 1, 40, UDP)[4..8], [0, 0, 0, 0]);
    let (six, four) = tuples(UDP);
    let error = message(12, 0, 20 << 24, &packet4(UDP, &four, &[0; 8]));
    assert_eq!(to_v6(&error, &six), Err(DropReason::IcmpPointer));
    let error = message(4, 0, 0x0100_0000, &packet6(UDP, &six, &[0; 8]));
    assert_eq!(to_v4(&error, &four), Err(DropReason::IcmpPointer));
}

#[test]
fn absent_inner_checksum_stays_absent() {
    // req: A-139
    let (six, four) = tuples(UDP);
    let mut packet = packet4(UDP, &four, b"payload!");
    packet[26..28].fill(0);
    let out = to_v6(&message(3, 3, 0, &packet[..28]), &six).unwrap();
    assert_eq!(out[54..56], [0, 0]);
    // TCP has no such thing: 0 is a sum like others
    let (six, four) = tuples(TCP);
    let mut packet = packet4(TCP, &four, b"payload!");
    packet[36..38].fill(0);
    let zero = to_v6(&message(3, 3, 0, &packet), &six).unwrap();
    packet[36..38].fill(0xff);
    let same = to_v6(&message(3, 3, 0, &packet), &six).unwrap();
    assert_ne!(zero[64..66], [0, 0]);
    assert_eq!(zero[64..66], same[64..66]);
}

#[test]
fn truncated_quotes() {
    // req: A-140
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, b"payload!");
    for len in 0..28 {
        let verdict = to_v6(&message(3, 3, 0, &packet[..len]), &six);
        assert_eq!(verdict, Err(DropReason::InnerTruncated), "{len}");
    }
    let packet = packet6(UDP, &six, b"payload!");
    for len in 0..48 {
        let verdict = to_v4(&message(1, 4, 0, &packet[..len]), &four);
        assert_eq!(verdict, Err(DropReason::InnerTruncated), "{len}");
    }
    for len in 0..8 {
        assert_eq!(
            Quote6::parse(&vec![1; len]).unwrap_err(),
            DropReason::Truncated
        );
    }
}

#[test]
fn inner_packet_shorter_than_its_header() {
    let (six, four) = tuples(UDP);
    let mut packet = packet4(UDP, &four, b"payload!");
    packet[3] = 27;
    reseal4(&mut packet, 20);
    let verdict = to_v6(&message(3, 3, 0, &packet), &six);
    assert_eq!(verdict, Err(DropReason::InnerTruncated));
    packet[3] = 19;
    reseal4(&mut packet, 20);
    let verdict = to_v6(&message(3, 3, 0, &packet), &six);
    assert_eq!(verdict, Err(DropReason::InnerHeader));
}

#[test]
fn inner_options_are_walked() {
    // req: A-141
    let (six, four) = tuples(UDP);
    let segment = segment(UDP, four.sport, four.dport, b"payload!");
    let packet = ip4(UDP, four.saddr, four.daddr, &[1; 8], &segment);
    assert_eq!(packet[0], 0x47);
    let out = to_v6(&message(3, 3, 0, &packet), &six).unwrap();
    assert_eq!(out[12..14], [0, 16]);
    assert_eq!(out[48..52], [0x0f, 0xa0, 0, 53]);
}

#[test]
fn inner_header_checksum() {
    // req: A-144
    let (_, four) = tuples(UDP);
    let mut packet = packet4(UDP, &four, b"payload!");
    packet[8] = 1;
    let error = message(11, 0, 0, &packet);
    let verdict = Quote4::parse(&error, InnerCheck::Verify).unwrap_err();
    assert_eq!(verdict, DropReason::InnerHeader);
    assert!(Quote4::parse(&error, InnerCheck::Ignore).is_ok());
}

#[test]
fn inner_transport_checksum_is_not_validated() {
    // req: A-145 A-138
    let (six, four) = tuples(TCP);
    let mut packet = packet4(TCP, &four, b"payload!");
    packet[36] ^= 0x55;
    assert!(to_v6(&message(3, 3, 0, &packet), &six).is_ok());
}

#[test]
fn errors_fit_every_link() {
    assert_eq!((40 + MAX_V6, 20 + MAX_V4), (1280, 1292));
}

#[test]
fn long_errors_are_cut() {
    // req: A-146
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[0x5a; 1400]);
    let out = to_v6(&message(3, 1, 0, &packet), &six).unwrap();
    assert_eq!(out.len() + 40, 1280);
}

/// An MPLS label stack object (RFC 4950) behind an extension header.
const MPLS: [u8; 12] = [0x20, 0, 0x7d, 0x15, 0, 8, 1, 1, 0x12, 0x34, 0x51, 0xff];

#[test]
fn extension_to_v6() {
    // req: A-147 A-149
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[7; 300]);
    let body = [&packet[..128], &MPLS].concat();
    let out = to_v6(&message(11, 0, 32 << 16, &body), &six).unwrap();
    assert_eq!(out[4..8], [19, 0, 0, 0]);
    assert_eq!(out.len(), 8 + 152 + 12);
    // 148 bytes of datagram, 4 of padding, the object as it was.
    assert_eq!(out[8 + 148..8 + 152], [0; 4]);
    assert_eq!(out[8 + 152..], MPLS);
}

#[test]
fn extension_to_v4() {
    // req: A-147 A-149
    let (six, four) = tuples(UDP);
    let packet = packet6(UDP, &six, &[7; 300]);
    let body = [&packet[..152], &MPLS].concat();
    let out = to_v4(&message(3, 0, 19 << 24, &body), &four).unwrap();
    assert_eq!(out[..8][4..], [0, 33, 0, 0]);
    assert_eq!(out.len(), 8 + 132 + 12);
    assert_eq!(out[8 + 132..], MPLS);
}

#[test]
fn short_packet_is_padded_before_an_extension() {
    // req: A-147 A-151
    let (six, four) = tuples(UDP);
    let mut body = packet4(UDP, &four, b"payload!");
    body.resize(128, 0);
    body.extend(MPLS);
    let out = to_v6(&message(3, 1, 32 << 16, &body), &six).unwrap();
    assert_eq!(out[4], 16);
    assert_eq!(out[8..64], packet6(UDP, &six, b"payload!"));
    assert_eq!(out[64..136], [0; 72]);
    assert_eq!(out[136..], MPLS);
}

/// An extension structure of objects that are this long.
fn structure(lens: &[u16]) -> Vec<u8> {
    let mut out = vec![0x20, 0, 0, 0];
    for &len in lens {
        out.extend(len.to_be_bytes());
        out.extend([200, 1]);
        out.resize(out.len() + usize::from(len) - 4, len as u8);
    }
    let check = rfc1071(&[&out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    out
}

#[test]
fn datagram_gives_way_to_an_extension() {
    // fault: border-14
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[7; 1300]);
    for lens in [&[296][..], &[8, 100, 800], &[1100]] {
        let objects = structure(lens);
        let body = [&packet[..1000], &objects[..]].concat();
        let out = to_v6(&message(3, 1, 250 << 16, &body), &six).unwrap();
        let datagram = (1232 - objects.len()) & !7;
        assert_eq!(usize::from(out[4]) * 8, datagram);
        let whole = packet6(UDP, &six, &[7; 1300]);
        assert_eq!(out[8..8 + datagram], whole[..datagram]);
        assert_eq!(out[8 + datagram..], objects);
    }
    // 1020 bytes are the most that the length attribute of ICMPv4 can tell.
    let packet = packet6(UDP, &six, &[7; 1100]);
    let body = [&packet[..1048], &MPLS].concat();
    let out = to_v4(&message(1, 0, 131 << 24, &body), &four).unwrap();
    assert_eq!(out[5], 255);
    let whole = packet4(UDP, &four, &[7; 1100]);
    assert_eq!(out[28..1028], whole[20..1020]);
    assert_eq!(out[1028..], MPLS);
}

#[test]
fn objects_without_room_are_left_out() {
    // req: A-148
    // fault: border-14
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[7; 1300]);
    let error = |extension: &[u8]| {
        let body = [&packet[..1000], extension].concat();
        to_v6(&message(3, 1, 250 << 16, &body), &six).unwrap()
    };
    // Whole objects stay, and the datagram takes what they leave.
    let out = error(&structure(&[100, 200, 900]));
    assert_eq!(usize::from(out[4]) * 8, 928);
    assert_eq!(out[8 + 928..], structure(&[100, 200]));
    // One without data is whole, too.
    let out = error(&structure(&[100, 4, 200, 900]));
    assert_eq!(
        out[8 + usize::from(out[4]) * 8..],
        structure(&[100, 4, 200])
    );
    // As many as there is room for, to the last byte.
    let out = error(&structure(&[100, 1000, 8]));
    assert!(out[8 + usize::from(out[4]) * 8..] == structure(&[100, 1000]));
    let out = error(&structure(&[100, 1001, 8]));
    assert!(out[8 + usize::from(out[4]) * 8..] == structure(&[100]));
    // Nothing stays of a single object, or of a structure with a wrong checksum or length.
    let mut wrong = structure(&[100, 200, 900]);
    wrong[2] ^= 1;
    for extension in [structure(&[1101]), structure(&[2000]), wrong, vec![9; 1300]] {
        let out = error(&extension);
        assert_eq!((out[4], out.len()), (0, 8 + 1020));
    }
}

#[test]
fn short_length_attributes_are_tolerated() {
    // req: A-150 A-151
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[7; 300]);
    let body = [&packet[..68], &MPLS].concat();
    let out = to_v6(&message(11, 0, 17 << 16, &body), &six).unwrap();
    assert_eq!(out[4], 16);
    assert_eq!(out[8 + 128..], MPLS);
    assert_eq!(out[8 + 88..8 + 128], [0; 40]);
}

#[test]
fn impossible_length_attribute_is_ignored() {
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, b"payload!");
    let out = to_v6(&message(11, 0, 255 << 16, &packet), &six).unwrap();
    assert_eq!(out[4], 0);
    assert_eq!(out[8..], packet6(UDP, &six, b"payload!"));
}

#[test]
fn packet_too_big_has_no_extension() {
    // req: A-152
    let (six, four) = tuples(UDP);
    let packet = packet4(UDP, &four, &[7; 300]);
    let body = [&packet[..128], &MPLS].concat();
    for (kind, code) in [(3, 4), (3, 2), (12, 0)] {
        let out = to_v6(&message(kind, code, 32 << 16, &body), &six).unwrap();
        assert_eq!(out.len(), 8 + 148, "{kind}/{code}");
    }
}

#[test]
fn untranslatable_types_are_refused_first() {
    // req: A-116
    let (redirect, neighbour) = (message(5, 0, 0, &[]), message(135, 0, 0, &[]));
    let verdict = Quote4::parse(&redirect, InnerCheck::Verify).unwrap_err();
    assert_eq!(verdict, DropReason::IcmpType);
    let verdict = Quote6::parse(&neighbour).unwrap_err();
    assert_eq!(verdict, DropReason::IcmpType);
}

#[test]
fn small_buffers_are_refused() {
    let (six, four) = tuples(UDP);
    let error = message(3, 1, 0, &packet4(UDP, &four, &[0; 8]));
    let quote = Quote4::parse(&error, InnerCheck::Verify).unwrap();
    let (saddr, daddr) = outer();
    for room in 0..56 {
        let mut out = vec![0; room];
        let verdict = error_to_v6(&quote, saddr, daddr, &six, LINKS_1500, &mut out);
        assert_eq!(verdict, Err(DropReason::TooBig), "{room}");
    }
    let mut out = vec![0; 56];
    let verdict = error_to_v6(&quote, saddr, daddr, &six, LINKS_1500, &mut out);
    assert_eq!(verdict, Ok(56));
}

fn kinds(kinds: &'static [u8]) -> impl Strategy<Value = u8> {
    (0..kinds.len()).prop_map(|index| kinds[index])
}

proptest! {
    #[test]
    fn any_bytes_to_v4(
        kind in kinds(&[1, 2, 3, 4]),
        code in 0u8..5,
        word in any::<u32>(),
        protocol in kinds(&[0, TCP, UDP, 43, 44, ICMPV6, 60]),
        mut inner in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        // req: A-133 A-140
        if let [version, _, _, _, _, _, next_header, ..] = &mut inner[..] {
            (*version, *next_header) = (0x60, protocol);
        }
        let _ = to_v4(&message(kind, code, word, &inner), &tuples(UDP).1);
    }

    #[test]
    fn any_bytes_to_v6(
        kind in kinds(&[3, 11, 12]),
        code in 0u8..16,
        word in any::<u32>(),
        protocol in kinds(&[TCP, UDP, ICMP, 47]),
        mut inner in prop::collection::vec(any::<u8>(), 0..300),
        cut in any::<bool>(),
    ) {
        // req: A-133 A-140
        if inner.len() >= 60 {
            inner[0] = 0x40 | inner[0] & 0x0f;
            inner[6..8].fill(0);
            inner[9] = protocol;
            if cut {
                inner[2..4].copy_from_slice(&200u16.to_be_bytes());
            }
            let header_len = usize::from(inner[0] & 0x0f) * 4;
            reseal4(&mut inner, header_len.max(20));
        }
        let _ = to_v6(&message(kind, code, word, &inner), &tuples(UDP).0);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Quote6::parse(&bytes);
        let _ = Quote4::parse(&bytes, InnerCheck::Ignore);
    }

    #[test]
    fn inner_checksums_stay_right(
        which in 0usize..3,
        addrs in any::<(u128, u128, u32, u32)>(),
        ports in any::<(u16, u16, u16, u16)>(),
        data in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        // req: A-137 A-138
        let (p6, p4) = PROTOCOLS[which];
        let echo = p4 == ICMP;
        let six = Tuple6 {
            saddr: Ipv6Addr::from_bits(addrs.0),
            daddr: Ipv6Addr::from_bits(addrs.1),
            sport: ports.0,
            dport: if echo { ports.0 } else { ports.1 },
        };
        let four = Tuple4 {
            saddr: Ipv4Addr::from_bits(addrs.2),
            daddr: Ipv4Addr::from_bits(addrs.3),
            sport: ports.2,
            dport: if echo { ports.2 } else { ports.3 },
        };
        let out = to_v4(&message(1, 0, 0, &packet6(p6, &six, &data)), &four).unwrap();
        prop_assert_eq!(&out[28..], &packet4(p4, &four, &data)[20..]);
        let out = to_v6(&message(3, 1, 0, &packet4(p4, &four, &data)), &six).unwrap();
        prop_assert_eq!(&out[48..], &packet6(p6, &six, &data)[40..]);
    }

    #[test]
    fn sealed_echo_is_valid(id in any::<u16>()) {
        let mut echo = segment(ICMP, id, 0, &[]);
        seal(ICMP, &[], &mut echo);
        prop_assert_eq!(rfc1071(&[&echo]), 0);
    }
}
