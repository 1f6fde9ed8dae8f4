// SPDX-License-Identifier: GPL-2.0

//! Clients' queries: whether they are let in, and what they begin with.

use super::shares::host;
use super::task::{Client, Stage, Task, Transport};
use super::{local, reply, reverse, Action, Proxy};
use crate::config::{Dnssec, Ptr};
use crate::wire::{class, rcode, rtype, Header, Name, Question, HEADER};

impl Proxy {
    /// A client's message.
    pub fn query(&mut self, now: u64, client: Client, message: &[u8]) {
        match client.transport {
            Transport::Udp => self.stats.queries_udp += 1,
            Transport::Tcp => self.stats.queries_tcp += 1,
        }
        let header = match Header::parse(message) {
            Ok(header) if !header.is_answer() => header,
            // An answer to an answer could go on for ever.
            _ => return self.stats.malformed += 1,
        };
        let from = client.addr.ip();
        if !self.settings.admits(from) {
            self.stats.refused += 1;
            return self.refuse(client, message, rcode::REFUSED);
        }
        let rate = self.settings.config.rate_limit;
        if !self.rates.admits(now, from, rate) {
            return self.stats.rate_limited += 1;
        }
        if self.answer_as_before(now, client, message) {
            return;
        }
        if self.is_repeated(client, header.id(), message) {
            return self.stats.repeated += 1;
        }
        let Some(task) = self.task(client, header, message) else {
            self.stats.malformed += 1;
            return self.refuse(client, message, rcode::FORMERR);
        };
        if task.bad_version {
            let message = reply::bad_version(message);
            self.stats.malformed += 1;
            self.stats.replies += 1;
            return self
                .actions
                .extend(message.map(|message| Action::Reply { client, message }));
        }
        if self.answer_here(&task) {
            return;
        }
        if let Some(question) = self.loops.found(&task.question.name) {
            self.looping(question);
            return self.refuse(client, message, rcode::SERVFAIL);
        }
        if self.tasks.count() >= self.settings.config.max_queries {
            self.stats.too_many += 1;
            let loser = self.shares.loser(from);
            let loser = self.shares.of(loser).next().filter(|_| loser != host(from));
            match loser.and_then(|key| self.end(key)) {
                Some(gone) => self.refuse(gone.client, &gone.query, rcode::SERVFAIL),
                None => return self.refuse(client, message, rcode::SERVFAIL),
            }
        }
        let key = self.begin(now, task, header.id());
        self.want(now, key);
    }

    /// True if the answer to this very query is awaited already.
    fn is_repeated(&self, client: Client, id: u16, message: &[u8]) -> bool {
        self.pending
            .get(&(client.addr, id))
            .and_then(|&key| self.tasks.get(key))
            .is_some_and(|task| task.query == message && task.client == client)
    }

    /// The task that a query makes; None: it makes no sense.
    fn task(&mut self, client: Client, header: Header, message: &[u8]) -> Option<Task> {
        const QUERY: u8 = 0;
        let settings = self.settings.clone();
        self.turn = self.turn.wrapping_add(1);
        if header.opcode() != QUERY {
            let question = Question {
                name: Name::from_text(".")?,
                rtype: 0,
                class: 0,
            };
            return Some(Task::opaque(client, message, question, settings, self.turn));
        }
        let mut task = Task::new(client, message, settings, self.turn).ok()?;
        // A question that itself is compressed could not be put back.
        if task.question_end != HEADER + task.question.name.wire().len() + 4 {
            return None;
        }
        task.stage = stage(&task);
        Some(task)
    }

    fn answer_here(&mut self, task: &Task) -> bool {
        if task.is_signed {
            return false;
        }
        let Ok(asked) = task.asked() else {
            return false;
        };
        let from = task.client.addr.ip();
        match local::answer(&task.settings, from, &task.question, &asked) {
            Some(Ok(answer)) => {
                self.stats.local += 1;
                self.deliver(task, answer);
                true
            }
            _ => false,
        }
    }
}

/// The first stage of a query.
fn stage(task: &Task) -> Stage {
    let client = task.client.addr.ip();
    let settings = &task.settings;
    if task.client.transport == Transport::Tcp
        && matches!(task.question.rtype, rtype::AXFR | rtype::IXFR)
    {
        return Stage::Transfer;
    }
    // The answer to a signed query would no longer be what was signed.
    if task.question.class != class::IN || task.is_signed {
        return Stage::Relay;
    }
    match task.question.rtype {
        rtype::AAAA if task.is_edited() => Stage::Aaaa,
        rtype::A if settings.hides_a_from(client) => Stage::HiddenA,
        rtype::PTR if settings.config.ptr != Ptr::Off && settings.synthesises_for(client) => {
            let under = reverse::address(&task.question.name)
                .and_then(|addr| Some((settings.prefix_of(addr)?, addr)))
                .and_then(|(prefix, addr)| reverse::name4(prefix.extract(addr)));
            let strict = task.dnssec && settings.config.dnssec == Dnssec::Strict;
            match (under, strict) {
                (Some(target), false) => Stage::Reverse(target),
                (Some(target), true) => Stage::Unsigned(target),
                (None, _) => Stage::Relay,
            }
        }
        _ => Stage::Relay,
    }
}
