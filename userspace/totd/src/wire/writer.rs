// SPDX-License-Identifier: GPL-2.0

//! Builds a message, with compressed names.

use super::field::{Malformed, HEADER};
use super::message::{Header, Message, Record, Section};
use super::name::Name;
use super::rdata;

/// The longest message.
const LONGEST: usize = 65535;
/// Reach of a compression pointer.
const POINTER_REACH: usize = 0x4000;
/// Number of places where a name is looked for; keeps big messages cheap.
const PLACES: usize = 64;

pub struct Writer {
    header: Header,
    bytes: Vec<u8>,
    counts: [u16; 4],
    /// Offsets of names and their parents.
    names: Vec<u16>,
}

impl Writer {
    /// A message with this header and the question in these bytes.
    pub fn new(header: Header, question: &[u8]) -> Self {
        let mut writer = Self {
            header,
            bytes: header.bytes().to_vec(),
            counts: [1, 0, 0, 0],
            names: Vec::with_capacity(PLACES),
        };
        writer.bytes.reserve(UDP_TYPICAL);
        writer.bytes.extend_from_slice(question);
        writer.remember(HEADER, question);
        writer
    }

    /// A record with data that holds no name.
    pub fn record(&mut self, section: Section, name: &Name, head: [u16; 2], ttl: u32, data: &[u8]) {
        self.name(name.wire());
        self.fixed(head, ttl);
        self.bytes.extend_from_slice(data);
        self.end_data(data.len());
        self.count(section);
    }

    /// A record with a name as data.
    pub fn pointer(&mut self, section: Section, name: &Name, head: [u16; 2], ttl: u32, to: &Name) {
        self.name(name.wire());
        self.fixed(head, ttl);
        let start = self.bytes.len();
        self.name(to.wire());
        self.end_data(self.bytes.len() - start);
        self.count(section);
    }

    /// A record of another message, its names freed from that message's compression.
    pub fn copy(&mut self, from: &Message<'_>, record: &Record<'_>) -> Result<(), Malformed> {
        self.name(record.name.wire());
        self.fixed([record.rtype, record.class], record.ttl);
        let start = self.bytes.len();
        self.data(from.bytes, record)?;
        self.end_data(self.bytes.len() - start);
        self.count(record.section);
        Ok(())
    }

    /// A whole record without compressed names, in the additional section.
    pub fn raw(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.count(Section::Additional);
    }

    pub fn finish(mut self) -> Result<Vec<u8>, Malformed> {
        if self.bytes.len() > LONGEST {
            return Err(Malformed);
        }
        self.header.set_counts(self.counts);
        if let Some(head) = self.bytes.first_chunk_mut() {
            *head = *self.header.bytes();
        }
        Ok(self.bytes)
    }

    fn fixed(&mut self, [rtype, class]: [u16; 2], ttl: u32) {
        self.bytes.extend_from_slice(&rtype.to_be_bytes());
        self.bytes.extend_from_slice(&class.to_be_bytes());
        self.bytes.extend_from_slice(&ttl.to_be_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
    }

    /// Fill the length in, `len` bytes back.
    fn end_data(&mut self, len: usize) {
        let at = self.bytes.len() - len - 2;
        // A longer one makes the whole message too long.
        let len = u16::try_from(len).unwrap_or(u16::MAX);
        if let Some(field) = self
            .bytes
            .get_mut(at..)
            .and_then(|rest| rest.first_chunk_mut())
        {
            *field = len.to_be_bytes();
        }
    }

    fn count(&mut self, section: Section) {
        let count = &mut self.counts[1 + section as usize];
        *count = count.saturating_add(1);
    }

    fn data(&mut self, from: &[u8], record: &Record<'_>) -> Result<(), Malformed> {
        let Some(layout) = rdata::layout(record.rtype, record.rdata) else {
            self.bytes.extend_from_slice(record.rdata);
            return Ok(());
        };
        let before = record.rdata.get(..layout.before).ok_or(Malformed)?;
        self.bytes.extend_from_slice(before);
        let end = record.rdata_at + record.rdata.len();
        let mut at = record.rdata_at + layout.before;
        for _ in 0..layout.names {
            let (name, next) = Name::parse(from, at)?;
            if layout.compress {
                self.name(name.wire());
            } else {
                self.bytes.extend_from_slice(name.wire());
            }
            at = next;
        }
        let rest = from.get(at..end).ok_or(Malformed)?;
        self.bytes.extend_from_slice(rest);
        Ok(())
    }

    fn name(&mut self, name: &[u8]) {
        let start = self.bytes.len();
        let mut at = 0;
        loop {
            let rest = name.get(at..).unwrap_or_default();
            let len = usize::from(rest.first().copied().unwrap_or(0));
            if len == 0 {
                self.bytes.extend_from_slice(&name[..at]);
                self.bytes.push(0);
                break;
            }
            if let Some(&place) = self.names.iter().find(|place| self.is_at(rest, **place)) {
                self.bytes.extend_from_slice(&name[..at]);
                self.bytes
                    .extend_from_slice(&(0xc000 | place).to_be_bytes());
                break;
            }
            at += 1 + len;
        }
        self.remember(start, &name[..at]);
    }

    /// Remember the places of the labels of `name`, written at `start`.
    fn remember(&mut self, start: usize, name: &[u8]) {
        let mut at = 0;
        while let Some(&len @ 1..=63) = name.get(at) {
            if self.names.len() == PLACES || start + at >= POINTER_REACH {
                break;
            }
            self.names.push((start + at) as u16);
            at += 1 + usize::from(len);
        }
    }

    /// True if `name`, letter by letter, stands at `place`.
    fn is_at(&self, mut name: &[u8], place: u16) -> bool {
        let mut at = usize::from(place);
        loop {
            let here = self.bytes.get(at..).unwrap_or_default();
            match here.first() {
                Some(0) => return name == [0],
                Some(&high @ 0xc0..) => {
                    let low = here.get(1).copied().unwrap_or(0);
                    at = usize::from(u16::from_be_bytes([high & 0x3f, low]));
                }
                Some(&len) => {
                    let label = here.get(..1 + usize::from(len)).unwrap_or_default();
                    match name.strip_prefix(label) {
                        Some(rest) if !label.is_empty() => name = rest,
                        _ => return false,
                    }
                    at += label.len();
                }
                None => return false,
            }
        }
    }
}

/// Room for what most answers take.
const UDP_TYPICAL: usize = 256;
