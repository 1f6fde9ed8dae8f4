// SPDX-License-Identifier: GPL-2.0

//! A question to forwarders while its answer is awaited.

use std::net::SocketAddr;

use super::table::Key;
use super::task::Transport;
use crate::wire::{Header, HEADER};

/// Who gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiter {
    Task(Key),
    /// The search for the network's prefixes.
    Discovery,
}

pub struct Fetch {
    /// What it is known by to others with the same question.
    pub shared: Option<Vec<u8>>,
    pub waiters: Vec<Waiter>,
    /// The message, its id still to be set, and where its question ends.
    pub message: Vec<u8>,
    pub question_end: usize,
    /// Nothing in it may be changed.
    pub is_signed: bool,
    /// What came truncated is asked for again over TCP.
    pub whole: bool,
    /// More messages may follow the first.
    pub transfer: bool,
    pub replied: bool,
    /// It was looked whether it goes in a loop.
    pub marked: bool,
    pub transport: Transport,
    /// No forwarder takes TCP.
    pub no_tcp: bool,
    /// The one forwarder to ask, once.
    pub only: Option<SocketAddr>,
    pub started: u64,
    pub tries: usize,
    /// Questions lost on their way, whoever was asked.
    pub lost: u8,
    pub sent: Vec<Sent>,
    /// Forwarders that are not there, for the moment.
    pub failed: Vec<SocketAddr>,
    /// Forwarders that do not want to answer this.
    pub refused: Vec<SocketAddr>,
    /// What there is to say if nothing better comes.
    pub at_hand: Option<Vec<u8>>,
}

impl Fetch {
    pub fn new(now: u64, message: Vec<u8>, question_end: usize, transport: Transport) -> Self {
        Self {
            shared: None,
            waiters: Vec::new(),
            message,
            question_end,
            is_signed: false,
            whole: true,
            transfer: false,
            replied: false,
            marked: false,
            transport,
            no_tcp: false,
            only: None,
            started: now,
            tries: 0,
            lost: 0,
            sent: Vec::new(),
            failed: Vec::new(),
            refused: Vec::new(),
            at_hand: None,
        }
    }

    /// True if the message has an OPT record of ours, after its question.
    pub fn is_asked_by_edns(&self) -> bool {
        !self.is_signed && !self.transfer && self.message.len() > self.question_end
    }

    /// Ask without it from now on.
    pub fn without_edns(&mut self) {
        without_edns(&mut self.message, self.question_end);
    }

    /// What it has in common with equal questions, if it may be shared: all but the id, with the
    /// name in whatever case.
    pub fn share(&mut self) -> Option<&Vec<u8>> {
        if self.is_signed || self.transfer {
            return None;
        }
        let mut shared = vec![u8::from(self.transport == Transport::Tcp)];
        shared.extend_from_slice(self.message.get(2..)?);
        let name = (HEADER - 1)..self.question_end.saturating_sub(5);
        shared.get_mut(name)?.make_ascii_lowercase();
        Some(self.shared.insert(shared))
    }

    /// What its answer is remembered by, if it is: that to a question without options, and with
    /// recursion. It was asked by EDNS, if EDNS was meant.
    pub fn cached_by(&self) -> Option<&[u8]> {
        const OPT: usize = 11;
        let key = self.shared.as_ref()?.get(1..)?;
        let recursive = Header::parse(&self.message).is_ok_and(|it| it.recursion_desired());
        let is_plain = self.message.len() == self.question_end + OPT;
        (recursive && is_plain).then_some(key)
    }

    /// Forwarders that need not be asked now.
    pub fn avoids(&self, forwarder: SocketAddr) -> bool {
        self.failed.contains(&forwarder) || self.refused.contains(&forwarder)
    }
}

/// An attempt, as its fetch remembers it.
pub struct Sent {
    pub attempt: Key,
    pub forwarder: SocketAddr,
    pub overdue: bool,
}

/// A question that was sent.
pub struct Attempt {
    pub fetch: Key,
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
    pub fn without_edns(&mut self) {
        without_edns(&mut self.message, self.question_end);
    }

    pub fn question(&self) -> &[u8] {
        let question = self.message.get(HEADER..self.question_end);
        question.unwrap_or_default()
    }
}

fn without_edns(message: &mut Vec<u8>, question_end: usize) {
    if let Ok(mut header) = Header::parse(message) {
        header.set_counts([1, 0, 0, 0]);
        if let Some(head) = message.first_chunk_mut() {
            *head = *header.bytes();
        }
        message.truncate(question_end);
    }
}
