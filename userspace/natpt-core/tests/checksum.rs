// SPDX-License-Identifier: GPL-2.0
//! The Internet checksum.

mod common;

use common::{
    check, packet6, pseudo4, pseudo6, rfc1071, seal, segment, v4, v6, ICMP, ICMPV6, TCP, UDP,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use natpt_core::xlate::{
    addr::Prefix,
    checksum::{pseudo_v4, pseudo_v6, Delta, Sum},
    icmp::{echo_delta, Echo},
    l4,
    tuple::{Tuple4, Tuple6},
    DropReason,
};
use proptest::prelude::*;

fn tuples() -> (Tuple6, Tuple4) {
    (
        Tuple6 {
            saddr: v6("2001:db8:6::1"),
            daddr: v6("2001:db8:64::198.51.100.10"),
            sport: 40000,
            dport: 80,
        },
        Tuple4 {
            saddr: v4("192.0.2.1"),
            daddr: v4("198.51.100.10"),
            sport: 1025,
            dport: 80,
        },
    )
}

#[test]
fn rfc1624_vector() {
    // req: A-155
    let delta = Delta::of(Sum::ZERO.add16(0x5555), Sum::ZERO.add16(0x3285));
    assert_eq!(delta.apply(0xdd2f), 0x0000);
}

#[test]
fn rfc1071_vector() {
    let sum = Sum::of(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    assert_eq!(sum.fold(), 0xddf2);
    assert_eq!(sum.check(), 0x220d);
}

#[test]
fn odd_lengths_are_padded() {
    for len in 0u8..70 {
        let bytes: Vec<u8> = (0..len).map(|n| n.wrapping_mul(37) ^ 0xc8).collect();
        assert_eq!(Sum::of(&bytes).check(), rfc1071(&[&bytes]), "{len}");
    }
}

#[test]
fn carries_do_not_get_lost() {
    let bytes = vec![0xff; 65536];
    assert_eq!(Sum::of(&bytes).fold(), 0xffff);
    assert_eq!(Sum::of(&bytes).then(Sum::of(&bytes)).fold(), 0xffff);
}

#[test]
fn neutral_change_keeps_the_checksum() {
    // req: B-025
    // 64:ff9b::/96 is neutral: the checksum stays, whatever the address.
    let addr = v4("8.8.4.4");
    let prefix = Prefix::new(v6("64:ff9b::"), 96).unwrap();
    let old = Sum::ZERO.add_v6(prefix.embed(addr));
    let delta = Delta::of(old, Sum::ZERO.add_v4(addr));
    assert_eq!(delta.apply(0x1234), 0x1234);
}

#[test]
fn delta_and_its_inverse_cancel() {
    let (six, four) = tuples();
    let delta = Delta::of(six.sum(), four.sum());
    assert_eq!(delta.inverse().apply(delta.apply(0xabcd)), 0xabcd);
    assert_eq!(delta.then(delta.inverse()).apply(0xabcd), 0xabcd);
    assert_eq!(Delta::NONE.apply(0xabcd), 0xabcd);
}

#[test]
fn udp_never_sends_zero() {
    // req: A-156 A-162
    let delta = Delta::of(Sum::ZERO.add16(0x5555), Sum::ZERO.add16(0x3285));
    assert_eq!(delta.apply_udp(0xdd2f), 0xffff);
    assert_eq!(Sum::ZERO.add16(0xffff).check_udp(), 0xffff);
    assert_eq!(Sum::ZERO.add16(0xfffe).check_udp(), 1);
}

#[test]
fn udp_payload_that_sums_to_zero() {
    // req: A-156
    let (six, four) = tuples();
    let mut datagram = segment(UDP, four.sport, four.dport, &[0, 0]);
    let pseudo = pseudo4(four.saddr, four.daddr, UDP, datagram.len());
    let filler = rfc1071(&[&pseudo, &datagram]);
    datagram[8..10].copy_from_slice(&filler.to_be_bytes());
    // Now the computed checksum is 0 on the IPv4 side.
    assert_eq!(rfc1071(&[&pseudo, &datagram]), 0);

    datagram[..4].copy_from_slice(&[0x9c, 0x40, 0, 80]);
    let pseudo = pseudo6(six.saddr, six.daddr, UDP, datagram.len());
    seal(UDP, &pseudo, &mut datagram);
    let delta = Delta::of(six.sum(), four.sum());
    assert_eq!(delta.apply_udp(check(UDP, &datagram)), 0xffff);
}

#[test]
fn absent_udp_checksum_is_computed() {
    // req: A-159
    let (six, _) = tuples();
    let mut datagram = segment(UDP, six.sport, six.dport, b"payload");
    let pseudo = pseudo_v6(six.saddr, six.daddr, UDP, datagram.len() as u32);
    let computed = pseudo.then(Sum::of(&datagram)).check_udp();
    let reference = pseudo6(six.saddr, six.daddr, UDP, datagram.len());
    seal(UDP, &reference, &mut datagram);
    assert_eq!(computed, check(UDP, &datagram));
}

#[test]
fn udp_without_checksum_is_refused_in_ipv6() {
    // req: A-161
    let (six, _) = tuples();
    let mut packet = packet6(UDP, &six, b"payload");
    assert_eq!(l4::check_udp6(&packet[40..]), Ok(()));
    packet[46..48].fill(0);
    assert_eq!(
        l4::check_udp6(&packet[40..]),
        Err(DropReason::UdpChecksumZero)
    );
    assert_eq!(l4::check_udp6(&packet[40..47]), Err(DropReason::Truncated));
}

#[test]
fn wrong_checksum_stays_wrong() {
    // req: A-154
    let (six, four) = tuples();
    let mut datagram = packet6(UDP, &six, b"payload")[40..].to_vec();
    datagram[10] ^= 0x40;
    let new = Delta::of(six.sum(), four.sum()).apply_udp(check(UDP, &datagram));
    datagram[..4].copy_from_slice(&[4, 1, 0, 80]);
    let pseudo = pseudo4(four.saddr, four.daddr, UDP, datagram.len());
    seal(UDP, &pseudo, &mut datagram);
    assert_ne!(new, check(UDP, &datagram));
}

fn tuple6() -> impl Strategy<Value = Tuple6> {
    any::<(u128, u128, u16, u16)>().prop_map(|(saddr, daddr, sport, dport)| Tuple6 {
        saddr: Ipv6Addr::from_bits(saddr),
        daddr: Ipv6Addr::from_bits(daddr),
        sport,
        dport,
    })
}

fn tuple4() -> impl Strategy<Value = Tuple4> {
    any::<(u32, u32, u16, u16)>().prop_map(|(saddr, daddr, sport, dport)| Tuple4 {
        saddr: Ipv4Addr::from_bits(saddr),
        daddr: Ipv4Addr::from_bits(daddr),
        sport,
        dport,
    })
}

proptest! {
    #[test]
    fn sum_equals_rfc1071(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        // req: A-017
        prop_assert_eq!(Sum::of(&bytes).check(), rfc1071(&[&bytes]));
    }

    #[test]
    fn pseudo_headers(six in tuple6(), four in tuple4(), len in any::<u16>()) {
        let reference = rfc1071(&[&pseudo6(six.saddr, six.daddr, TCP, len.into())]);
        prop_assert_eq!(pseudo_v6(six.saddr, six.daddr, TCP, len.into()).check(), reference);
        let reference = rfc1071(&[&pseudo4(four.saddr, four.daddr, TCP, len.into())]);
        prop_assert_eq!(pseudo_v4(four.saddr, four.daddr, TCP, len.into()).check(), reference);
    }

    #[test]
    fn tcp_and_udp_both_ways(
        six in tuple6(),
        four in tuple4(),
        tcp in any::<bool>(),
        data in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        // req: A-153
        let protocol = if tcp { TCP } else { UDP };
        let mut before = segment(protocol, six.sport, six.dport, &data);
        let pseudo = pseudo6(six.saddr, six.daddr, protocol, before.len());
        seal(protocol, &pseudo, &mut before);
        let mut after = segment(protocol, four.sport, four.dport, &data);
        let pseudo = pseudo4(four.saddr, four.daddr, protocol, after.len());
        seal(protocol, &pseudo, &mut after);

        let (before, after) = (check(protocol, &before), check(protocol, &after));
        let delta = Delta::of(six.sum(), four.sum());
        let apply = |delta: Delta, check| match tcp {
            true => delta.apply(check),
            false => delta.apply_udp(check),
        };
        prop_assert_eq!(apply(delta, before), after);
        prop_assert_eq!(apply(delta.inverse(), after), before);
    }

    #[test]
    fn echo_both_ways(
        six in tuple6(),
        id in any::<u16>(),
        data in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        // req: A-153 A-096 A-115
        let mut before = segment(ICMPV6, six.sport, 0, &data);
        let len = before.len();
        seal(ICMPV6, &pseudo6(six.saddr, six.daddr, ICMPV6, len), &mut before);
        let mut after = segment(ICMP, id, 0, &data);
        seal(ICMP, &[], &mut after);

        let (before, after) = (check(ICMPV6, &before), check(ICMP, &after));
        let (from, to) = (Echo { kind: 128, id: six.sport }, Echo { kind: 8, id });
        let delta = echo_delta(six.saddr, six.daddr, len as u32, from, to);
        prop_assert_eq!(delta.apply(before), after);
        prop_assert_eq!(delta.inverse().apply(after), before);
    }

    #[test]
    fn partial_holds_the_pseudo_header(six in tuple6(), four in tuple4(), len in any::<u16>()) {
        // req: A-163
        let before = pseudo_v6(six.saddr, six.daddr, TCP, len.into()).fold();
        let after = pseudo_v4(four.saddr, four.daddr, TCP, len.into()).fold();
        let delta = Delta::of(six.addr_sum(), four.addr_sum());
        prop_assert_eq!(delta.apply_partial(before), after);
    }

    #[test]
    fn changes_add_up(check in any::<u16>(), a in any::<u16>(), b in any::<u16>(), c in any::<u16>()) {
        let word = |word| Sum::ZERO.add16(word);
        let steps = Delta::of(word(a), word(b)).then(Delta::of(word(b), word(c)));
        let direct = Delta::of(word(a), word(c));
        // 0 and 0xffff are the same number.
        prop_assert_eq!(steps.apply(check) % 0xffff, direct.apply(check) % 0xffff);
    }
}
