// SPDX-License-Identifier: GPL-2.0
//! Whole packets: super-packets, packets put together from fragments, and how they fit a link.

mod common;

use std::net::{Ipv4Addr, Ipv6Addr};

use common::{header4, header6, ip4, ip6, prefix, v4, v6, ICMP, ICMPV6, TCP, UDP};
use natpt_core::xlate::{
    checksum::Delta,
    ext::{walk, Fragment, Walk},
    header::TtlAction,
    ipv4, ipv6,
    l4::{self, Ports},
    mtu::Size,
    packet::Packet,
    proto,
    rewrite::Rewrite,
    to4::{self, Headers},
    to6::{self, Limits},
    DropReason,
};

/// A packet with all that the kernel knows of it.
#[derive(Clone, Default)]
struct Skb {
    bytes: Vec<u8>,
    /// The biggest segment as a packet, if it is a super-packet.
    segment: Option<u32>,
    sticks: bool,
    biggest: u16,
    may_fragment: bool,
}

impl Packet for Skb {
    fn linear(&self) -> &[u8] {
        &self.bytes
    }

    fn total_len(&self) -> u32 {
        self.bytes.len() as u32
    }

    fn pull(&mut self, len: usize) -> bool {
        len <= self.bytes.len()
    }

    fn is_gso(&self) -> bool {
        self.segment.is_some()
    }

    fn segments(&self) -> u32 {
        7
    }

    fn segment_len(&self, header_len: usize) -> u32 {
        self.segment.unwrap_or(0) + header_len as u32
    }

    fn gso_translates(&self, protocol: u8, l4_offset: usize) -> bool {
        !self.sticks && protocol == TCP && matches!(l4_offset, 20 | 40)
    }

    fn segments_fit(&self, mtu: u32) -> bool {
        self.segment.unwrap_or(0) <= mtu
    }

    fn frag_max_size(&self) -> u16 {
        self.biggest
    }

    fn may_fragment(&self) -> bool {
        self.may_fragment
    }
}

fn of6(bytes: Vec<u8>) -> (Skb, Headers) {
    let ip = ipv6::Header::parse(&bytes).unwrap();
    let walk = walk(&bytes).unwrap();
    let skb = Skb {
        bytes,
        ..Skb::default()
    };
    (skb, Headers { ip, walk })
}

fn of4(bytes: Vec<u8>) -> (Skb, ipv4::Header) {
    let ip = ipv4::Header::read(&bytes).unwrap();
    let skb = Skb {
        bytes,
        ..Skb::default()
    };
    (skb, ip)
}

fn packet6(protocol: u8, payload: &[u8]) -> (Skb, Headers) {
    of6(ip6(
        protocol,
        v6("2001:db8:6::1"),
        v6("2001:db8:64::1"),
        payload,
    ))
}

fn packet4(protocol: u8, options: &[u8], payload: &[u8]) -> (Skb, ipv4::Header) {
    of4(ip4(
        protocol,
        v4("198.51.100.10"),
        v4("192.0.2.1"),
        options,
        payload,
    ))
}

fn to_v4(ports: Option<Ports>) -> Rewrite<Ipv4Addr> {
    Rewrite {
        saddr: v4("192.0.2.1"),
        daddr: v4("198.51.100.10"),
        ports,
        finished: Delta::NONE,
        partial: Delta::NONE,
    }
}

fn to_v6(ports: Option<Ports>) -> Rewrite<Ipv6Addr> {
    Rewrite {
        saddr: prefix("2001:db8:64::/96").embed(v4("198.51.100.10")),
        daddr: v6("2001:db8:6::1"),
        ports,
        finished: Delta::NONE,
        partial: Delta::NONE,
    }
}

const PORTS: Ports = Ports {
    sport: 0x1234,
    dport: 0x5678,
};

#[test]
fn super_packets_are_split_where_their_segments_would_not_change_family() {
    let extension = [&[TCP, 0, 1, 4, 0, 0, 0, 0][..], &[0; 20]].concat();
    for (gso, sticks, plain, split) in [
        (false, false, true, false),
        (false, true, false, false),
        (true, false, true, false),
        (true, true, true, true),
        (true, false, false, true),
    ] {
        let known = |it| Skb {
            segment: gso.then_some(1500),
            sticks,
            ..it
        };
        let (skb, from) = match plain {
            true => packet6(TCP, &[0; 20]),
            false => packet6(proto::HOP_BY_HOP, &extension),
        };
        assert_eq!(to4::must_split(&known(skb), &from), split);
        let (skb, from) = packet4(TCP, if plain { &[] } else { &[1, 1, 1, 0] }, &[0; 20]);
        assert_eq!(to6::must_split(&known(skb), &from), split);
    }
}

#[test]
fn identifications_are_for_packets_that_may_be_cut() {
    let header = |skb: &Skb, from: &Headers| {
        to4::header(skb, from, &to_v4(None), TtlAction::Count, None, |n| {
            n as u16
        })
        .unwrap()
    };
    let told = |it: ipv4::Header| (it.df, it.id);
    let (skb, from) = packet6(TCP, &[0; 20]);
    assert_eq!(told(header(&skb, &from)), (false, 7));
    let (skb, from) = packet6(TCP, &[0; 1241]);
    assert_eq!(told(header(&skb, &from)), (true, 0));
    // as it was cut before, it may be cut again
    let skb = Skb {
        biggest: 1300,
        ..skb
    };
    assert_eq!(told(header(&skb, &from)), (false, 1));
    // one segment decides, with its header
    for (segment, expected) in [(1220, (false, 7)), (1221, (true, 0))] {
        let (skb, from) = packet6(TCP, &[0; 5000]);
        let skb = Skb {
            segment: Some(segment),
            ..skb
        };
        assert_eq!(told(header(&skb, &from)), expected);
    }
    // a fragment has its own
    let fragment = [&[UDP, 0, 0, 1, 0, 0, 0, 9][..], &[0; 24]].concat();
    let (skb, from) = packet6(proto::FRAGMENT, &fragment);
    assert_eq!(told(header(&skb, &from)), (false, 9));
}

#[test]
fn the_size_in_ipv4() {
    let fit = |skb: &Skb, len, df, own| {
        let mut new = header4(0, len, TCP, 64);
        new.df = df;
        let size = to4::fit(skb, &mut new, 1400, own, |n| n as u16 + 100);
        (size, new.df, new.id)
    };
    let skb = Skb::default();
    let same = |size| (size, true, 0xbeef);
    assert_eq!(fit(&skb, 1400, true, false), same(Size::Fits(None)));
    assert_eq!(fit(&skb, 1401, true, false), same(Size::TooBig(1420)));
    assert_eq!(fit(&skb, 1401, true, true), same(Size::TooBig(1420)));
    assert_eq!(fit(&skb, 1401, false, false).0, Size::Fits(Some(1400)));
    // its own host's packet, which that would have cut
    let own = Skb {
        may_fragment: true,
        ..skb.clone()
    };
    assert_eq!(fit(&own, 1401, true, false), same(Size::TooBig(1420)));
    assert_eq!(
        fit(&own, 1401, true, true),
        (Size::Fits(Some(1400)), false, 101)
    );
    // it came in fragments: at most as big, 28 bytes less each
    let cut = |biggest| Skb {
        biggest,
        ..skb.clone()
    };
    assert_eq!(
        fit(&cut(1300), 1400, false, false).0,
        Size::Fits(Some(1272))
    );
    assert_eq!(
        fit(&cut(1500), 1401, false, false).0,
        Size::Fits(Some(1400))
    );
    assert_eq!(fit(&cut(90), 1401, false, false).0, Size::Fits(Some(68)));
    assert_eq!(to4::fragment_size(&cut(1300)), Some(1272));
    assert_eq!(to4::fragment_size(&cut(0)), None);
    // segments, in terms of IPv6
    let gso = |segment| Skb {
        segment: Some(segment),
        ..skb.clone()
    };
    assert_eq!(fit(&gso(1420), 9000, true, false), same(Size::Fits(None)));
    assert_eq!(fit(&gso(1421), 9000, true, false), same(Size::TooBig(1420)));
    assert_eq!(fit(&gso(1421), 9000, false, false).0, Size::Split);
}

fn limits(mtu: u32, lowest: u32) -> Limits {
    Limits {
        mtu,
        lowest,
        is_inverted: false,
        is_own: false,
    }
}

#[test]
fn the_size_in_ipv6() {
    let fit = |skb: &Skb, df, mf, len: u16, limits: &Limits| {
        let mut from = header4(0, 20 + len, TCP, 64);
        (from.df, from.mf) = (df, mf);
        to6::fit(skb, &from, &header6(0, len, TCP, 64), limits)
    };
    let skb = Skb::default();
    let link = limits(1500, 1280);
    assert_eq!(fit(&skb, true, false, 1460, &link), Size::Fits(None));
    assert_eq!(fit(&skb, true, false, 1461, &link), Size::TooBig(1480));
    assert_eq!(fit(&skb, false, false, 1240, &link), Size::Fits(None));
    assert_eq!(fit(&skb, false, false, 1241, &link), Size::Fits(Some(1280)));
    assert_eq!(fit(&skb, false, true, 1241, &link), Size::Refragment(1252));
    // nobody cuts what was IPv6 a moment ago
    let inverted = Limits {
        is_inverted: true,
        ..link
    };
    assert_eq!(fit(&skb, false, false, 1460, &inverted), Size::Fits(None));
    assert_eq!(fit(&skb, false, false, 1461, &inverted), Size::TooBig(1480));
    // its own host's packet
    let own = Limits {
        is_own: true,
        ..link
    };
    let may = Skb {
        may_fragment: true,
        ..skb.clone()
    };
    assert_eq!(fit(&skb, true, false, 1461, &own), Size::TooBig(1480));
    assert_eq!(fit(&may, true, false, 1461, &link), Size::TooBig(1480));
    assert_eq!(fit(&may, true, false, 1461, &own), Size::Fits(Some(1500)));
    // it came in fragments
    let cut = |biggest| Skb {
        biggest,
        ..skb.clone()
    };
    assert_eq!(
        fit(&cut(1400), true, false, 3000, &link),
        Size::Fits(Some(1428))
    );
    assert_eq!(
        fit(&cut(1000), true, false, 3000, &link),
        Size::Fits(Some(1280))
    );
    assert_eq!(
        fit(&cut(1472), true, false, 3000, &link),
        Size::Fits(Some(1500))
    );
    assert_eq!(
        fit(&cut(1473), true, false, 3000, &link),
        Size::TooBig(1472)
    );
    assert_eq!(
        fit(&cut(1473), false, false, 3000, &link),
        Size::Fits(Some(1280))
    );
    // segments, in terms of IPv4
    let gso = |segment| Skb {
        segment: Some(segment),
        ..skb.clone()
    };
    assert_eq!(fit(&gso(1480), true, false, 9000, &link), Size::Fits(None));
    assert_eq!(
        fit(&gso(1481), true, false, 9000, &link),
        Size::TooBig(1480)
    );
    assert_eq!(fit(&gso(1260), false, false, 9000, &link), Size::Fits(None));
    assert_eq!(fit(&gso(1261), false, false, 9000, &link), Size::Split);
    assert_eq!(
        fit(&gso(1261), false, false, 9000, &inverted),
        Size::Fits(None)
    );
    let narrow = limits(1300, 1400);
    assert_eq!(
        fit(&gso(1280), false, false, 9000, &narrow),
        Size::Fits(None)
    );
    assert_eq!(fit(&gso(1281), false, false, 9000, &narrow), Size::Split);
}

#[test]
fn datagrams_without_a_checksum() {
    let with = |check: u8| [0, 7, 0, 8, 0, 12, 0, check, 1, 2, 3, 4];
    let zero = Err(DropReason::UdpChecksumZero);
    for (protocol, check, partial, lacks) in [
        (UDP, 0, false, true),
        (UDP, 0, true, false),
        (UDP, 1, false, false),
        (TCP, 0, false, false),
    ] {
        let (skb, from) = packet6(protocol, &with(check));
        let refused = if lacks { zero } else { Ok(false) };
        assert_eq!(to4::lacks_checksum(&skb, &from, partial, false), refused);
        assert_eq!(to4::lacks_checksum(&skb, &from, partial, true), Ok(lacks));
        let (skb, from) = packet4(protocol, &[], &with(check));
        assert_eq!(to6::lacks_checksum(&skb, &from, partial), lacks);
    }
    // what looks like one is in a later fragment
    let later = [&[UDP, 0, 0, 9, 0, 0, 0, 9][..], &with(0)].concat();
    let (skb, from) = packet6(proto::FRAGMENT, &later);
    assert_eq!(to4::lacks_checksum(&skb, &from, false, false), Ok(false));
    let (skb, mut from) = packet4(UDP, &[], &with(0));
    from.frag_off = 1;
    assert!(!to6::lacks_checksum(&skb, &from, false));
}

#[test]
fn rules_see_the_ports_that_the_packet_will_have() {
    let payload = [1, 2, 3, 4, 5, 6, 7, 8];
    let chosen = [0x12, 0x34, 0x56, 0x78];
    for protocol in [TCP, UDP, proto::UDP_LITE, proto::DCCP, proto::SCTP] {
        let (skb, from) = packet6(protocol, &payload);
        assert_eq!(to4::selector(&skb, &from, &to_v4(None)), [1, 2, 3, 4]);
        assert_eq!(to4::selector(&skb, &from, &to_v4(Some(PORTS))), chosen);
        let (skb, from) = packet4(protocol, &[], &payload);
        assert_eq!(to6::selector(&skb, &from, &to_v6(None)), [1, 2, 3, 4]);
        assert_eq!(to6::selector(&skb, &from, &to_v6(Some(PORTS))), chosen);
    }
    for (six, four) in [(128, 8), (129, 0)] {
        let (skb, from) = packet6(ICMPV6, &[six, 0, 0, 0, 0, 9, 0, 1]);
        let (to4, to6) = (to_v4(Some(PORTS)), to_v6(Some(PORTS)));
        assert_eq!(to4::selector(&skb, &from, &to4), [four, 0, 0, 0]);
        let (skb, from) = packet4(ICMP, &[], &[four, 0, 0, 0, 0, 9, 0, 1]);
        assert_eq!(to6::selector(&skb, &from, &to6), [six, 0, 0, 0]);
    }
    let (skb, from) = packet6(47, &payload);
    assert_eq!(to4::selector(&skb, &from, &to_v4(None)), [0; 4]);
    // later fragments have none
    let later = [&[UDP, 0, 0, 9, 0, 0, 0, 9][..], &payload].concat();
    let (skb, from) = packet6(proto::FRAGMENT, &later);
    assert_eq!(to4::selector(&skb, &from, &to_v4(None)), [0; 4]);
    let (skb, mut from) = packet4(UDP, &[], &payload);
    from.frag_off = 1;
    assert_eq!(to6::selector(&skb, &from, &to_v6(None)), [0; 4]);
    assert_eq!(l4::selector(ICMP, &[3, 1, 9, 9]), [3, 1, 0, 0]);
    assert_eq!(l4::selector(ICMPV6, &[3, 1, 9, 9]), [3, 1, 0, 0]);
    assert_eq!(PORTS.selector(), chosen);
}

#[test]
fn places_of_checksums() {
    for (protocol, check, writable) in [
        (TCP, Some(16), 20),
        (UDP, Some(6), 8),
        (proto::UDP_LITE, Some(6), 8),
        (proto::DCCP, Some(6), 8),
        (ICMP, Some(2), 8),
        (ICMPV6, Some(2), 8),
        (proto::SCTP, None, 0),
        (47, None, 0),
    ] {
        assert_eq!(l4::check_offset(protocol), check);
        assert_eq!(l4::writable_len(protocol), writable);
    }
}

#[test]
fn lengths_of_transport_headers() {
    let syn = |offset: u8, flags: u8| {
        let mut header = [0xff; 20];
        (header[12], header[13]) = (offset, flags);
        l4::syn_header_len(&header)
    };
    assert_eq!(syn(0x5f, 0x02), Some(20));
    assert_eq!(syn(0x60, 0x12), Some(24));
    assert_eq!(syn(0xf0, 0xff), Some(60));
    assert_eq!(syn(0x4f, 0x02), None);
    assert_eq!(syn(0x50, 0xfd), None);
    assert_eq!(l4::syn_header_len(&[0x50; 13]), None);
    let fragment = |offset| {
        let fragment = Some(Fragment {
            offset,
            more: true,
            id: 1,
        });
        let walk = Walk {
            l4_offset: 48,
            protocol: UDP,
            fragment,
        };
        let ip = header6(0, 100, proto::FRAGMENT, 64);
        Headers { ip, walk }.writable_len()
    };
    assert_eq!((fragment(0), fragment(1)), (8, 0));
}

/// What knows nothing but its bytes.
struct Plain([u8; 4]);

impl Packet for Plain {
    fn linear(&self) -> &[u8] {
        &self.0
    }

    fn total_len(&self) -> u32 {
        4
    }

    fn pull(&mut self, len: usize) -> bool {
        len <= 4
    }
}

#[test]
fn bytes_alone_are_one_finished_packet() {
    let mut packet = Plain([0; 4]);
    assert_eq!(packet.complete(), Ok(()));
    assert_eq!(packet.is_partial(TCP, 0, 4), Ok(false));
    assert!(!packet.is_gso() && !packet.may_fragment());
    assert_eq!((packet.segments(), packet.segment_len(20)), (1, 20));
    assert!(packet.gso_translates(TCP, 40) && packet.segments_fit(0));
    assert_eq!(packet.frag_max_size(), 0);
}
