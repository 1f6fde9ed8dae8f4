// SPDX-License-Identifier: GPL-2.0
//! The pure code against the reference, packet by packet.

use crate::{
    build::{Builder, Defaults},
    case::{Mtu, Side},
    dice::Dice,
    generate::{packet4, packet6, Ends},
    host::{Config, Host, Outcome, ID},
    judge::show,
    reference::{End, Fate, Network, Session},
    text::layers,
    value::{Names, Scope, Value},
};

/// Both translators, with a session for each protocol and an answer in it.
#[derive(Clone)]
pub struct World {
    host: Host,
    network: Network,
    ends: Ends,
}

/// How many packets came to which end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Translated by both.
    pub out: u64,
    /// Refused by both.
    pub dropped: u64,
    /// Left to the kernel, or not natpt's at all.
    pub other: u64,
}

impl World {
    /// A world with links of these MTUs.
    pub fn new(mtu: Mtu) -> World {
        let config = ["prefix 2001:db8:64::/96", "map from any6 to 192.0.2.1"].map(String::from);
        let config = Config::parse(&config).expect("a configuration");
        let mut host = Host::new(config, mtu);
        for text in [
            "ip6 2001:db8:6::a 2001:db8:64::198.51.100.20 udp 4000 7",
            "ip6 2001:db8:6::a 2001:db8:64::198.51.100.20 tcp 4000 80 flags=S",
            "ip6 2001:db8:6::a 2001:db8:64::198.51.100.20 icmp6 128/0 id=99",
        ] {
            let outcome = host.packet(Side::Six, &packet(text));
            assert!(matches!(outcome, Outcome::Out(_)), "{text}: {outcome:?}");
        }
        let ports = |at: usize| {
            let session = &host.sessions()[at];
            (session.v6.sport, session.v4.sport, session.v4.dport)
        };
        let first = host.sessions()[0];
        let ends = Ends {
            host6: first.v6.saddr,
            peer6: first.v6.daddr,
            host4: first.v4.saddr,
            peer4: first.v4.daddr,
            udp: ports(0),
            tcp: ports(1),
            echo: ports(2),
        };
        let network = Network {
            prefix: "2001:db8:64::".parse().expect("an address"),
            sessions: Vec::new(),
            mtu6: mtu.six,
            mtu4: mtu.four,
            id: ID,
        };
        World {
            host,
            network,
            ends,
        }
    }

    /// A packet of these choices through both.
    pub fn structured(&self, octets: &[u8], tally: &mut Tally) {
        let mut dice = Dice::new(octets);
        match dice.octet() % 2 {
            0 => self.compare(Side::Six, &packet6(&self.ends, &mut dice), tally),
            _ => self.compare(Side::Four, &packet4(&self.ends, &mut dice), tally),
        }
    }

    /// A packet through both; panics if they do not agree.
    pub fn compare(&self, side: Side, packet: &[u8], tally: &mut Tally) {
        let mut host = self.host.clone();
        let outcome = host.packet(side, packet);
        let mut network = self.network.clone();
        network.sessions = host.sessions().iter().map(known).collect();
        let fate = match side {
            Side::Six => network.to_v4(packet),
            Side::Four => network.to_v6(packet),
        };
        match (&outcome, &fate) {
            (Outcome::Out(ours), Fate::Out(right)) if same(ours, right) => tally.out += 1,
            (Outcome::Dropped(_), Fate::Dropped(_)) => tally.dropped += 1,
            (Outcome::Kernel, Fate::Cut | Fate::Dropped("a fragment")) => tally.other += 1,
            // The stack, or the rules, look at packets before and beside translation.
            (Outcome::Silent | Outcome::Untouched, _) => tally.other += 1,
            (Outcome::Out(ours), Fate::Out(right)) => panic!(
                "the packet:    {}\nbecomes:       {}\nand should be: {}",
                show(packet),
                show(ours),
                show(right)
            ),
            _ => panic!(
                "{side:?} {}: {outcome:?}, but should be {fate:?}",
                show(packet)
            ),
        }
    }
}

fn known(session: &crate::host::Session) -> Session {
    let (v6, v4) = (&session.v6, &session.v4);
    Session {
        protocol: session.protocol,
        host: End {
            v6: (v6.saddr, v6.sport),
            v4: (v4.saddr, v4.sport),
        },
        peer: End {
            v6: (v6.daddr, v6.dport),
            v4: (v4.daddr, v4.dport),
        },
    }
}

/// Equal, but that a checksum may be either form of zero.
fn same(ours: &[u8], right: &[u8]) -> bool {
    let zero = |word: &[u8]| matches!(word, [0, 0] | [0xff, 0xff]);
    let mut words = ours.chunks(2).zip(right.chunks(2));
    ours.len() == right.len() && words.all(|(a, b)| a == b || zero(a) && zero(b))
}

/// A packet of a case file's words.
fn packet(text: &str) -> Vec<u8> {
    let defaults = Defaults {
        six: (0, 0),
        four: (0, 0),
        hop_limit: 64,
        id: Value::Number(0),
        flow: Value::Number(0),
        tos: 0,
    };
    let mut names = Names::new();
    let mut builder = Builder {
        scope: Scope {
            names: &mut names,
            seen: None,
        },
        defaults: [defaults.clone(), defaults],
        sent: &[],
    };
    let layers = layers(text).expect("layers");
    builder.build(&layers).expect("a packet")
}
