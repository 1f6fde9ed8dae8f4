// SPDX-License-Identifier: GPL-2.0

//! A client's query while its answer is awaited.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use super::assemble::Asked;
use super::settings::Settings;
use super::synthesis::Synthesis;
use super::table::Key;
use crate::wire::{rtype, Header, Malformed, Message, Name, Question, HEADER, UDP_MINIMUM};

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
    /// The A records, to be made into AAAA records that live no longer than this.
    A(u32),
    /// The A records, to be hidden.
    HiddenA,
    /// The records of this name, for a reverse name under a prefix.
    Reverse(Name),
    /// Our own question: the AAAA records of ipv4only.arpa.
    Discovery,
}

/// A question that was sent.
pub struct Attempt {
    pub task: Key,
    pub forwarder: SocketAddr,
    pub transport: Transport,
    pub id: u16,
    /// The message as it was sent, and where its question ends.
    pub message: Vec<u8>,
    pub question_end: usize,
    pub mismatched: u8,
    /// Time when it is overdue.
    pub due: u64,
}

impl Attempt {
    pub fn question(&self) -> &[u8] {
        let question = self.message.get(HEADER..self.question_end);
        question.unwrap_or_default()
    }
}

/// An attempt, as its task remembers it.
pub struct Sent {
    pub attempt: Key,
    pub forwarder: SocketAddr,
    pub overdue: bool,
}

pub struct Task {
    pub client: Client,
    pub query: Vec<u8>,
    pub question: Question,
    /// End of the question in the query, or of the header if it is not ours to read.
    pub question_end: usize,
    pub is_signed: bool,
    dnssec: bool,
    /// The longest answer the client takes.
    pub limit: usize,
    opt: Vec<u8>,
    pub settings: Rc<Settings>,
    turn: usize,
    pub stage: Stage,
    /// The name asked for now, and the answers whose aliases led to it.
    pub name: Name,
    pub aliases: Vec<Vec<u8>>,
    /// The AAAA answer that had nothing of use.
    pub empty: Option<Vec<u8>>,
    /// This question's attempts.
    pub sent: Vec<Sent>,
    pub tries: usize,
    pub transport: Transport,
    pub replied: bool,
    /// It came from a forwarder's host.
    pub from_forwarder: bool,
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
        let mut is_signed = false;
        for record in message.records() {
            is_signed |= matches!(record?.rtype, rtype::TSIG | rtype::SIG);
        }
        let edns = message.edns()?;
        Ok(Self {
            client,
            query: query.to_vec(),
            question_end: message.records_at,
            is_signed,
            dnssec: edns.is_some_and(|edns| edns.dnssec()),
            limit: match client.transport {
                Transport::Udp => edns.map_or(UDP_MINIMUM, |edns| edns.size()),
                Transport::Tcp => usize::from(u16::MAX),
            },
            opt: edns.map(|edns| edns.wire.to_vec()).unwrap_or_default(),
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
            limit: usize::from(u16::MAX),
            opt: Vec::new(),
            settings,
            turn,
            stage: Stage::Relay,
            aliases: Vec::new(),
            empty: None,
            sent: Vec::new(),
            tries: 0,
            transport: client.transport,
            replied: false,
            from_forwarder: false,
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

    /// True if this connection of a client brought it.
    pub fn came_by(&self, socket: Key) -> bool {
        self.client.transport == Transport::Tcp && self.client.socket == socket
    }

    pub fn asked(&self) -> Result<Asked<'_>, Malformed> {
        Ok(Asked {
            header: Header::parse(&self.query)?,
            question: self.query.get(HEADER..self.question_end).ok_or(Malformed)?,
            excluded: match self.is_edited() {
                true => &self.settings.config.exclude_aaaa,
                false => &[],
            },
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
        let rtype = match self.stage {
            Stage::A(_) | Stage::HiddenA => rtype::A,
            _ => self.question.rtype,
        };
        let name = match &self.stage {
            Stage::Reverse(target) => target,
            _ => &self.name,
        };
        if rtype == self.question.rtype && *name == self.question.name {
            return (self.query.clone(), self.question_end);
        }
        let Ok(asked) = Header::parse(&self.query) else {
            return (Vec::new(), 0);
        };
        let mut header = asked;
        header.set_counts([1, 0, 0, u16::from(!self.opt.is_empty())]);
        let question = Question {
            name: name.clone(),
            rtype,
            class: self.question.class,
        };
        let mut message = header.bytes().to_vec();
        message.extend_from_slice(&question.wire());
        let end = message.len();
        message.extend_from_slice(&self.opt);
        (message, end)
    }
}
