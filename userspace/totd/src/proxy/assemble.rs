// SPDX-License-Identifier: GPL-2.0

//! Answers that are put together from the answers of forwarders (RFC 6147 section 5.4).

use std::net::Ipv6Addr;

use daemon::net::{within, Net};

use crate::config::NamePattern;
use crate::wire::{class, rtype, Header, Malformed, Message, Name, Record, Section, Writer};

/// The fate of a record of the answer section.
pub enum Edit<'a> {
    Keep,
    Drop,
    /// AAAA records in its place.
    Aaaa(Vec<Ipv6Addr>, u32),
    /// The same under another name.
    Rename(&'a Name),
}

/// The client's question.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub header: Header,
    /// The question's bytes.
    pub question: &'a [u8],
    /// Networks and names whose AAAA records are not for the client.
    pub excluded: &'a [Net],
    pub excluded_names: &'a [NamePattern],
    /// The name asked for is one of them, wherever it leads.
    pub is_excluded: bool,
}

impl Asked<'_> {
    /// The same, with nothing excluded.
    pub fn with_all(self) -> Self {
        Self {
            excluded: &[],
            excluded_names: &[],
            is_excluded: false,
            ..self
        }
    }

    /// An excluded AAAA record, in whatever section (RFC 6147 section 5.1.4).
    pub fn excludes(&self, record: &Record<'_>) -> bool {
        record.aaaa().is_some_and(|addr| {
            let names = self.excluded_names;
            (self.is_excluded && record.section == Section::Answer)
                || within(self.excluded, addr.into())
                || names.iter().any(|pattern| pattern.matches(&record.name))
        })
    }

    /// The owners of excluded records.
    pub fn excluded_in(&self, message: &Message<'_>) -> Result<Vec<Name>, Malformed> {
        if self.excluded.is_empty() && self.excluded_names.is_empty() {
            return Ok(Vec::new());
        }
        let records = message.all_records()?.into_iter();
        let excluded = records.filter(|record| self.excludes(record));
        Ok(excluded.map(|record| record.name).collect())
    }
}

/// An answer to `asked`: the aliases that led to the last answer, the last answer's records as
/// `edit` says, and its other sections as they are, all without excluded records.
pub fn assemble<'a>(
    asked: &Asked<'_>,
    aliases: &[Vec<u8>],
    last: &Message<'_>,
    mut edit: impl FnMut(&Record<'_>) -> Edit<'a>,
) -> Result<Vec<u8>, Malformed> {
    let mut header = last.header;
    header.set_id(asked.header.id());
    header.disclaim();
    let mut writer = Writer::new(header, asked.question);
    for answer in aliases {
        let answer = Message::parse(answer)?;
        for record in answer.records() {
            let record = record?;
            if record.section == Section::Answer {
                writer.copy(&answer, &record)?;
            }
        }
    }
    let owners = asked.excluded_in(last)?;
    for record in last.records() {
        let record = record?;
        let is_signature = record.covers() == Some(rtype::AAAA);
        let action = match record.section {
            _ if asked.excludes(&record) => Edit::Drop,
            _ if is_signature && owners.contains(&record.name) => Edit::Drop,
            Section::Answer => edit(&record),
            _ => Edit::Keep,
        };
        match action {
            Edit::Keep => writer.copy(last, &record)?,
            Edit::Drop => (),
            Edit::Aaaa(addrs, ttl) => {
                for addr in addrs {
                    let head = [rtype::AAAA, class::IN];
                    writer.record(record.section, &record.name, head, ttl, &addr.octets());
                }
            }
            Edit::Rename(name) => {
                let renamed = Record {
                    name: name.clone(),
                    ..record
                };
                writer.copy(last, &renamed)?;
            }
        }
    }
    writer.finish()
}

/// The name at the end of an answer's aliases, if the answer does not say what it has.
pub fn dangling(answer: &Message<'_>, records: &[Record<'_>]) -> Option<Name> {
    let question = &answer.question.name;
    // With a SOA the end is known to have nothing.
    if records
        .iter()
        .any(|one| one.section == Section::Authority && one.rtype == rtype::SOA)
    {
        return None;
    }
    let mut name = question.clone();
    // Each alias leads on at most once.
    for _ in records {
        let next = records.iter().find(|one| {
            one.section == Section::Answer && one.rtype == rtype::CNAME && one.name == name
        });
        match next.map(|one| Name::parse(answer.bytes, one.rdata_at)) {
            Some(Ok((target, _))) => name = target,
            _ => break,
        }
    }
    (name != *question).then_some(name)
}
