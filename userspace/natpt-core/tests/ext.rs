// SPDX-License-Identifier: GPL-2.0
//! IPv6 extension headers and IPv4 options.

mod common;

use common::{ip4, ip6, v4, v6, TCP, UDP};
use natpt_core::xlate::{
    ext::{check_fragment, check_options, segments_left, walk, Fragment, Walk},
    header::{to_v4, Payload, TtlAction},
    ipv4, ipv6, DropReason,
};
use proptest::prelude::*;

/// Builds a packet: extension headers (type, bytes 2 to 7, units of 8 bytes beyond the first),
/// then the transport protocol and 8 bytes of it.
fn chain(headers: &[(u8, [u8; 6], u8)], protocol: u8) -> Vec<u8> {
    let mut payload = Vec::new();
    for (index, (_, body, extra)) in headers.iter().enumerate() {
        let next = headers.get(index + 1).map_or(protocol, |header| header.0);
        payload.extend([next, *extra]);
        payload.extend(body);
        payload.extend(vec![0; usize::from(*extra) * 8]);
    }
    payload.extend([0; 8]);
    let first = headers.first().map_or(protocol, |header| header.0);
    ip6(first, v6("2001:db8::1"), v6("2001:db8:64::1"), &payload)
}

fn found(l4_offset: u16, protocol: u8, fragment: Option<Fragment>) -> Result<Walk, DropReason> {
    Ok(Walk {
        l4_offset,
        protocol,
        fragment,
    })
}

const PLAIN: [u8; 6] = [0; 6];

#[test]
fn no_extension_header() {
    assert_eq!(walk(&chain(&[], TCP)), found(40, TCP, None));
}

#[test]
fn skips_hop_by_hop_routing_and_destination() {
    // req: A-013
    let packet = chain(&[(0, PLAIN, 0), (43, PLAIN, 2), (60, PLAIN, 1)], TCP);
    let walk = walk(&packet).unwrap();
    assert_eq!(Ok(walk), found(40 + 8 + 24 + 16, TCP, None));
    let header = ipv6::Header::parse(&packet).unwrap();
    assert_eq!(walk.payload_len(&header), 8);
}

#[test]
fn total_length_without_extension_headers() {
    // req: A-004 A-013
    let mut packet = chain(&[(0, PLAIN, 0)], UDP);
    packet[4..6].copy_from_slice(&100u16.to_be_bytes());
    let (header, walk) = (
        ipv6::Header::parse(&packet).unwrap(),
        walk(&packet).unwrap(),
    );
    let payload = Payload {
        protocol: walk.protocol,
        len: walk.payload_len(&header).into(),
        fragment: walk.fragment,
        segment: None,
    };
    let addr = v4("192.0.2.1");
    let header = to_v4(&header, addr, addr, &payload, 1, TtlAction::Count, None).unwrap();
    assert_eq!((header.total_len, header.protocol), (112, UDP));
}

#[test]
fn segments_left_stops() {
    // req: A-014
    let packet = chain(&[(43, [0, 1, 0, 0, 0, 0], 0)], TCP);
    assert_eq!(walk(&packet), Err(DropReason::SourceRoute6));
}

#[test]
fn segments_left_pointer() {
    // req: A-015
    let routing = (43, [0, 1, 0, 0, 0, 0], 0);
    assert_eq!(segments_left(&chain(&[routing], TCP)), Some(43));
    let packet = chain(&[(0, PLAIN, 0), routing], TCP);
    assert_eq!(segments_left(&packet), Some(51));
    assert_eq!(segments_left(&chain(&[(0, PLAIN, 0)], TCP)), None);
    assert_eq!(segments_left(&[]), None);
}

#[test]
fn other_next_headers_are_transport() {
    // req: A-016 A-059
    for protocol in [1, 2, 6, 17, 47, 50, 51, 58, 59, 132, 135, 139, 140, 253] {
        assert_eq!(walk(&chain(&[], protocol)), found(40, protocol, None));
        let packet = chain(&[(60, PLAIN, 0)], protocol);
        assert_eq!(walk(&packet), found(48, protocol, None));
    }
}

#[test]
fn fragment_header_is_read() {
    // req: A-025 A-026 A-027
    let body = [0x04, 0xd1, 0x12, 0x34, 0x56, 0x78];
    let fragment = Fragment {
        offset: 154,
        more: true,
        id: 0x1234_5678,
    };
    let walk = walk(&chain(&[(44, body, 0)], UDP));
    assert_eq!(walk, found(48, UDP, Some(fragment)));
    assert_eq!(
        fragment.emit(UDP),
        [UDP, 0, 0x04, 0xd1, 0x12, 0x34, 0x56, 0x78]
    );
}

#[test]
fn fragment_header_comes_last() {
    // req: A-028
    for next in [0, 43, 44, 51, 60, 135, 139] {
        let mut packet = chain(&[(44, PLAIN, 0)], next);
        packet.extend([0; 16]);
        assert_eq!(walk(&packet), Err(DropReason::FragmentHeader), "{next}");
    }
    assert!(walk(&chain(&[(44, PLAIN, 0)], 50)).is_ok());
}

#[test]
fn length_octet_of_a_fragment_header_is_reserved() {
    let mut packet = chain(&[(44, PLAIN, 0)], UDP);
    packet[41] = 0xff;
    assert_eq!(walk(&packet).unwrap().l4_offset, 48);
}

#[test]
fn chain_past_the_end() {
    let mut packet = chain(&[(0, PLAIN, 0)], TCP);
    packet[41] = 255;
    assert_eq!(walk(&packet), Err(DropReason::Truncated));
}

#[test]
fn long_chains_are_refused() {
    assert!(walk(&chain(&[(60, PLAIN, 0); 7], TCP)).is_ok());
    let packet = chain(&[(60, PLAIN, 0); 9], TCP);
    assert_eq!(walk(&packet), Err(DropReason::ExtHeaderChain));
}

#[test]
fn truncated_at_every_length() {
    let packet = chain(&[(0, PLAIN, 0), (43, PLAIN, 1), (44, PLAIN, 0)], UDP);
    for len in 0..packet.len() - 8 {
        assert_eq!(walk(&packet[..len]), Err(DropReason::Truncated), "{len}");
    }
    assert!(walk(&packet[..packet.len() - 8]).is_ok());
}

#[test]
fn a_transport_header_is_in_one_fragment() {
    let check = |protocol, offset, len| {
        let fragment = Fragment {
            offset,
            more: true,
            id: 1,
        };
        check_fragment(protocol, fragment, len)
    };
    let tiny = Err(DropReason::TinyFragment);
    for (protocol, least) in [(TCP, 20), (UDP, 8), (47, 8)] {
        assert_eq!(check(protocol, 0, least), Ok(()));
        assert_eq!(check(protocol, 0, least - 1), tiny);
        assert_eq!(check(protocol, 2, 0), Ok(()));
    }
    // flags of TCP in the second one
    assert_eq!(check(TCP, 1, 100), tiny);
    assert_eq!(check(UDP, 1, 100), Ok(()));
}

fn options(options: &[u8]) -> Result<(), DropReason> {
    let packet = ip4(UDP, v4("198.51.100.1"), v4("192.0.2.1"), options, &[0; 8]);
    check_options(&packet, &ipv4::Header::parse(&packet).unwrap())
}

#[test]
fn harmless_options_are_dropped() {
    // req: A-041
    assert_eq!(options(&[]), Ok(()));
    // behind the end of the list
    assert_eq!(options(&[0, 2, 131, 7, 4, 0, 0, 0]), Ok(()));
    assert_eq!(options(&[7, 7, 4, 0, 0, 0, 0, 0]), Ok(()));
    assert_eq!(options(&[68, 8, 5, 0, 0, 0, 0, 0]), Ok(()));
    assert_eq!(options(&[148, 4, 0, 0]), Ok(()));
}

#[test]
fn unexpired_source_route_is_refused() {
    // req: A-042
    for kind in [131, 137] {
        let unexpired = options(&[kind, 7, 4, 203, 0, 113, 1, 0]);
        assert_eq!(unexpired, Err(DropReason::SourceRoute4));
        let at_the_end = options(&[kind, 7, 7, 203, 0, 113, 1, 0]);
        assert_eq!(at_the_end, Err(DropReason::SourceRoute4));
        assert_eq!(options(&[kind, 7, 8, 203, 0, 113, 1, 0]), Ok(()));
        let behind_others = options(&[1, 7, 3, 4, kind, 7, 4, 0, 0, 0, 0, 0]);
        assert_eq!(behind_others, Err(DropReason::SourceRoute4));
        // What stands behind the end of the list does not count.
        assert_eq!(options(&[0, kind, 7, 4, 0, 0, 0, 0]), Ok(()));
    }
}

#[test]
fn malformed_options_end_the_list() {
    assert_eq!(options(&[7, 0, 131, 3]), Ok(()));
    assert_eq!(options(&[7, 200, 0, 0]), Ok(()));
    assert_eq!(options(&[1, 1, 1, 131]), Ok(()));
}

proptest! {
    #[test]
    fn walk_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..200), first in 0u8..64) {
        if let Some(next_header) = bytes.get_mut(6) {
            *next_header = first;
        }
        if let Ok(walk) = walk(&bytes) {
            prop_assert!(usize::from(walk.l4_offset) <= bytes.len());
        }
        let _ = segments_left(&bytes);
    }

    #[test]
    fn chains_of_known_headers_never_panic(
        kinds in prop::collection::vec(0usize..4, 0..12),
        noise in prop::collection::vec(any::<u8>(), 100),
    ) {
        let kinds: Vec<_> = kinds.iter().map(|&kind| ([0, 43, 44, 60][kind], PLAIN, 0)).collect();
        let mut packet = chain(&kinds, TCP);
        packet.extend(&noise);
        for (index, byte) in noise.iter().enumerate() {
            if index % 8 > 1 && 40 + index < packet.len() {
                packet[40 + index] = *byte & 1;
            }
        }
        let _ = walk(&packet);
    }

    #[test]
    fn options_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(header) = ipv4::Header::read(&bytes) {
            let _ = check_options(&bytes, &header);
        }
    }
}
