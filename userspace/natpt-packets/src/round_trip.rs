// SPDX-License-Identifier: GPL-2.0
//! Two translators one behind the other, each other's mirror: what comes out is what went in, as
//! far as RFC 7915 keeps it.

use crate::{
    case::{Mtu, Side},
    compare::show,
    differential::{same, Tally},
    generate::{packet4, packet6, Ends},
    reference::{
        extension::split,
        header::{chain, four, six},
        tables::{TO_V4, TO_V6},
    },
    rng::Rng,
    translator::{Config, Outcome, Translator},
};

/// Both translators, and who speaks through them.
#[derive(Clone)]
pub struct RoundTrip {
    /// It has the host on its IPv6 side.
    near: Translator,
    /// It has the host on its IPv4 side.
    far: Translator,
    ends: Ends,
}

/// What translation keeps of a packet, or of one that an error quotes.
struct Kept<'a> {
    class: u8,
    hops: u8,
    ends: (u128, u128),
    /// As in IPv6.
    protocol: u8,
    /// Offset, more, and the half of the identification that IPv4 has.
    piece: Option<(u16, bool, u16)>,
    /// By the packet's own account.
    len: usize,
    transport: &'a [u8],
}

impl Kept<'_> {
    /// Whether this IPv4 protocol, or a quoted one, is an extension header in IPv6.
    fn becomes_header(&self) -> bool {
        let quoted = match is_error(Side::Four, self) {
            true => kept4(quoted(Side::Four, self.transport)),
            false => None,
        };
        let headers: &[u8] = match self.piece {
            None => &[0, 43, 44, 60],
            Some(_) => &[0, 43, 44, 51, 60, 135, 139, 140],
        };
        headers.contains(&self.protocol) || quoted.is_some_and(|it| it.becomes_header())
    }
}

fn kept6(packet: &[u8]) -> Option<Kept<'_>> {
    let header = six(packet).ok()?;
    let chain = chain(packet, header.next).ok()?;
    let len = (40 + header.payload_len).saturating_sub(chain.at);
    let transport = &packet[chain.at..];
    // A fragment that is whole by itself is none in IPv4.
    let piece = chain.piece.filter(|it| it.more || it.offset != 0);
    Some(Kept {
        class: header.class,
        hops: header.hops,
        ends: (header.from.to_bits(), header.to.to_bits()),
        protocol: chain.protocol,
        piece: piece.map(|it| (it.offset, it.more, it.id as u16)),
        len,
        transport: &transport[..len.min(transport.len())],
    })
}

fn kept4(packet: &[u8]) -> Option<Kept<'_>> {
    let header = four(packet).ok()?;
    let len = header.total_len.saturating_sub(header.len);
    let transport = packet.get(header.len..)?;
    let piece = header.more || header.offset != 0;
    Some(Kept {
        class: header.tos,
        hops: header.ttl,
        ends: (header.from.to_bits().into(), header.to.to_bits().into()),
        protocol: if header.protocol == 1 {
            58
        } else {
            header.protocol
        },
        piece: piece.then_some((header.offset, header.more, header.id)),
        len,
        transport: &transport[..len.min(transport.len())],
    })
}

fn kept(side: Side, packet: &[u8]) -> Option<Kept<'_>> {
    match side {
        Side::Six => kept6(packet),
        Side::Four => kept4(packet),
    }
}

/// The kind of an error that has been to the other family and back.
fn kind_after(side: Side, kind: u8, code: u8) -> Option<(u8, u8)> {
    let to4 = |kind, code| match kind {
        2 => Some((3, 4)),
        _ => {
            let row = TO_V4.iter().find(|it| (it.0, it.1) == (kind, code));
            row.map(|it| (it.2, it.3))
        }
    };
    let to6 = |kind, code| {
        let row = TO_V6.iter().find(|it| (it.0, it.1) == (kind, code));
        row.map(|it| (it.2, it.3))
    };
    match side {
        Side::Six => to4(kind, code).and_then(|(kind, code)| to6(kind, code)),
        Side::Four => to6(kind, code).and_then(|(kind, code)| to4(kind, code)),
    }
}

fn is_error(side: Side, it: &Kept<'_>) -> bool {
    let kind = it.transport.first().copied().unwrap_or(0);
    let error = match side {
        Side::Six => kind < 128,
        Side::Four => [3, 4, 5, 11, 12].contains(&kind),
    };
    it.protocol == 58 && it.piece.is_none() && error
}

/// Whether `after` is `before` two hops on.
fn is_kept(side: Side, before: &[u8], after: &[u8]) -> Result<(), &'static str> {
    let before = kept(side, before).ok_or("what went in")?;
    let after = kept(side, after).ok_or("what came out")?;
    if before.class != after.class {
        return Err("traffic class");
    }
    if before.hops != after.hops + 2 {
        return Err("hops");
    }
    if before.ends.1 != after.ends.1 {
        return Err("destination");
    }
    if before.protocol != after.protocol || before.piece != after.piece {
        return Err("protocol or fragment");
    }
    if is_error(side, &before) {
        return error_is_kept(side, before.transport, after.transport);
    }
    // A router without an address of the other family may report, but nobody else be without.
    if before.ends.0 != after.ends.0 {
        return Err("source");
    }
    let absent = side == Side::Four && before.protocol == 17 && before.piece.is_none();
    if absent && before.transport.get(6..8) == Some(&[0, 0]) {
        // It has a checksum now.
        let same = before.transport[..6] == after.transport[..6]
            && before.transport[8..] == after.transport[8..];
        return if same { Ok(()) } else { Err("datagram") };
    }
    match before.len == after.len && same(before.transport, after.transport) {
        true => Ok(()),
        false => Err("transport"),
    }
}

/// What an error quotes, any extension behind it left out.
fn quoted(side: Side, message: &[u8]) -> &[u8] {
    let len = match (side, message[0]) {
        (Side::Six, 1 | 3) => usize::from(message[4]) * 8,
        (Side::Six, _) => 0,
        (Side::Four, _) => usize::from(message[5]) * 4,
    };
    split(&message[8..], len).0
}

fn error_is_kept(side: Side, before: &[u8], after: &[u8]) -> Result<(), &'static str> {
    if kind_after(side, before[0], before[1]) != Some((after[0], after[1])) {
        return Err("kind of error");
    }
    let before = kept(side, quoted(side, before)).ok_or("what it quotes")?;
    let after = kept(side, quoted(side, after)).ok_or("what it quotes then")?;
    if (before.class, before.hops, before.ends) != (after.class, after.hops, after.ends) {
        return Err("quoted header");
    }
    if (before.protocol, before.piece, before.len) != (after.protocol, after.piece, after.len) {
        return Err("quoted protocol, fragment or length");
    }
    // Some of the end may be cut off.
    let len = before.transport.len().min(after.transport.len());
    match same(&before.transport[..len], &after.transport[..len]) {
        true => Ok(()),
        false => Err("quoted transport"),
    }
}

impl RoundTrip {
    /// A host, and links that carry all.
    pub fn new() -> RoundTrip {
        let translator = |rule: &str| {
            let prefix = "prefix 2001:db8:64::/96";
            let statements = [prefix, rule, "set lowest-ipv6-mtu = 65535"];
            let config = Config::parse(&statements.map(String::from)).expect("a configuration");
            let (six, four) = (65535, 65535);
            Translator::new(config, Mtu { six, four })
        };
        let addr = |text: &str| text.parse().expect("an address");
        let ports = (4000, 4000, 7);
        RoundTrip {
            near: translator("map from 2001:db8:6::a to 192.0.2.1 stateless"),
            far: translator("map from 192.0.2.1 to 2001:db8:6::a stateless"),
            ends: Ends {
                host6: addr("2001:db8:6::a"),
                peer6: addr("2001:db8:64::198.51.100.20"),
                host4: [192, 0, 2, 1].into(),
                peer4: [198, 51, 100, 20].into(),
                udp: ports,
                tcp: ports,
                echo: (99, 99, 99),
            },
        }
    }

    /// A packet of these choices there and back; panics if it has changed.
    pub fn structured(&self, bytes: &[u8], tally: &mut Tally) {
        let mut rng = Rng::new(bytes);
        let (ends, turned) = (self.ends, self.ends.turned());
        let (side, packet, from_host) = match rng.byte() % 4 {
            0 => (Side::Six, packet6(&ends, &mut rng), true),
            1 => (Side::Six, packet6(&turned, &mut rng), false),
            2 => (Side::Four, packet4(&ends, &mut rng), false),
            _ => (Side::Four, packet4(&turned, &mut rng), true),
        };
        // Who is near to the host's side takes its packets first.
        let (mut first, mut second) = match (side, from_host) {
            (Side::Six, true) | (Side::Four, false) => (self.near.clone(), self.far.clone()),
            _ => (self.far.clone(), self.near.clone()),
        };
        let Outcome::Out(between) = first.packet(side, &packet) else {
            tally.dropped += 1;
            return;
        };
        let before = kept(side, &packet).expect("a packet");
        if side == Side::Four && before.becomes_header() {
            tally.other += 1;
            return;
        }
        let outcome = second.packet(side.other(), &between);
        let complain = |what: &str| {
            panic!(
                "{side:?} {what}\nthe packet:      {}\nin between:      {}\ncomes out as:    {}",
                show(&packet),
                show(&between),
                match &outcome {
                    Outcome::Out(after) => show(after),
                    outcome => format!("{outcome:?}"),
                }
            )
        };
        match &outcome {
            Outcome::Out(after) => match is_kept(side, &packet, after) {
                Ok(()) => tally.out += 1,
                Err(what) => complain(what),
            },
            Outcome::Dropped("hop-limit") if before.hops == 2 => tally.dropped += 1,
            // Nobody reports in the name of an IPv4 host that is not on this side.
            Outcome::Dropped("source-in-prefix") if is_error(side, &before) => tally.dropped += 1,
            // IGMP does not cross routers.
            Outcome::Dropped("unknown-protocol") if before.protocol == 2 => tally.dropped += 1,
            _ => complain("is lost"),
        }
    }
}

impl Default for RoundTrip {
    fn default() -> Self {
        RoundTrip::new()
    }
}
