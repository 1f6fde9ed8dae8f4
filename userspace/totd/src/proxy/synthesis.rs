// SPDX-License-Identifier: GPL-2.0

//! AAAA answers made from A records (RFC 6147 sections 5.1 and 5.5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::assemble::{assemble, dangling, Asked, Edit};
use super::settings::Settings;
use crate::config::Dnssec;
use crate::wire::{rcode, rtype, Malformed, Message, Name, Record, Section};

/// The TTL when no SOA record tells one (RFC 6147 section 5.1.7).
pub const NO_SOA_TTL: u32 = 600;

/// The consequence of an AAAA answer.
#[derive(Debug)]
pub enum Aaaa {
    /// It stands as it came.
    Stands,
    /// This in its place.
    Reply(Vec<u8>),
    /// The A records are asked for; what they become lives no longer than this.
    QueryA(u32),
    /// It may be that validation failed: the same is asked for without.
    Check,
    /// The alias's target is asked for.
    Follow(Name),
}

/// The consequence of an A answer.
#[derive(Debug)]
pub enum A {
    /// AAAA records were made.
    Made(Vec<u8>),
    /// There was nothing to make them from, and this is the answer.
    Reply(Vec<u8>),
    /// There are A records, but none that may be used.
    Nothing,
    /// They are signed, and so not to be used.
    Strict,
    Follow(Name),
}

/// A query in the middle of its synthesis.
pub struct Synthesis<'a> {
    pub settings: &'a Settings,
    pub asked: Asked<'a>,
    /// The client wants signatures.
    pub dnssec: bool,
    pub client: IpAddr,
    /// The turn of prefixes that take turns.
    pub turn: usize,
    /// Answers with the aliases that led here.
    pub aliases: &'a [Vec<u8>],
}

impl Synthesis<'_> {
    pub fn judge_aaaa(&self, answer: &Message<'_>) -> Result<Aaaa, Malformed> {
        let records = answer.all_records()?;
        match answer.header.rcode() {
            rcode::NXDOMAIN => return self.as_it_came(answer),
            rcode::NOERROR if is_extended(answer)? => return self.as_it_came(answer),
            rcode::NOERROR => (),
            // A validating forwarder's refusal is not an absent record (RFC 6147 section 5.5).
            _ if is_bogus(answer)? => return self.as_it_came(answer),
            rcode::SERVFAIL if !is_explained(answer)? => return Ok(Aaaa::Check),
            _ => return Ok(Aaaa::QueryA(NO_SOA_TTL)),
        }
        let (mut usable, mut excluded) = (0, 0);
        for record in &records {
            if record.section == Section::Answer && record.aaaa().is_some() {
                match self.asked.excludes(record) {
                    true => excluded += 1,
                    false => usable += 1,
                }
            }
        }
        // What does not fit is there: the forwarder has no TCP to say more.
        let unfit = excluded == 0 && answer.header.truncated();
        if usable > 0 || unfit || self.is_strict(&records) {
            return self.as_it_came(answer);
        }
        if excluded == 0 {
            if let Some(target) = dangling(answer, &records) {
                return Ok(Aaaa::Follow(target));
            }
        }
        let soa = records
            .iter()
            .find(|one| one.section == Section::Authority && one.rtype == rtype::SOA);
        Ok(Aaaa::QueryA(soa.map_or(NO_SOA_TTL, |soa| soa.ttl)))
    }

    /// `longest` is how long the made records may live.
    pub fn judge_a(&self, answer: &Message<'_>, longest: u32) -> Result<A, Malformed> {
        let records = answer.all_records()?;
        let addrs = || records.iter().filter_map(a);
        if answer.header.rcode() != rcode::NOERROR || addrs().next().is_none() {
            if answer.header.rcode() == rcode::NOERROR {
                if let Some(target) = dangling(answer, &records) {
                    return Ok(A::Follow(target));
                }
            }
            return self.without_a(answer).map(A::Reply);
        }
        if self.is_strict(&records) {
            return Ok(A::Strict);
        }
        let usable = addrs().any(|addr| !self.embed(addr).is_empty());
        if !usable {
            return Ok(A::Nothing);
        }
        assemble(&self.asked, self.aliases, answer, |record| {
            match a(record) {
                Some(addr) => Edit::Aaaa(self.embed(addr), record.ttl.min(longest)),
                None => unsigned(record, rtype::A),
            }
        })
        .map(A::Made)
    }

    /// The answer, less what is excluded.
    pub fn without_excluded(&self, answer: &Message<'_>) -> Result<Vec<u8>, Malformed> {
        let asked = match self.is_strict(&answer.all_records()?) {
            true => self.asked.with_all(),
            false => self.asked,
        };
        assemble(&asked, self.aliases, answer, |_| Edit::Keep)
    }

    /// An A answer as one that has no such records.
    pub fn without_a(&self, answer: &Message<'_>) -> Result<Vec<u8>, Malformed> {
        assemble(&self.asked, self.aliases, answer, |record| {
            match record.rtype {
                rtype::A => Edit::Drop,
                _ => unsigned(record, rtype::A),
            }
        })
    }

    /// The answer as it came, as far as it may.
    pub fn as_it_came(&self, answer: &Message<'_>) -> Result<Aaaa, Malformed> {
        let nothing_goes =
            self.asked.excluded_in(answer)?.is_empty() || self.is_strict(&answer.all_records()?);
        if self.aliases.is_empty() && nothing_goes {
            return Ok(Aaaa::Stands);
        }
        self.without_excluded(answer).map(Aaaa::Reply)
    }

    /// True if signatures forbid to change anything, by whatever rule.
    pub fn is_strict(&self, records: &[Record<'_>]) -> bool {
        self.dnssec
            && self.settings.config.dnssec == Dnssec::Strict
            && records.iter().any(|one| one.rtype == rtype::RRSIG)
    }

    fn embed(&self, addr: Ipv4Addr) -> Vec<Ipv6Addr> {
        self.settings.embed(addr, self.client, self.turn)
    }
}

/// The A record's address, if it is an answer.
fn a(record: &Record<'_>) -> Option<Ipv4Addr> {
    record.a().filter(|_| record.section == Section::Answer)
}

/// A signature of records that were changed goes with them.
fn unsigned(record: &Record<'_>, rtype: u16) -> Edit<'static> {
    match record.covers() {
        Some(covered) if covered == rtype => Edit::Drop,
        _ => Edit::Keep,
    }
}

/// True if an extended RCODE (RFC 6891 section 6.1.3) says that this is an error after all.
fn is_extended(answer: &Message<'_>) -> Result<bool, Malformed> {
    Ok(answer
        .edns()?
        .is_some_and(|edns| edns.extended_rcode() != 0))
}

const EXTENDED_ERROR: u16 = 15;

/// True if the forwarder says that validation failed (RFC 8914: codes 5 to 12, and 27).
fn is_bogus(answer: &Message<'_>) -> Result<bool, Malformed> {
    let edns = answer.edns()?;
    let bogus = edns
        .iter()
        .flat_map(|edns| edns.options())
        .any(|option| matches!(option, (EXTENDED_ERROR, [0, 5..=12 | 27, ..])));
    Ok(bogus)
}

/// True if the forwarder says why it failed.
fn is_explained(answer: &Message<'_>) -> Result<bool, Malformed> {
    let edns = answer.edns()?;
    let mut options = edns.iter().flat_map(|edns| edns.options());
    Ok(options.any(|(code, _)| code == EXTENDED_ERROR))
}
