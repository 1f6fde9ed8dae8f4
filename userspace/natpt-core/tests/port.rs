// SPDX-License-Identifier: GPL-2.0
//! Choice of ports.

use natpt_core::nat::port::{beside_sockets, choose, mark, PortPolicy, MAP};
use proptest::prelude::*;
use std::cell::Cell;

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;

const ALL: &[(u16, u16)] = &[(0, 65535)];

/// The used ports of one address.
struct Map([u64; MAP]);

impl Map {
    fn new() -> Map {
        Map([0; MAP])
    }

    fn with(ports: impl IntoIterator<Item = u16>) -> Map {
        let mut map = Map::new();
        ports.into_iter().for_each(|port| map.set(port));
        map
    }

    fn is_set(&self, port: u16) -> bool {
        (self.0[usize::from(port) / 64] >> (port % 64)) & 1 != 0
    }

    fn set(&mut self, port: u16) {
        mark(&mut self.0, port, true);
    }

    fn clear(&mut self, port: u16) {
        mark(&mut self.0, port, false);
    }

    fn choose(&self, ranges: &[(u16, u16)], want: PortPolicy, random: u32) -> Option<u16> {
        choose(|word| self.0[word], ranges, want, random)
    }
}

/// Spreads a counter over 32 bits.
fn scatter(n: u32) -> u32 {
    n.wrapping_mul(0x9e37_79b9)
}

#[test]
fn keeps_parity_for_udp() {
    // req: D-038
    let map = Map::new();
    for n in 0..10_000 {
        let sport = 1024 + (scatter(n) >> 16) as u16 % 60_000;
        let port = map
            .choose(ALL, PortPolicy::of(UDP, sport), scatter(n))
            .unwrap();
        assert_eq!(port % 2, sport % 2);
    }
}

#[test]
fn any_parity_for_tcp() {
    // req: D-044
    let map = Map::new();
    let odd = (0..1000).filter(|&n| {
        let port = map.choose(ALL, PortPolicy::of(TCP, 40_000), scatter(n));
        port.unwrap() % 2 == 1
    });
    assert!((300..700).contains(&odd.count()));
}

#[test]
fn keeps_the_privileged_class() {
    // req: D-036
    let map = Map::new();
    for n in 0..1000 {
        for (protocol, sport) in [(UDP, 500), (TCP, 500), (UDP, 1023), (TCP, 1)] {
            let port = map.choose(ALL, PortPolicy::of(protocol, sport), scatter(n));
            assert!((1..1024).contains(&port.unwrap()));
        }
    }
}

#[test]
fn keeps_the_other_class() {
    // req: D-037
    let map = Map::new();
    for n in 0..1000 {
        for (protocol, sport) in [(UDP, 1024), (TCP, 1024), (UDP, 65535), (TCP, 65535)] {
            let port = map.choose(ALL, PortPolicy::of(protocol, sport), scatter(n));
            assert!(port.unwrap() >= 1024);
        }
    }
}

#[test]
fn class_goes_before_parity() {
    // req: D-036 D-038
    let map = Map::with((1..1024).filter(|port| port % 2 == 1));
    let port = map.choose(ALL, PortPolicy::of(UDP, 501), 7).unwrap();
    assert!(port < 1024 && port % 2 == 0);
}

#[test]
fn other_class_when_the_right_one_is_full() {
    // req: D-036 D-037
    let port = Map::with(0..1024).choose(ALL, PortPolicy::of(UDP, 501), 7);
    assert!(port.unwrap() >= 1024 && port.unwrap() % 2 == 1);
    let port = Map::with(1024..=65535).choose(ALL, PortPolicy::of(UDP, 5001), 7);
    assert!(port.unwrap() < 1024 && port.unwrap() % 2 == 1);
}

#[test]
fn any_identifier_for_icmp() {
    // req: D-045
    let map = Map::new();
    let ports: Vec<u16> = (0..1000)
        .filter_map(|n| map.choose(ALL, PortPolicy::of(ICMP, 7), scatter(n)))
        .collect();
    assert!(ports.iter().any(|port| port % 2 == 0) && ports.iter().any(|port| port % 2 == 1));
}

#[test]
fn never_zero() {
    // req: D-048
    let map = Map::with(1..=65535);
    assert_eq!(map.choose(ALL, PortPolicy::of(TCP, 80), 0), None);
    assert_eq!(map.choose(ALL, PortPolicy::of(ICMP, 0), 0), None);
    assert_eq!(
        Map::new().choose(&[(0, 0)], PortPolicy::of(TCP, 80), 0),
        None
    );
}

#[test]
fn exhausted() {
    // req: D-041
    let want = PortPolicy::of(UDP, 5000);
    assert_eq!(Map::with(0..=65535).choose(ALL, want, 99), None);
    assert_eq!(
        Map::with(2000..=2009).choose(&[(2000, 2009)], want, 99),
        None
    );
    assert_eq!(Map::new().choose(&[], want, 99), None);
    assert_eq!(Map::new().choose(&[(9, 8)], want, 99), None);
}

#[test]
fn the_last_free_port_is_found() {
    for free in [1u16, 63, 64, 1023, 1024, 40_000, 65_535] {
        let map = Map::with((0..=65535).filter(|&port| port != free));
        for random in [0, 1, 1022, 1023, 65_534, u32::MAX] {
            for want in [
                PortPolicy::of(UDP, 5000),
                PortPolicy::of(TCP, 80),
                PortPolicy::of(ICMP, 1),
            ] {
                assert_eq!(map.choose(ALL, want, random), Some(free));
            }
        }
    }
}

#[test]
fn fills_its_ranges_to_the_last_port() {
    // req: D-040
    let ranges = [(1000, 1100), (2000, 2000), (3000, 3200)];
    let mut map = Map::new();
    let mut count = 0;
    while let Some(port) = map.choose(&ranges, PortPolicy::of(UDP, count), scatter(count.into())) {
        assert!(!map.is_set(port), "{port} twice");
        assert!(ranges
            .iter()
            .any(|range| (range.0..=range.1).contains(&port)));
        map.set(port);
        count += 1;
    }
    assert_eq!(count, 101 + 1 + 201);
}

#[test]
fn every_port_has_the_same_chance() {
    // req: D-043
    let map = Map::new();
    let ranges = [(5000, 5099), (7000, 7099)];
    let mut hits = [0u32; 200];
    for random in 0..20_000 {
        let port = map
            .choose(&ranges, PortPolicy::of(TCP, 5000), random)
            .unwrap();
        let index = if port < 6000 {
            port - 5000
        } else {
            port - 7000 + 100
        };
        hits[usize::from(index)] += 1;
    }
    assert_eq!(hits, [100; 200]);
}

/// How many words of a map were looked at.
fn looked_at(map: &Map, want: PortPolicy, random: u32) -> (Option<u16>, u32) {
    let looked = Cell::new(0);
    let words = |word: usize| {
        looked.set(looked.get() + 1);
        map.0[word]
    };
    (choose(words, ALL, want, random), looked.get())
}

#[test]
fn few_words_are_looked_at_even_if_all_ports_are_used() {
    // fault: state-4
    for used in [0, 5, 9, 10] {
        let map = Map::with((0..=65535).filter(|port| port % 10 < used));
        for n in 0..10_000 {
            let want = PortPolicy::of(TCP, 40_000);
            let (port, looked) = looked_at(&map, want, scatter(n));
            assert_eq!(port.is_some(), used < 10);
            assert!(
                looked <= if used < 10 { 7 } else { 70 },
                "{looked} of {used}"
            );
        }
    }
    for sport in [501, 5001, 5002] {
        let full = Map::with(0..=65535);
        let (port, looked) = looked_at(&full, PortPolicy::of(UDP, sport), 123_456);
        assert!(port.is_none() && looked <= 100, "{looked}");
    }
    let mut map = Map::with(0..=65535);
    map.clear(40_000);
    let (port, looked) = looked_at(&map, PortPolicy::of(TCP, 5000), 40_001 - 1024);
    assert!(port == Some(40_000) && looked <= 40, "{looked}");
}

proptest! {
    #[test]
    fn agrees_with_a_plain_search(
        used in prop::collection::vec(any::<u16>(), 0..200),
        first in 0u16..2000,
        len in 0u16..300,
        sport in any::<u16>(),
        udp in any::<bool>(),
        random in any::<u32>(),
    ) {
        // req: D-036 D-037 D-038 D-043
        let last = first + len;
        let map = Map::with(used.into_iter().map(|port| first + port % (len + 1)));
        let want = PortPolicy::of(if udp { UDP } else { TCP }, sport);
        let free = |port: &u16| *port != 0 && !map.is_set(*port);
        let class = |port: &u16| (*port < 1024) == (sport < 1024);
        let parity = |port: &u16| !udp || port % 2 == sport % 2;
        let best = (first..=last).filter(free).max_by_key(|port| (class(port), parity(port)));
        let chosen = map.choose(&[(first, last)], want, random);
        prop_assert_eq!(chosen.is_some(), best.is_some());
        if let (Some(chosen), Some(best)) = (chosen, best) {
            prop_assert!(free(&chosen) && (first..=last).contains(&chosen));
            prop_assert_eq!((class(&chosen), parity(&chosen)), (class(&best), parity(&best)));
        }
    }

    #[test]
    fn never_panics(
        ranges in prop::collection::vec(any::<(u16, u16)>(), 0..5),
        word in any::<u64>(),
        sport in any::<u16>(),
        random in any::<u32>(),
    ) {
        let _ = choose(|_| word, &ranges, PortPolicy::of(UDP, sport), random);
    }

    #[test]
    fn marks_come_and_go(ports in prop::collection::vec(any::<u16>(), 0..300)) {
        let mut map = Map::with(0..=65535);
        let unmarked: Vec<u16> = ports.iter().copied().filter(|port| *port != 0).collect();
        unmarked.iter().for_each(|port| map.clear(*port));
        let mut found = Vec::new();
        while let Some(port) = map.choose(ALL, PortPolicy::of(ICMP, 0), found.len() as u32 * 977) {
            prop_assert!(!map.is_set(port));
            map.set(port);
            found.push(port);
        }
        found.sort_unstable();
        let mut wanted = unmarked;
        wanted.sort_unstable();
        wanted.dedup();
        prop_assert_eq!(found, wanted);
        prop_assert!(map.0.iter().all(|word| *word == u64::MAX));
    }
}

#[test]
fn ports_beside_those_of_sockets() {
    assert_eq!(beside_sockets((32768, 60999)), (1024, 32767));
    assert_eq!(beside_sockets((2000, 9999)), (10000, 65535));
    // there are none
    assert_eq!(beside_sockets((1024, 65535)), (1024, 1023));
}
