// SPDX-License-Identifier: GPL-2.0

//! Responses of forwarders: whether they are such, and whether they are the answer.

use std::cmp::Reverse;

use super::fetch::{Attempt, Fetch, Waiter};
use super::reply;
use super::task::Transport;
use super::{Action, Key, Proxy, Timer};
use crate::wire::{rcode, Header, Message, HEADER};

/// Wrong answers that are an attack: the port they came to is given up.
const MISMATCHED: u8 = 20;
/// Time that the next message of a transfer is awaited.
const TRANSFER_PATIENCE: u64 = 4000;

impl Proxy {
    /// A message that came back for an attempt.
    pub fn response(&mut self, now: u64, attempt: Key, message: &[u8]) {
        let Some(sent) = self.attempts.get_mut(attempt) else {
            return;
        };
        let key = sent.fetch;
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        let exact = self.settings.config.randomize_case;
        if !fits(sent, fetch, exact, message) {
            self.stats.mismatched += 1;
            sent.mismatched += 1;
            if sent.mismatched >= MISMATCHED {
                self.lost(now, attempt);
            }
            return;
        }
        let (forwarder, transport) = (sent.forwarder, sent.transport);
        let Ok(header) = Header::parse(message) else {
            return;
        };
        self.forwarders.answered(forwarder);
        if fetch.transfer {
            return self.transferred(now, key, attempt, message);
        }
        if fetch.is_asked_by_edns() && !knows_edns(&header, message) {
            fetch.without_edns();
            fetch.tries = fetch.tries.saturating_sub(1);
            self.forget_attempt(attempt);
            return self.ask_again(now, key);
        }
        if header.rcode() == rcode::REFUSED && fetch.only.is_none() {
            fetch.refused.push(forwarder);
            if self.forwarders.pick(0, |one| fetch.avoids(one)).is_some() {
                fetch.at_hand.get_or_insert_with(|| message.to_vec());
                self.forget_attempt(attempt);
                return self.ask_again(now, key);
            }
        }
        // What is to be changed must be whole.
        if header.truncated() && transport == Transport::Udp && fetch.whole && !fetch.no_tcp {
            self.stats.truncated += 1;
            fetch.at_hand = Some(message.to_vec());
            (fetch.transport, fetch.tries) = (Transport::Tcp, 0);
            self.forget_attempts(key);
            return self.ask_again(now, key);
        }
        self.answered(now, key, Some(message));
    }

    /// One message of a zone transfer; the connection's end is the transfer's.
    fn transferred(&mut self, now: u64, key: Key, attempt: Key, message: &[u8]) {
        let due = now + TRANSFER_PATIENCE;
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            attempt.due = due;
        }
        self.deadlines.push(Reverse((due, Timer::Attempt(attempt))));
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        fetch.replied = true;
        let waiters = fetch.waiters.clone();
        // Two transfers at once would be none.
        let others = fetch.sent.iter().map(|sent| sent.attempt);
        for other in others.filter(|&one| one != attempt).collect::<Vec<_>>() {
            self.forget_attempt(other);
        }
        for waiter in waiters {
            let Waiter::Task(task) = waiter else {
                continue;
            };
            if let Some(task) = self.tasks.get(task) {
                let message = reply::relay(&task.query, task.question_end, message);
                let client = task.client;
                self.stats.replies += 1;
                self.actions.push(Action::Reply { client, message });
            }
        }
    }
}

/// False if the forwarder may have stumbled over EDNS (RFC 6891 section 7).
fn knows_edns(header: &Header, message: &[u8]) -> bool {
    match header.rcode() {
        rcode::FORMERR | rcode::NOTIMP => {
            let message = Message::parse(message);
            message.is_ok_and(|message| matches!(message.edns(), Ok(Some(_))))
        }
        _ => true,
    }
}

/// True if a message is an answer to what was sent.
fn fits(sent: &Attempt, fetch: &Fetch, exact: bool, message: &[u8]) -> bool {
    let (Ok(header), Ok(query)) = (Header::parse(message), Header::parse(&fetch.message)) else {
        return false;
    };
    if !header.is_answer() || header.id() != sent.id || header.opcode() != query.opcode() {
        return false;
    }
    let asked = sent.question();
    let end = HEADER + asked.len();
    match header.counts()[0] {
        _ if fetch.question_end == HEADER => true,
        0 => header.rcode() != rcode::NOERROR || fetch.replied,
        1 => match message.get(HEADER..end) {
            Some(question) if exact => question == asked,
            Some(question) => {
                let name = question.len().saturating_sub(4);
                question.eq_ignore_ascii_case(asked) && question[name..] == asked[name..]
            }
            None => false,
        },
        _ => false,
    }
}
