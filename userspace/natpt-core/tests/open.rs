// SPDX-License-Identifier: GPL-2.0
//! What a new session is like.

mod common;

use common::{v4, v6, ICMP, TCP, UDP};
use natpt_core::{
    nat::{
        tcp::{Flags, State},
        world::Key,
    },
    xlate::{
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};

#[test]
fn both_ports_of_an_echo_are_its_identifier() {
    let tuple6 = Tuple6 {
        saddr: v6("2001:db8:6::1"),
        daddr: v6("2001:db8:64::1"),
        sport: 1,
        dport: 2,
    };
    let tuple4 = Tuple4 {
        saddr: v4("192.0.2.1"),
        daddr: v4("198.51.100.10"),
        sport: 3,
        dport: 4,
    };
    for (proto, dport4, dport6) in [(TCP, 2, 4), (UDP, 2, 4), (ICMP, 77, 99)] {
        let four = Key::plain(tuple6, proto, 0).tuple4((tuple4.saddr, 77), tuple4.daddr);
        let expected = Tuple4 {
            sport: 77,
            dport: dport4,
            ..tuple4
        };
        assert_eq!(four, expected);
        let six = Key::plain(tuple4, proto, 0).tuple6((tuple6.saddr, 99), tuple6.daddr);
        let expected = Tuple6 {
            sport: 99,
            dport: dport6,
            ..tuple6
        };
        assert_eq!(six, expected);
    }
}

#[test]
fn a_session_begins_with_a_syn_or_without_states() {
    let first = |protocol, flags, side| {
        let mut segment = [0; 20];
        segment[13] = flags;
        let flags = Flags::read(protocol, &segment);
        let key = Key {
            flags,
            ..Key::plain((), protocol, 0)
        };
        key.first_state(side)
    };
    assert_eq!(first(TCP, 0x02, Side::V6), Ok(State::V6Init));
    assert_eq!(first(TCP, 0x02, Side::V4), Ok(State::V4Init));
    for flags in [0, 0x01, 0x03, 0x06, 0x10, 0x12] {
        assert_eq!(first(TCP, flags, Side::V6), Err(DropReason::NoSession));
    }
    assert_eq!(first(UDP, 0x10, Side::V6), Ok(State::V6Init));
    assert_eq!(first(ICMP, 0x10, Side::V4), Ok(State::V4Init));
    assert_eq!(Flags::read(TCP, &[2; 13]), None);
}
