// SPDX-License-Identifier: GPL-2.0

//! Queries to forwarders: to whom, how often, and what if nobody answers.

use std::cmp::Reverse;

use super::task::{Attempt, Sent, Stage, Transport};
use super::{Action, Key, Proxy};
use crate::wire::{rcode, HEADER};

/// Time that an answer is awaited before the question is put again.
const PATIENCE_UDP: u64 = 1000;
const PATIENCE_TCP: u64 = 4000;

impl Proxy {
    /// Put a task's question for the first time.
    pub(super) fn send_query(&mut self, now: u64, key: Key) {
        self.forget_attempts(key);
        if let Some(task) = self.tasks.get_mut(key) {
            task.tries = 0;
        }
        self.resend_query(now, key);
    }

    /// Put it once more, or give up.
    pub(super) fn resend_query(&mut self, now: u64, key: Key) {
        let usable = self.forwarders.usable(now);
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        let most = match (task.transport, &task.stage) {
            (Transport::Tcp, _) => 2,
            // A server that knows no AAAA must not cost the client its patience.
            (Transport::Udp, Stage::Aaaa) => 2,
            (Transport::Udp, _) => 4,
        };
        let forwarder = match self.forwarders.pick(now, task.tries) {
            Some(forwarder) if task.tries < most.max(usable) => forwarder,
            _ => return self.give_up(now, key),
        };
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        task.tries += 1;
        self.stats.asked += 1;
        let transport = task.transport;
        let patience = match transport {
            Transport::Udp => PATIENCE_UDP,
            Transport::Tcp => PATIENCE_TCP,
        };
        let due = now + patience;
        // From the same port: a second one would make forging an answer twice as easy.
        let before = task.sent.iter().find(|sent| sent.forwarder == forwarder);
        if let (Some(sent), Transport::Udp) = (before, transport) {
            if let Some(attempt) = self.attempts.get_mut(sent.attempt) {
                attempt.due = due;
                self.deadlines.push(Reverse((due, sent.attempt)));
                return self.actions.push(Action::Query {
                    attempt: sent.attempt,
                    to: forwarder,
                    transport,
                    message: attempt.message.clone(),
                });
            }
        }
        let random = (self.random)();
        let (mut message, end) = task.message();
        let id = random as u16;
        if let Some(field) = message.first_chunk_mut() {
            *field = id.to_be_bytes();
        }
        if task.settings.config.randomize_case && !task.is_signed {
            let mut bits = (self.random)();
            let name = end.saturating_sub(4);
            for byte in message.get_mut(HEADER..name).unwrap_or_default() {
                // A letter's 0x20 is its case; the length of a label has no such bit to change.
                if byte.is_ascii_alphabetic() {
                    *byte ^= 0x20 * (bits as u8 & 1);
                    bits = bits.rotate_right(1);
                }
            }
        }
        let attempt = self.attempts.insert(Attempt {
            task: key,
            forwarder,
            transport,
            id,
            message: message.clone(),
            question_end: end,
            mismatched: 0,
            due,
        });
        task.sent.push(Sent {
            attempt,
            forwarder,
            overdue: false,
        });
        self.deadlines.push(Reverse((due, attempt)));
        self.actions.push(Action::Query {
            attempt,
            to: forwarder,
            transport,
            message,
        });
    }

    /// No answer in time; a late one still counts.
    pub(super) fn overdue(&mut self, now: u64, attempt: Key) {
        let key = match self.attempts.get(attempt) {
            Some(attempt) if attempt.due <= now => attempt.task,
            _ => return,
        };
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        self.stats.timeouts += 1;
        if task.replied {
            return self.end(key);
        }
        for sent in &mut task.sent {
            sent.overdue |= sent.attempt == attempt;
        }
        self.resend_query(now, key);
    }

    /// Nobody answers.
    fn give_up(&mut self, now: u64, key: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        // To have no answer is to have SERVFAIL, and that leads to A (RFC 6147 section 5.1.3).
        if matches!(task.stage, Stage::Aaaa) {
            task.stage = Stage::A(super::synthesis::NO_SOA_TTL);
            return self.send_query(now, key);
        }
        if matches!(task.stage, Stage::Discovery) {
            self.undiscovered(now);
            return self.end(key);
        }
        self.stats.failed += 1;
        let (client, query) = (task.client, std::mem::take(&mut task.query));
        self.forget_query(client, &query, key);
        self.refuse(client, &query, rcode::SERVFAIL);
        self.end(key);
    }

    /// The task is done.
    pub(super) fn end(&mut self, key: Key) {
        self.forget_attempts(key);
        if let Some(task) = self.tasks.remove(key) {
            if task.from_forwarder {
                self.loops.end(&task.question);
            }
            self.forget_query(task.client, &task.query, key);
        }
    }

    fn forget_query(&mut self, client: super::Client, query: &[u8], key: Key) {
        let Some(id) = query.first_chunk().copied().map(u16::from_be_bytes) else {
            return;
        };
        if self.pending.get(&(client.addr, id)) == Some(&key) {
            self.pending.remove(&(client.addr, id));
        }
    }

    pub(super) fn forget_attempts(&mut self, key: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        for sent in task.sent.drain(..) {
            if self.attempts.remove(sent.attempt).is_some() {
                self.actions.push(Action::Forget(sent.attempt));
            }
        }
    }
}
