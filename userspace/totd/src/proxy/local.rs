// SPDX-License-Identifier: GPL-2.0

//! Names that are answered here: ipv4only.arpa (RFC 7050, RFC 8880), and its reverse names.

use std::net::IpAddr;

use natpt_core::discovery::{ADDRESSES, NAME};

use super::assemble::Asked;
use super::reverse;
use super::settings::Settings;
use crate::wire::{class, rcode, rtype, Malformed, Name, Question, Section, Writer};

/// A day: none of this ever changes but with the configuration.
const TTL: u32 = 86_400;
/// Time for which a prefix may be remembered.
const PREFIX_TTL: u32 = 3600;

/// The answer's records, and its RCODE.
struct Content {
    rcode: u8,
    records: Vec<(u16, u32, Vec<u8>)>,
}

/// The answer, if the question is about one of the names.
pub fn answer(
    settings: &Settings,
    client: IpAddr,
    question: &Question,
    asked: &Asked<'_>,
) -> Option<Result<Vec<u8>, Malformed>> {
    let name = Name::from_text(NAME)?;
    if question.class != class::IN || !settings.synthesises_for(client) {
        return None;
    }
    let content = if question.name == name {
        known(
            settings,
            client,
            question.rtype,
            !asked.header.checking_disabled(),
        )?
    } else if question.name.is_under(&name) {
        // DS of the name itself is the parent's to answer, and nothing is below it.
        nothing(rcode::NXDOMAIN)
    } else {
        let addr = reverse::address(&question.name)?;
        let prefix = settings.prefix_of(addr)?;
        if !ADDRESSES.contains(&prefix.extract(addr)) {
            return None;
        }
        match question.rtype {
            rtype::PTR => Content {
                rcode: rcode::NOERROR,
                records: vec![(rtype::PTR, TTL, name.wire().to_vec())],
            },
            _ => nothing(rcode::NOERROR),
        }
    };
    Some(write(&name, content, asked))
}

fn nothing(rcode: u8) -> Content {
    let records = Vec::new();
    Content { rcode, records }
}

/// The records of the name itself; None: the forwarders know.
fn known(settings: &Settings, client: IpAddr, rtype: u16, synthesise: bool) -> Option<Content> {
    let records = match rtype {
        rtype::A => ADDRESSES
            .iter()
            .map(|addr| (rtype::A, TTL, addr.octets().to_vec()))
            .collect(),
        // For every prefix, whatever may be synthesised for other names.
        rtype::AAAA if synthesise => settings
            .for_client(client)
            .flat_map(|rule| ADDRESSES.map(|addr| rule.prefix.embed(addr)))
            .map(|addr| (rtype::AAAA, PREFIX_TTL, addr.octets().to_vec()))
            .collect(),
        rtype::DS => return None,
        _ => Vec::new(),
    };
    let rcode = rcode::NOERROR;
    Some(Content { rcode, records })
}

fn write(name: &Name, content: Content, asked: &Asked<'_>) -> Result<Vec<u8>, Malformed> {
    let mut header = asked.header.answer();
    header.set_rcode(content.rcode);
    let mut writer = Writer::new(header, asked.question);
    let (owner, _) = Name::parse(asked.question, 0)?;
    for (rtype, ttl, data) in &content.records {
        writer.record(Section::Answer, &owner, [*rtype, class::IN], *ttl, data);
    }
    if content.records.is_empty() {
        // So that the absence can be remembered.
        let soa = [rtype::SOA, class::IN];
        writer.record(Section::Authority, name, soa, PREFIX_TTL, &soa_data(name));
    }
    writer.finish()
}

/// ipv4only.arpa. nobody.invalid. 1 3600 3600 3600 3600
fn soa_data(name: &Name) -> Vec<u8> {
    let mut data = name.wire().to_vec();
    data.extend_from_slice(b"\x06nobody\x07invalid\x00");
    for number in [1, PREFIX_TTL, PREFIX_TTL, PREFIX_TTL, PREFIX_TTL] {
        data.extend_from_slice(&number.to_be_bytes());
    }
    data
}
