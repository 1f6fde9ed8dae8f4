// SPDX-License-Identifier: GPL-2.0
//! What was seen, beside what a case expects.

use crate::{
    build::{Builder, Defaults},
    case::{Case, Side, Step},
    text::Layer,
    value::{Error, Names, Scope, Value},
};

/// How a packet came to be, which tells what its fields are by default.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Sent,
    Translated,
    /// Made by the router in answer.
    Answer,
}

/// A case as it goes on.
pub struct Trial<'a> {
    case: &'a Case,
    names: Names,
    sent: Vec<u8>,
}

impl<'a> Trial<'a> {
    /// Begins a case.
    pub fn new(case: &'a Case) -> Trial<'a> {
        Trial {
            case,
            names: Names::new(),
            sent: Vec::new(),
        }
    }

    /// The packet that a step sends.
    pub fn packet(&mut self, step: &Step) -> Result<Vec<u8>, Error> {
        let packet = self.build(&step.packet, step.side, Role::Sent, None);
        let packet = packet.map_err(|error| format!("{}: {error}", step.line))?;
        self.sent.clone_from(&packet);
        Ok(packet)
    }

    /// Compares what came out on one side with what should have.
    pub fn compare(&mut self, step: &Step, side: Side, seen: &[Vec<u8>]) -> Result<(), Error> {
        let role = if side == step.side {
            Role::Answer
        } else {
            Role::Translated
        };
        let expected = step.expected.iter().filter(|(on, _)| *on == side);
        let expected: Vec<_> = expected.map(|(_, layers)| layers).collect();
        for (at, layers) in expected.iter().enumerate() {
            let Some(packet) = seen.get(at) else {
                return Err(format!("{}: nothing came out on side {side:?}", step.line));
            };
            let wanted = self.build(layers, side, role, Some(packet));
            let wanted = wanted.map_err(|error| format!("{}: {error}", step.line))?;
            if wanted != *packet {
                return Err(difference(step, &wanted, packet));
            }
        }
        match seen.get(expected.len()) {
            Some(packet) => Err(format!(
                "{}: one too many came out: {}",
                step.line,
                show(packet)
            )),
            None => Ok(()),
        }
    }

    fn build(
        &mut self,
        layers: &[Layer],
        side: Side,
        role: Role,
        seen: Option<&[u8]>,
    ) -> Result<Vec<u8>, Error> {
        let address = |name: &str| match self.case.addresses.get(name) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        let client = (address("A6"), address("S46"));
        let server = (address("S4"), address("POOL"));
        let back = |(a, b): (u128, u128)| (b, a);
        let (six, four) = match (side, role) {
            (Side::Six, Role::Sent) | (Side::Four, Role::Translated) => (client, back(server)),
            (Side::Four, Role::Sent) | (Side::Six, Role::Translated) => (back(client), server),
            (_, Role::Answer) => ((address("R6"), client.0), (address("R4"), server.0)),
        };
        let outer = Defaults {
            six,
            four,
            hop_limit: if role == Role::Translated { 63 } else { 64 },
            id: if role == Role::Sent {
                Value::Number(0x1234)
            } else {
                Value::Any
            },
            flow: if role == Role::Answer {
                Value::Any
            } else {
                Value::Number(0)
            },
            // The kernel's own ICMP errors are internetwork control.
            tos: if (side, role) == (Side::Four, Role::Answer) {
                0xc0
            } else {
                0
            },
        };
        let inner = Defaults {
            six: back(six),
            four: back(four),
            hop_limit: 64,
            id: Value::Number(0),
            flow: Value::Number(0),
            tos: 0,
        };
        let mut builder = Builder {
            scope: Scope {
                names: &mut self.names,
                seen,
            },
            defaults: [outer, inner],
            sent: &self.sent,
        };
        builder.build(layers)
    }
}

fn difference(step: &Step, wanted: &[u8], seen: &[u8]) -> Error {
    let pairs = wanted.iter().zip(seen);
    let at = pairs.take_while(|(a, b)| a == b).count();
    format!(
        "{}: differs at byte {at}\nwanted: {}\nseen:   {}",
        step.line,
        show(wanted),
        show(seen)
    )
}

/// A packet in hexadecimal, four bytes a group; the middle of a long one is left out.
pub fn show(packet: &[u8]) -> String {
    let groups = |bytes: &[u8]| {
        let words = bytes.chunks(4).map(|word| {
            word.iter()
                .map(|it| format!("{it:02x}"))
                .collect::<Vec<_>>()
                .concat()
        });
        words.collect::<Vec<String>>().join(" ")
    };
    match packet.len() {
        0..=160 => format!("{} ({})", groups(packet), packet.len()),
        len => format!(
            "{} … {} ({len})",
            groups(&packet[..144]),
            groups(&packet[len - 16..])
        ),
    }
}
