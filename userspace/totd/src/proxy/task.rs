// SPDX-License-Identifier: GPL-2.0

//! A client's query while its answer is awaited.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::assemble::Asked;
use super::reply;
use super::settings::Settings;
use super::synthesis::Synthesis;
use super::table::Key;
use crate::wire::{
    rcode, rtype, Edns, Header, Malformed, Message, Name, Question, HEADER, UDP_MAXIMUM,
    UDP_MINIMUM,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
}

/// A client, and the way back to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub addr: SocketAddr,
    /// The address that was asked, if it is to answer.
    pub local: Option<IpAddr>,
    /// The caller's name for the socket or connection.
    pub socket: Key,
    pub transport: Transport,
}

/// The question for a forwarder, and so the meaning of its answer.
#[derive(Debug)]
pub enum Stage {
    /// The client's own question; the answer is relayed.
    Relay,
    /// The same, and more messages may follow the first.
    Transfer,
    /// The AAAA records, to be looked at.
    Aaaa,
    /// The AAAA records without validation, to see whether it was that which failed.
    Check,
    /// The A records, to be made into AAAA records that live no longer than this.
    A(u32),
    /// The A records, to be hidden.
    HiddenA,
    /// The client's own question, to see whether its answer is signed; that below otherwise.
    Unsigned(Name),
    /// The records of this name, for a reverse name under a prefix.
    Reverse(Name),
}

pub struct Task {
    pub client: Client,
    pub query: Vec<u8>,
    pub question: Question,
    /// End of the question in the query, or of the header if it is not ours to read.
    pub question_end: usize,
    pub is_signed: bool,
    /// The client wants signatures.
    pub dnssec: bool,
    /// It knows another version of EDNS only.
    pub bad_version: bool,
    /// The next such query is the same to the last byte.
    pub is_plain: bool,
    /// The client knows EDNS, and the options for who answers.
    edns: bool,
    options: Vec<u8>,
    /// The longest answer the client takes.
    limit: usize,
    pub settings: Rc<Settings>,
    turn: usize,
    pub begun: u64,
    pub stage: Stage,
    /// The name asked for now, and the answers whose aliases led to it.
    pub name: Name,
    pub aliases: Vec<Vec<u8>>,
    /// The AAAA answer that had nothing of use.
    pub empty: Option<Vec<u8>>,
    /// The question whose answer is awaited, and that for AAAA if it was not answered in time.
    pub fetch: Option<Key>,
    pub aaaa: Option<Key>,
    /// What will do, from when on, if there is no answer; and that it had to do once.
    pub stale: Option<(u64, Vec<u8>)>,
    pub makes_do: bool,
    /// Until then all that it was told so far is known anyway.
    pub known_until: u64,
    /// Time when A is asked for though AAAA is not answered.
    pub patience: u64,
}

impl Task {
    /// A query to be relayed.
    pub fn new(
        client: Client,
        query: &[u8],
        settings: Rc<Settings>,
        turn: usize,
    ) -> Result<Self, Malformed> {
        let message = Message::parse(query)?;
        let (mut is_signed, mut opts) = (false, 0);
        for record in message.records() {
            let rtype = record?.rtype;
            is_signed |= matches!(rtype, rtype::TSIG | rtype::SIG);
            opts += u8::from(rtype == rtype::OPT);
        }
        if opts > 1 {
            return Err(Malformed);
        }
        let edns = message.edns()?;
        let size = edns.map_or(UDP_MINIMUM, |edns| edns.size());
        Ok(Self {
            client,
            query: query.to_vec(),
            question_end: message.records_at,
            is_signed,
            dnssec: edns.is_some_and(|edns| edns.dnssec()),
            limit: match client.transport {
                Transport::Udp if is_signed => size,
                Transport::Udp => size.min(UDP_MAXIMUM),
                Transport::Tcp => usize::from(u16::MAX),
            },
            bad_version: !is_signed && edns.is_some_and(|edns| edns.version() > 0),
            is_plain: !is_signed && edns.is_none_or(|edns| edns.options().next().is_none()),
            edns: edns.is_some(),
            options: edns.map(|edns| edns.lasting()).unwrap_or_default(),
            name: message.question.name.clone(),
            ..Self::opaque(client, query, message.question, settings, turn)
        })
    }

    /// A message whose content is none of our business (UPDATE, NOTIFY).
    pub fn opaque(
        client: Client,
        query: &[u8],
        question: Question,
        settings: Rc<Settings>,
        turn: usize,
    ) -> Self {
        Self {
            client,
            query: query.to_vec(),
            name: question.name.clone(),
            question,
            question_end: HEADER,
            is_signed: true,
            dnssec: false,
            bad_version: false,
            is_plain: false,
            edns: false,
            options: Vec::new(),
            limit: usize::from(u16::MAX),
            settings,
            turn,
            begun: 0,
            stage: Stage::Relay,
            aliases: Vec::new(),
            empty: None,
            fetch: None,
            aaaa: None,
            stale: None,
            makes_do: false,
            known_until: u64::MAX,
            patience: 0,
        }
    }

    /// CD forbids to make anything up (RFC 6147 section 5.5, RFC 7050 section 3).
    pub fn checking_disabled(&self) -> bool {
        Header::parse(&self.query).is_ok_and(|header| header.checking_disabled())
    }

    /// True if its answer may be another than the forwarder's.
    pub fn is_edited(&self) -> bool {
        let client = self.client.addr.ip();
        !self.is_signed && !self.checking_disabled() && self.settings.synthesises_for(client)
    }

    pub fn asked(&self) -> Result<Asked<'_>, Malformed> {
        let config = &self.settings.config;
        let names = &config.exclude_names;
        let asked = Asked {
            header: Header::parse(&self.query)?,
            question: self.query.get(HEADER..self.question_end).ok_or(Malformed)?,
            excluded: &config.exclude_aaaa,
            excluded_names: names,
            is_excluded: names.iter().any(|one| one.matches(&self.question.name)),
        };
        Ok(match self.is_edited() {
            true => asked,
            false => asked.with_all(),
        })
    }

    pub fn synthesis(&self) -> Result<Synthesis<'_>, Malformed> {
        Ok(Synthesis {
            settings: &self.settings,
            asked: self.asked()?,
            dnssec: self.dnssec,
            client: self.client.addr.ip(),
            turn: self.turn,
            aliases: &self.aliases,
        })
    }

    /// The message for a forwarder, its id still to be set, and where its question ends.
    pub fn message(&self) -> (Vec<u8>, usize) {
        if self.is_signed || matches!(self.stage, Stage::Transfer) {
            return (self.query.clone(), self.question_end);
        }
        let asked = Header::parse(&self.query).unwrap_or(Header::new(0));
        let mut header = Header::new(0);
        header.set_recursion_desired(asked.recursion_desired());
        let unchecked = asked.checking_disabled() || matches!(self.stage, Stage::Check);
        header.set_checking_disabled(unchecked);
        // Whoever asks gets to know what he wants to know.
        header.set_authentic(true);
        header.set_counts([1, 0, 0, 1]);
        let question = Question {
            name: match &self.stage {
                Stage::Reverse(target) => target.clone(),
                _ => self.name.clone(),
            },
            rtype: match self.stage {
                Stage::A(_) | Stage::HiddenA => rtype::A,
                _ => self.question.rtype,
            },
            class: self.question.class,
        };
        let mut message = header.bytes().to_vec();
        message.extend_from_slice(&question.wire());
        let end = message.len();
        Edns::write(&mut message, 0, self.dnssec, &self.options);
        (message, end)
    }

    /// The answer as the client takes it: with an OPT record if it has sent one, not longer than it
    /// said, and authentic only if it asked for that.
    pub fn dress(&self, mut reply: Vec<u8>) -> Option<Vec<u8>> {
        if self.is_signed {
            return match reply.len() > self.limit {
                true => reply::truncate(&reply, self.limit),
                false => Some(reply),
            };
        }
        let Some((mut header, opt)) = reply::split_opt(&mut reply) else {
            // Nobody can make sense of it, or it is an error without the question.
            return match Header::parse(&reply).ok()?.rcode() {
                rcode::NOERROR if reply.len() <= self.limit => Some(reply),
                rcode::NOERROR => None,
                rcode => reply::error(&self.query, rcode),
            };
        };
        let (extended_rcode, options) = opt.unwrap_or_default();
        let asked = Header::parse(&self.query).ok()?;
        header.set_authentic(header.authentic() && (asked.authentic() || self.dnssec));
        let [question, answers, authorities, additionals] = header.counts();
        if self.edns {
            Edns::write(&mut reply, extended_rcode, self.dnssec, &options);
            let additionals = additionals.saturating_add(1);
            header.set_counts([question, answers, authorities, additionals]);
        } else if extended_rcode != 0 {
            header.set_rcode(rcode::SERVFAIL);
        }
        if let Some(head) = reply.first_chunk_mut() {
            *head = *header.bytes();
        }
        match reply.len() > self.limit {
            true => reply::truncate(&reply, self.limit),
            false => Some(reply),
        }
    }
}
