// SPDX-License-Identifier: GPL-2.0
//! Whatever clients and forwarders send: nothing panics, and nobody gets more than one answer.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use totd::parser;
use totd::proxy::{Action, Client, Proxy, Query, Transport};
use totd::wire::{Message, Name};

fn proxy() -> Proxy {
    let text = "forwarder 192.0.2.1\nforwarder 2001:db8::1\nclients any\nretry 1\n\
        prefix 2001:db8:64::/96\nprefix 2001:db8:4000::/40\nrandomize-case on\nmax-queries 50";
    let config = parser::parse(text).unwrap().config;
    let mut number = 1_u64;
    Proxy::new(
        config,
        Box::new(move || {
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            number
        }),
    )
}

fn client(number: u16, tcp: bool) -> Client {
    Client {
        addr: SocketAddr::new("2001:db8:6::2".parse().unwrap(), number),
        local: None,
        socket: 0,
        transport: if tcp { Transport::Tcp } else { Transport::Udp },
    }
}

/// Bytes that often look like parts of a message.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"\x03www\x07example\x00",
        b"\xc0\x0c",
        b"\x00\x1c\x00\x01",
        b"\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x0a",
        b"\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10",
        b"\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x10",
        b"\x00\x06\x00\x01\x00\x00\x00\x3c\x00\x18",
        b"\x00\x23\x00\x01\x00\x00\x00\x3c\x00\x08\x00\x00\x00\x00\x09",
        b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00",
        b"\x04arpa\x00\x00\x0c\x00\x01",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, Debug)]
enum Event {
    Query(u16, bool, Vec<u8>),
    /// To the question asked so many ago: header, and what follows the question.
    Answer(usize, [u8; 10], Vec<u8>),
    Noise(usize, Vec<u8>),
    Fail(usize),
    Wait(u64),
}

fn query() -> impl Strategy<Value = Vec<u8>> {
    let names = ["www.example.", "ipv4only.arpa.", ".", "a.b.c.d.e.f."];
    let names: Vec<Vec<u8>> = names
        .iter()
        .map(|name| Name::from_text(name).unwrap().wire().to_vec())
        .chain([{
            let nibbles = "a.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2";
            let name = Name::from_text(&format!("{nibbles}.ip6.arpa.")).unwrap();
            name.wire().to_vec()
        }])
        .collect();
    let kind = prop_oneof![Just(28_u16), Just(1), Just(12), Just(252), any::<u16>()];
    (
        any::<u16>(),
        any::<[u8; 2]>(),
        proptest::sample::select(names),
        kind,
        any::<bool>(),
    )
        .prop_map(|(id, flags, name, kind, edns)| {
            let mut message = id.to_be_bytes().to_vec();
            message.extend_from_slice(&[flags[0] & 0x0f, flags[1]]);
            message.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, edns.into()]);
            message.extend_from_slice(&name);
            message.extend_from_slice(&kind.to_be_bytes());
            message.extend_from_slice(&[0, 1]);
            if edns {
                message.extend_from_slice(b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00");
            }
            message
        })
}

fn event() -> impl Strategy<Value = Event> {
    let counts = (0..16_u8, any::<bool>(), 0..4_u8, 0..3_u8, 0..3_u8).prop_map(
        |(rcode, tc, answer, authority, additional)| {
            let tc = if tc { 0x83 } else { 0x81 };
            [
                tc,
                0x80 | (rcode % 6),
                0,
                1,
                0,
                answer,
                0,
                authority,
                0,
                additional,
            ]
        },
    );
    prop_oneof![
        3 => (0..5_u16, any::<bool>(), query()).prop_map(|(n, tcp, q)| Event::Query(n, tcp, q)),
        1 => (0..5_u16, any::<bool>(), scraps()).prop_map(|(n, tcp, q)| Event::Query(n, tcp, q)),
        6 => (0..4_usize, counts, scraps()).prop_map(|(n, head, rest)| Event::Answer(n, head, rest)),
        1 => (0..4_usize, scraps()).prop_map(|(n, bytes)| Event::Noise(n, bytes)),
        1 => (0..4_usize).prop_map(Event::Fail),
        1 => (0..3000_u64).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    // req: F-057
    #[test]
    fn messages(bytes in vec(any::<u8>(), 0..200), scraps in scraps()) {
        for bytes in [bytes, scraps] {
            if let Ok(message) = Message::parse(&bytes) {
                let _ = message.all_records();
                let _ = message.edns().map(|edns| edns.map(|edns| edns.options().count()));
            }
        }
    }

    // req: F-057
    #[test]
    fn anything(events in vec(event(), 0..60)) {
        let mut proxy = proxy();
        let (mut now, mut queries, mut replies) = (0, 0, 0);
        let mut asked = Vec::new();
        for event in events {
            let nth = |n: usize| asked.len().checked_sub(n + 1).and_then(|at| asked.get(at));
            match event {
                Event::Query(number, tcp, message) => {
                    queries += 1;
                    proxy.query(now, client(number, tcp), &message);
                }
                Event::Answer(n, head, rest) => if let Some((attempt, question)) = nth(n) {
                    let question: &Vec<u8> = question;
                    let end = Message::parse(question).map_or(12, |message| message.records_at);
                    let mut message = question[..2].to_vec();
                    message.extend_from_slice(&head);
                    message[2] |= question[2] & 0x78;
                    message.extend_from_slice(&question[12..end]);
                    message.extend_from_slice(&rest);
                    proxy.response(now, *attempt, &message);
                },
                Event::Noise(n, bytes) => if let Some((attempt, _)) = nth(n) {
                    proxy.response(now, *attempt, &bytes);
                },
                Event::Fail(n) => if let Some((attempt, _)) = nth(n) {
                    proxy.failed(now, *attempt);
                },
                Event::Wait(ms) => {
                    now += ms;
                    proxy.expire(now);
                }
            }
            for action in std::mem::take(&mut proxy.actions) {
                match action {
                    Action::Query(Query { attempt, message, .. }) => asked.push((attempt, message)),
                    Action::Reply { message, .. } => {
                        replies += 1;
                        prop_assert!(message.len() >= 12 && message[2] & 0x80 != 0);
                    }
                    Action::Forget(_) | Action::Discovered(_) => (),
                }
            }
        }
        // only a transfer has several
        let transfers = asked.iter().any(|(_, message)| {
            Message::parse(message).is_ok_and(|message| matches!(message.question.rtype, 251 | 252))
        });
        prop_assert!(replies <= queries || transfers);
        // in the end nothing is left
        for _ in 0..200 {
            now += 5000;
            proxy.expire(now);
            proxy.actions.clear();
        }
        prop_assert_eq!(proxy.gauges()[0].2, 0);
    }
}
