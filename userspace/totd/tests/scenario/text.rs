// SPDX-License-Identifier: GPL-2.0
//! Records as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use totd::wire::{Message, Name, Record, Section, Writer};

const TYPES: [(u16, &str); 17] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (46, "RRSIG"),
    (65, "HTTPS"),
    (250, "TSIG"),
    (252, "AXFR"),
    (255, "ANY"),
];

const RCODES: [&str; 6] = [
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
];

pub fn rtype(text: &str) -> u16 {
    let known = TYPES.iter().find(|(_, name)| *name == text);
    known.map_or_else(
        || text["TYPE".len()..].parse().unwrap(),
        |(rtype, _)| *rtype,
    )
}

pub fn rtype_name(rtype: u16) -> String {
    let known = TYPES.iter().find(|(known, _)| *known == rtype);
    known.map_or(format!("TYPE{rtype}"), |(_, name)| name.to_string())
}

pub fn rcode(text: &str) -> u8 {
    RCODES.iter().position(|name| *name == text).unwrap() as u8
}

pub fn rcode_name(rcode: u8) -> String {
    RCODES[usize::from(rcode)].into()
}

pub fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Write `[au|ad] NAME TTL TYPE DATA`.
pub fn write(writer: &mut Writer, line: &str) {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let section = match words[0] {
        "au" => Section::Authority,
        "ad" => Section::Additional,
        _ => Section::Answer,
    };
    if section != Section::Answer {
        words.remove(0);
    }
    let [owner, ttl, kind, data @ ..] = words.as_slice() else {
        panic!("no record: {line}");
    };
    let owner = name(owner);
    let mut ttl: u32 = ttl.parse().unwrap();
    let mut class = 1;
    let kind = rtype(kind);
    match kind {
        // names, which become compressed
        2 | 5 | 12 | 39 => {
            let to = name(data[0]);
            return writer.pointer(section, &owner, [kind, class], ttl, &to);
        }
        _ => (),
    }
    let data = match kind {
        1 => data[0].parse::<Ipv4Addr>().unwrap().octets().to_vec(),
        28 => data[0].parse::<Ipv6Addr>().unwrap().octets().to_vec(),
        6 => {
            let mut bytes = [name(data[0]).wire(), name(data[1]).wire()].concat();
            for number in [1, 3600, 600, 86400, data[2].parse::<u32>().unwrap()] {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            bytes
        }
        15 => {
            let number: u16 = data[0].parse().unwrap();
            [&number.to_be_bytes(), name(data[1]).wire()].concat()
        }
        33 => {
            let numbers = data[..3]
                .iter()
                .flat_map(|n| n.parse::<u16>().unwrap().to_be_bytes());
            numbers
                .chain(name(data[3]).wire().iter().copied())
                .collect()
        }
        16 => [&[data[0].len() as u8], data[0].as_bytes()].concat(),
        // size, then flags and options
        41 => {
            class = data[0].parse().unwrap();
            let mut options = Vec::new();
            for word in &data[1..] {
                match word.split_once('=') {
                    None if *word == "do" => ttl |= 0x8000,
                    Some(("version", version)) => ttl |= version.parse::<u32>().unwrap() << 16,
                    Some(("rcode", upper)) => ttl |= upper.parse::<u32>().unwrap() << 24,
                    Some(("ede", code)) => {
                        let code: u16 = code.parse().unwrap();
                        options.extend_from_slice(&[0, 15, 0, 2]);
                        options.extend_from_slice(&code.to_be_bytes());
                    }
                    _ => panic!("{line}"),
                }
            }
            options
        }
        // the type covered, then whatever
        46 => {
            let mut bytes = rtype(data[0]).to_be_bytes().to_vec();
            bytes.extend_from_slice(&[8, 2, 0, 0, 14, 16, 0, 0, 0, 2, 0, 0, 0, 1, 0, 7]);
            bytes.extend_from_slice(name("example.").wire());
            bytes.extend_from_slice(b"signature");
            bytes
        }
        _ => hex(&data.concat()),
    };
    writer.record(section, &owner, [kind, class], ttl, &data);
}

/// The record as `write` reads it.
pub fn read(message: &Message<'_>, record: &Record<'_>) -> String {
    let section = match record.section {
        Section::Answer => "",
        Section::Authority => "au ",
        Section::Additional => "ad ",
    };
    let kind = rtype_name(record.rtype);
    let in_message = |at| Name::parse(message.bytes, at).unwrap();
    let number = |at: usize| u16::from_be_bytes([record.rdata[at], record.rdata[at + 1]]);
    let at = record.rdata_at;
    let mut ttl = record.ttl;
    let data = match record.rtype {
        1 => Ipv4Addr::from(<[u8; 4]>::try_from(record.rdata).unwrap()).to_string(),
        28 => Ipv6Addr::from(<[u8; 16]>::try_from(record.rdata).unwrap()).to_string(),
        2 | 5 | 12 | 39 => in_message(at).0.to_string(),
        6 => {
            let (mname, next) = in_message(at);
            let (rname, end) = in_message(next);
            let minimum = u32::from_be_bytes(*message.bytes[end + 16..].first_chunk().unwrap());
            format!("{mname} {rname} {minimum}")
        }
        15 => format!("{} {}", number(0), in_message(at + 2).0),
        33 => format!(
            "{} {} {} {}",
            number(0),
            number(2),
            number(4),
            in_message(at + 6).0
        ),
        16 => String::from_utf8(record.rdata[1..].to_vec()).unwrap(),
        41 => {
            let mut text = record.class.to_string();
            if ttl & 0x8000 != 0 {
                text += " do";
            }
            if ttl >> 24 != 0 {
                text += &format!(" rcode={}", ttl >> 24);
            }
            if let Some(code) = record.rdata.get(4..6) {
                text += &format!(" ede={}", u16::from_be_bytes([code[0], code[1]]));
            }
            ttl = 0;
            text
        }
        46 => rtype_name(record.covers().unwrap()),
        _ => {
            let digits: Vec<String> = record
                .rdata
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            digits.concat()
        }
    };
    format!("{section}{} {ttl} {kind} {data}", record.name)
        .trim_end()
        .into()
}
