// SPDX-License-Identifier: GPL-2.0
//! The pure code against the reference, packet by packet.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{
    build::{Builder, Defaults},
    case::{Mtu, Side},
    compare::show,
    generate::{packet4, packet6, Ends},
    reference::{End, Fate, Mapping, Network, Session},
    rng::Rng,
    text::layers,
    translator::{Config, Outcome, Translator, ID},
    value::{Names, Scope, Value},
};

/// Both translators: with a session for each protocol, or with stateless rules.
#[derive(Clone)]
pub struct World {
    host: Translator,
    network: Network,
    /// Who packets are from and to.
    ends: Vec<Ends>,
}

/// How many packets came to which end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Translated by both.
    pub out: u64,
    /// Turned back by both.
    pub turned: u64,
    /// Refused by both.
    pub dropped: u64,
    /// Left to the kernel, or not natpt's at all.
    pub other: u64,
}

impl Tally {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.out + self.turned + self.dropped + self.other
    }
}

impl World {
    /// A world with links of these MTUs.
    pub fn new(mtu: Mtu) -> World {
        let config = ["prefix 2001:db8:64::/96", "map from any6 to 192.0.2.1"].map(String::from);
        let config = Config::parse(&config).expect("a configuration");
        let mut host = Translator::new(config, mtu);
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
            prefix: ("2001:db8:64::".parse().expect("an address"), 96),
            sessions: Vec::new(),
            mappings: Vec::new(),
            mtu6: mtu.six,
            mtu4: mtu.four,
            id: ID,
        };
        World {
            host,
            network,
            ends: vec![ends],
        }
    }

    /// A world with these statements: a prefix, and stateless rules.
    pub fn stateless(statements: &[String], mtu: Mtu) -> World {
        let config = Config::parse(statements).expect("a configuration");
        let prefix = statements[0].strip_prefix("prefix ").expect("a prefix");
        let prefix = slashed(prefix, 96).expect("a prefix");
        let rules = statements.iter().filter_map(|it| rule(it, prefix));
        let mut world = World {
            host: Translator::new(config, mtu),
            network: Network {
                prefix,
                sessions: Vec::new(),
                mappings: rules.collect(),
                mtu6: mtu.six,
                mtu4: mtu.four,
                id: ID,
            },
            ends: Vec::new(),
        };
        world.ends = ends(&world.network);
        world
    }

    /// A world with rules of these choices, none of which overlap.
    pub fn of_choices(rng: &mut Rng<'_>, mtu: Mtu) -> World {
        let len = rng.pick(&[96, 96, 32, 40, 48, 56, 64]);
        let prefix = Ipv6Addr::from(first_bits(0x3fff_0064_0122_0344 << 64, len));
        let mut statements = vec![format!("prefix {prefix}/{len}")];
        // One that no other may touch, lest there is none.
        statements.push("map from 2001:db8:6::a to 192.0.2.1 stateless".into());
        for _ in 0..1 + rng.byte() % 6 {
            statements.push(random_rule(prefix, len, rng));
            if Config::parse(&statements).is_err() {
                statements.pop();
            }
        }
        World::stateless(&statements, mtu)
    }

    /// A packet of these choices through both.
    pub fn structured(&self, bytes: &[u8], tally: &mut Tally) {
        self.chosen(&mut Rng::new(bytes), tally);
    }

    /// See `structured`.
    pub fn chosen(&self, rng: &mut Rng<'_>, tally: &mut Tally) {
        let ends = match self.ends.len() {
            1 => &self.ends[0],
            len => &self.ends[usize::from(rng.byte()) % len],
        };
        match rng.byte() % 2 {
            0 => self.compare(Side::Six, &packet6(ends, rng), tally),
            _ => self.compare(Side::Four, &packet4(ends, rng), tally),
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
            (Outcome::Turned(ours), Fate::Back(right)) if same(ours, right) => tally.turned += 1,
            (Outcome::Dropped(_), Fate::Dropped(_)) => tally.dropped += 1,
            (Outcome::Kernel, Fate::Cut | Fate::Dropped("a fragment")) => tally.other += 1,
            // The stack, or the rules, look at packets before and beside translation.
            (Outcome::Silent | Outcome::Untouched, _) => tally.other += 1,
            (Outcome::Out(ours), Fate::Out(right)) | (Outcome::Turned(ours), Fate::Back(right)) => {
                panic!(
                    "the packet:    {}\nbecomes:       {}\nand should be: {}",
                    show(packet),
                    show(ours),
                    show(right)
                )
            }
            _ => panic!(
                "{side:?} {}: {outcome:?}, but should be {fate:?}",
                show(packet)
            ),
        }
    }
}

fn known(session: &crate::translator::Session) -> Session {
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

/// `ADDRESS/LENGTH`.
fn slashed<A: std::str::FromStr>(text: &str, whole: usize) -> Option<(A, usize)> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, len.parse().ok()?),
        None => (text, whole),
    };
    Some((addr.parse().ok()?, len))
}

/// `map from FROM to TO stateless`, as the reference has it.
fn rule(statement: &str, prefix: (Ipv6Addr, usize)) -> Option<Mapping> {
    let text = statement.strip_prefix("map from ")?;
    let (from, to) = text.strip_suffix(" stateless")?.split_once(" to ")?;
    let clat = !from.contains(':');
    let (v6, v4) = if clat { (to, from) } else { (from, to) };
    let v6 = slashed(v6, 128)?;
    Some(Mapping {
        v6,
        v4: slashed(v4, 32)?,
        clat,
        embedded: !clat && v6 == prefix,
    })
}

/// The first bits of a number, all others zero.
fn first_bits(number: u128, len: usize) -> u128 {
    match len {
        0 => 0,
        len => number >> (128 - len) << (128 - len),
    }
}

/// A rule that may or may not go with others.
fn random_rule(prefix: Ipv6Addr, len: usize, rng: &mut Rng<'_>) -> String {
    let len4 = 32 - usize::from(rng.byte() % 12);
    let byte = rng.pick(&[20, 21, 203]);
    let v4 = (byte << 24) | (rng.number() >> 8);
    let v4 = Ipv4Addr::from((first_bits(u128::from(v4) << 96, len4) >> 96) as u32);
    let most = 96 + len4;
    let len6 = rng
        .pick(&[128, 120, 112, 100, 96, 64, 62, 48, 36])
        .min(most);
    let within = rng.once_in(4);
    let base = match within {
        true => prefix.to_bits(),
        false => 0x2001_0db8 << 96,
    };
    let kept = if within { len } else { 32 };
    let number = (u128::from(rng.number()) << 64) | u128::from(rng.number());
    let v6 = base | (number << 32 >> kept);
    let v6 = Ipv6Addr::from(first_bits(v6, len6));
    match rng.byte() % 6 {
        0 => format!("map from {prefix}/{len} to {v4}/{len4} stateless"),
        1 | 2 => format!("map from {v4}/{len4} to {v6}/{len6} stateless"),
        _ => format!("map from {v6}/{len6} to {v4}/{len4} stateless"),
    }
}

/// Hosts of all rules with peers: strangers, and each other.
fn ends(network: &Network) -> Vec<Ends> {
    let mut hosts = Vec::new();
    for rule in &network.mappings {
        let spread = (1u64 << (32 - rule.v4.1)) as u32;
        for at in [0, spread / 3, spread.wrapping_sub(1)] {
            hosts.push((rule, Ipv4Addr::from(u32::from(rule.v4.0) | at)));
        }
    }
    let strangers = [[198, 51, 100, 20], [8, 8, 8, 8]].map(Ipv4Addr::from);
    let mut all = Vec::new();
    for (at, (rule, host4)) in hosts.iter().enumerate() {
        let Some((_, host6)) = network.mapped4(*host4) else {
            continue;
        };
        let other = hosts[(at * 7 + 3) % hosts.len()].1;
        for peer4 in strangers.into_iter().chain([other]) {
            let peer6 = network.embed(peer4);
            // The IPv6 side of a CLAT is its peers'.
            let (near, far) = match rule.clat {
                false => ((host6, *host4), (peer6, peer4)),
                true => ((peer6, peer4), (host6, *host4)),
            };
            let ports = (4000, 4000, 7);
            all.push(Ends {
                host6: near.0,
                host4: near.1,
                peer6: far.0,
                peer4: far.1,
                udp: ports,
                tcp: ports,
                echo: (99, 99, 99),
            });
        }
    }
    all
}

/// Equal, but that a checksum may be either form of zero.
pub(crate) fn same(ours: &[u8], right: &[u8]) -> bool {
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
