// SPDX-License-Identifier: GPL-2.0

//! A message, read in place.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::edns::Edns;
use super::field::{class, rtype, u16_at, u32_at, Malformed, HEADER};
use super::name::Name;

/// The first twelve bytes.
#[derive(Clone, Copy)]
pub struct Header([u8; HEADER]);

impl Header {
    const QR: u8 = 0x80;
    const AA: u8 = 0x04;
    const TC: u8 = 0x02;
    const RD: u8 = 0x01;
    const RA: u8 = 0x80;
    const AD: u8 = 0x20;
    const CD: u8 = 0x10;

    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.first_chunk().copied().map(Self).ok_or(Malformed)
    }

    pub fn new(id: u16) -> Self {
        let [high, low] = id.to_be_bytes();
        Self([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    pub fn bytes(&self) -> &[u8; HEADER] {
        &self.0
    }

    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    pub fn opcode(&self) -> u8 {
        (self.0[2] >> 3) & 0xf
    }

    pub fn rcode(&self) -> u8 {
        self.0[3] & 0xf
    }

    pub fn is_answer(&self) -> bool {
        self.0[2] & Self::QR != 0
    }

    pub fn truncated(&self) -> bool {
        self.0[2] & Self::TC != 0
    }

    pub fn recursion_desired(&self) -> bool {
        self.0[2] & Self::RD != 0
    }

    pub fn checking_disabled(&self) -> bool {
        self.0[3] & Self::CD != 0
    }

    /// Numbers of entries in question, answer, authority and additional section.
    pub fn counts(&self) -> [u16; 4] {
        [4, 6, 8, 10].map(|at| u16::from_be_bytes([self.0[at], self.0[at + 1]]))
    }

    pub fn set_id(&mut self, id: u16) {
        [self.0[0], self.0[1]] = id.to_be_bytes();
    }

    pub fn set_counts(&mut self, counts: [u16; 4]) {
        for (count, at) in counts.into_iter().zip([4, 6, 8, 10]) {
            [self.0[at], self.0[at + 1]] = count.to_be_bytes();
        }
    }

    pub fn set_truncated(&mut self) {
        self.0[2] |= Self::TC;
    }

    pub fn set_recursion_desired(&mut self, on: bool) {
        self.0[2] = self.0[2] & !Self::RD | if on { Self::RD } else { 0 };
    }

    pub fn set_rcode(&mut self, rcode: u8) {
        self.0[3] = self.0[3] & 0xf0 | rcode & 0xf;
    }

    /// An answer to `self` that is nobody's word but ours: opcode, RD and CD as asked.
    pub fn answer(&self) -> Self {
        let mut header = *self;
        header.0[2] = self.0[2] & !(Self::AA | Self::TC) | Self::QR;
        header.0[3] = self.0[3] & Self::CD | Self::RA;
        header
    }

    pub fn authentic(&self) -> bool {
        self.0[3] & Self::AD != 0
    }

    pub fn set_authentic(&mut self, on: bool) {
        self.0[3] = self.0[3] & !Self::AD | if on { Self::AD } else { 0 };
    }

    pub fn set_checking_disabled(&mut self, on: bool) {
        self.0[3] = self.0[3] & !Self::CD | if on { Self::CD } else { 0 };
    }

    /// Mark as neither authoritative nor authentic, for what was changed is not.
    pub fn disclaim(&mut self) {
        self.0[2] &= !Self::AA;
        self.0[3] &= !Self::AD;
    }
}

/// The one question of a query.
#[derive(Clone, Debug)]
pub struct Question {
    pub name: Name,
    pub rtype: u16,
    pub class: u16,
}

impl Question {
    /// The bytes it takes in a message.
    pub fn wire(&self) -> Vec<u8> {
        let mut bytes = self.name.wire().to_vec();
        bytes.extend_from_slice(&self.rtype.to_be_bytes());
        bytes.extend_from_slice(&self.class.to_be_bytes());
        bytes
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

/// A resource record; its data is a range of the message.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    pub section: Section,
    pub name: Name,
    pub rtype: u16,
    pub class: u16,
    pub ttl: u32,
    pub rdata: &'a [u8],
    /// Offsets of the record and of its data in the message.
    pub at: usize,
    pub rdata_at: usize,
}

impl Record<'_> {
    pub fn a(&self) -> Option<Ipv4Addr> {
        let bytes: [u8; 4] = self.data(rtype::A)?.try_into().ok()?;
        Some(bytes.into())
    }

    pub fn aaaa(&self) -> Option<Ipv6Addr> {
        let bytes: [u8; 16] = self.data(rtype::AAAA)?.try_into().ok()?;
        Some(bytes.into())
    }

    /// Where its TTL is in the message.
    pub fn ttl_at(&self) -> usize {
        self.rdata_at - 6
    }

    /// Where it ends in the message.
    pub fn end(&self) -> usize {
        self.rdata_at + self.rdata.len()
    }

    fn data(&self, rtype: u16) -> Option<&[u8]> {
        (self.rtype == rtype && self.class == class::IN).then_some(self.rdata)
    }

    /// The type that a signature covers.
    pub fn covers(&self) -> Option<u16> {
        (self.rtype == rtype::RRSIG)
            .then(|| u16_at(self.rdata, 0).ok())
            .flatten()
    }
}

/// A message with exactly one question.
pub struct Message<'a> {
    pub bytes: &'a [u8],
    pub header: Header,
    pub question: Question,
    /// End of the question.
    pub records_at: usize,
}

impl<'a> Message<'a> {
    /// Read header and question; the records only when they are asked for.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Header::parse(bytes)?;
        if header.counts()[0] != 1 {
            return Err(Malformed);
        }
        let (name, at) = Name::parse(bytes, HEADER)?;
        let question = Question {
            rtype: u16_at(bytes, at)?,
            class: u16_at(bytes, at + 2)?,
            name,
        };
        Ok(Self {
            bytes,
            header,
            question,
            records_at: at + 4,
        })
    }

    /// All records, or an error in place of the first that cannot be read.
    pub fn records(&self) -> impl Iterator<Item = Result<Record<'a>, Malformed>> {
        let bytes = self.bytes;
        let [_, answer, authority, additional] = self.header.counts();
        let mut left = [answer, authority, additional];
        let mut at = Some(self.records_at);
        std::iter::from_fn(move || {
            let start = at?;
            let sections = [Section::Answer, Section::Authority, Section::Additional];
            let (count, section) = left.iter_mut().zip(sections).find(|(n, _)| **n > 0)?;
            *count -= 1;
            let record = record(bytes, start, section);
            at = record.as_ref().ok().map(|(_, next)| *next);
            Some(record.map(|(record, _)| record))
        })
    }

    /// Read all records once.
    pub fn all_records(&self) -> Result<Vec<Record<'a>>, Malformed> {
        self.records().collect()
    }

    /// The OPT record, if there is one.
    pub fn edns(&self) -> Result<Option<Edns<'a>>, Malformed> {
        for record in self.records() {
            let record = record?;
            if record.section == Section::Additional && record.rtype == rtype::OPT {
                let wire = self.bytes.get(record.at..record.end()).unwrap_or_default();
                return Ok(Some(Edns {
                    at: record.at,
                    wire,
                    options: record.rdata,
                    size: record.class,
                    ttl: record.ttl,
                }));
            }
        }
        Ok(None)
    }
}

fn record(bytes: &[u8], start: usize, section: Section) -> Result<(Record<'_>, usize), Malformed> {
    let (name, at) = Name::parse(bytes, start)?;
    let rdata_at = at + 10;
    let next = rdata_at + usize::from(u16_at(bytes, at + 8)?);
    let record = Record {
        section,
        name,
        rtype: u16_at(bytes, at)?,
        class: u16_at(bytes, at + 2)?,
        ttl: u32_at(bytes, at + 4)?,
        rdata: bytes.get(rdata_at..next).ok_or(Malformed)?,
        at: start,
        rdata_at,
    };
    Ok((record, next))
}
