// SPDX-License-Identifier: GPL-2.0
//! What is fuzzed: each target makes a packet of bytes, and panics if the pure code and the
//! reference do not do the same with it.

use natpt_packets::{
    case::{Mtu, Side},
    differential::{Tally, World},
    rng::Rng,
    round_trip::RoundTrip,
    sum::{checksum, pseudo6},
};

/// A target and its name.
pub type Target = (&'static str, fn(&Worlds, &[u8], &mut Tally));

/// All targets.
pub const TARGETS: [Target; 9] = [
    ("structured", structured),
    ("v6-to-v4", v6_to_v4),
    ("v4-to-v6", v4_to_v6),
    ("inner6", inner6),
    ("inner4", inner4),
    ("extension-headers", extension_headers),
    ("stateless", stateless),
    ("mappings", mappings),
    ("round-trip", round_trip),
];

const MTU: Mtu = Mtu {
    six: 1500,
    four: 1500,
};

const A6: u128 = 0x2001_0db8_0006_0000_0000_0000_0000_000a;
const S46: u128 = 0x2001_0db8_0064_0000_0000_0000_c633_6414;
const POOL: u32 = 0xc000_0201;
const S4: u32 = 0xc633_6414;

/// Where the targets are.
pub struct Worlds {
    sessions: World,
    rules: World,
    trip: RoundTrip,
}

impl Worlds {
    /// All of them.
    pub fn new() -> Worlds {
        let rules = [
            "prefix 2001:db8:64::/96",
            "map from 2001:db8:6::a to 192.0.2.1 stateless",
            "map from 2001:db8:6:1::/64 to 203.0.113.0/26 stateless",
            "map from 2001:db8:64::/96 to 203.0.113.64/26 stateless",
            "map from 192.0.0.1 to 2001:db8:c1a7::1 stateless",
            "map from 10.0.0.0/24 to 2001:db8:c1a7:1::/120 stateless",
        ];
        Worlds {
            sessions: World::new(MTU),
            rules: World::stateless(&rules.map(String::from), MTU),
            trip: RoundTrip::new(),
        }
    }

    /// The same packet in a session, and by a stateless rule.
    fn compare(&self, side: Side, packet: &[u8], tally: &mut Tally) {
        self.sessions.compare(side, packet, tally);
        self.rules.compare(side, packet, tally);
    }
}

impl Default for Worlds {
    fn default() -> Self {
        Worlds::new()
    }
}

/// The choices of `generate`.
pub fn structured(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    worlds.sessions.structured(data, tally);
}

/// The same for hosts of stateless rules.
pub fn stateless(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    worlds.rules.structured(data, tally);
}

/// Which rules there are is a choice too.
pub fn mappings(_: &Worlds, data: &[u8], tally: &mut Tally) {
    let mut rng = Rng::new(data);
    let world = World::of_choices(&mut rng, MTU);
    world.chosen(&mut rng, tally);
}

/// To the other family and back.
pub fn round_trip(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    worlds.trip.structured(data, tally);
}

/// Traffic class, next header, hop limit, and what follows the header.
pub fn v6_to_v4(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    let Some((&[class, next, hops], payload)) = data.split_first_chunk() else {
        return;
    };
    worlds.compare(Side::Six, &ip6(class, next, hops, payload), tally);
}

/// Type of service, protocol, time to live, flags, words of options, and what follows.
pub fn v4_to_v6(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    let Some((&[tos, protocol, ttl, flags, words], rest)) = data.split_first_chunk() else {
        return;
    };
    let options = usize::from(words % 11) * 4;
    let (options, payload) = rest.split_at(options.min(rest.len() / 4 * 4));
    worlds.compare(
        Side::Four,
        &ip4([tos, protocol, ttl, flags], options, payload),
        tally,
    );
}

/// An ICMPv6 error: type, code, second word, and what it quotes, which is of a session.
pub fn inner6(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    let Some((head, quoted)) = data.split_first_chunk::<6>() else {
        return;
    };
    let mut message = vec![head[0], head[1], 0, 0];
    message.extend(&head[2..]);
    message.extend(quoted);
    if let Some(addresses) = message.get_mut(16..48) {
        addresses[..16].copy_from_slice(&S46.to_be_bytes());
        addresses[16..].copy_from_slice(&A6.to_be_bytes());
    }
    let pseudo = pseudo6(A6, S46, 58, message.len());
    let check = checksum(&[&pseudo, &message]).to_be_bytes();
    message[2..4].copy_from_slice(&check);
    worlds.compare(Side::Six, &ip6(0, 58, 64, &message), tally);
}

/// An ICMPv4 error, likewise.
pub fn inner4(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    let Some((head, quoted)) = data.split_first_chunk::<6>() else {
        return;
    };
    let mut message = vec![head[0], head[1], 0, 0];
    message.extend(&head[2..]);
    message.extend(quoted);
    if let Some(addresses) = message.get_mut(20..28) {
        addresses[..4].copy_from_slice(&POOL.to_be_bytes());
        addresses[4..].copy_from_slice(&S4.to_be_bytes());
    }
    let check = checksum(&[&message]).to_be_bytes();
    message[2..4].copy_from_slice(&check);
    worlds.compare(Side::Four, &ip4([0, 1, 64, 0x40], &[], &message), tally);
}

/// A chain of extension headers before a UDP header of a session.
pub fn extension_headers(worlds: &Worlds, data: &[u8], tally: &mut Tally) {
    let Some((&first, chain)) = data.split_first() else {
        return;
    };
    let udp = [
        0x0f, 0xa0, 0, 7, 0, 8, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    worlds.compare(
        Side::Six,
        &ip6(0, first, 64, &[chain, &udp].concat()),
        tally,
    );
}

fn ip6(class: u8, next: u8, hops: u8, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(0xffff)];
    let mut out = (0x6000_0000 | (u32::from(class) << 20))
        .to_be_bytes()
        .to_vec();
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next, hops]);
    out.extend(A6.to_be_bytes());
    out.extend(S46.to_be_bytes());
    out.extend(payload);
    out
}

fn ip4([tos, protocol, ttl, flags]: [u8; 4], options: &[u8], payload: &[u8]) -> Vec<u8> {
    let header_len = 20 + options.len();
    let mut out = vec![0x40 | (header_len / 4) as u8, tos];
    out.extend(((header_len + payload.len()) as u16).to_be_bytes());
    out.extend([0x12, 0x34, flags & 0xe0, 0, ttl, protocol, 0, 0]);
    out.extend(S4.to_be_bytes());
    out.extend(POOL.to_be_bytes());
    out.extend(options);
    let check = checksum(&[&out]).to_be_bytes();
    out[10..12].copy_from_slice(&check);
    out.extend(payload);
    out
}

/// The inputs of a target that are kept in the tree.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let files = std::fs::read_dir(format!("{directory}/{target}")).expect("a corpus");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let read = |path| std::fs::read(path).expect("an input");
    files.iter().map(read).collect()
}
