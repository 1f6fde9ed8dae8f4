// SPDX-License-Identifier: GPL-2.0

//! Questions to forwarders: to whom, how often, and what if nobody answers.

use std::cmp::Reverse;

use super::cache::Found;
use super::fetch::{Attempt, Fetch, Sent, Waiter};
use super::task::Transport;
use super::{Action, Key, Proxy, Query, Timer};
use crate::wire::{HEADER, UDP_MINIMUM};

/// Time that an answer is awaited before the question is put again, and until it is given up:
/// clients wait five seconds.
const OVERDUE: u64 = 1000;
const PATIENCE: u64 = 4000;
/// Time until somebody may be there who is not.
const PAUSE: u64 = 300;
/// Questions lost on their way, none of which is counted.
const LOST: u8 = 20;
/// Tries after which it may be EDNS that is not answered.
const EDNS_TRIES: usize = 3;
/// Age of a question that others may still join.
const YOUNG: u64 = 2000;

impl Proxy {
    /// Put a question for the first time, or wait for the answer to an equal one.
    pub(super) fn ask(&mut self, now: u64, mut fetch: Fetch) -> Key {
        if fetch.shared.is_none() {
            fetch.share();
        }
        let shared = fetch.shared.clone();
        if let Some(shared) = &shared {
            let known = self.shared.get(shared).copied();
            if let Some((key, other)) =
                known.and_then(|key| Some((key, self.fetches.get_mut(key)?)))
            {
                if now < other.started + YOUNG {
                    other.whole |= fetch.whole;
                    other.waiters.append(&mut fetch.waiters);
                    return key;
                }
            }
        }
        let key = self.fetches.insert(fetch);
        if let Some(shared) = shared {
            self.shared.insert(shared, key);
        }
        self.ask_again(now, key);
        key
    }

    /// Put it once more: to another forwarder, if there is one.
    pub(super) fn ask_again(&mut self, now: u64, key: Key) {
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        let avoids = |forwarder| fetch.avoids(forwarder);
        let next = match fetch.only {
            Some(only) => Some(only).filter(|&only| !avoids(only)),
            None => self.forwarders.pick(fetch.tries, avoids),
        };
        let Some(forwarder) = next else {
            return self.wait(now, key);
        };
        let without_edns = fetch.tries == EDNS_TRIES && fetch.is_asked_by_edns();
        if without_edns {
            fetch.without_edns();
        }
        fetch.tries += 1;
        let transport = fetch.transport;
        let due = (now + OVERDUE).min(fetch.started + PATIENCE);
        let before = |sent: &&mut Sent| sent.forwarder == forwarder;
        // TCP loses nothing, but a connection that was kept may be dead: once more by another.
        let again = fetch.tries == 2 && transport == Transport::Tcp && !fetch.transfer;
        if let Some(sent) = fetch.sent.iter_mut().find(before).filter(|_| !again) {
            sent.overdue = false;
            let Some(attempt) = self.attempts.get_mut(sent.attempt) else {
                return;
            };
            attempt.due = due;
            if without_edns {
                attempt.without_edns();
            }
            let timer = Timer::Attempt(sent.attempt);
            self.deadlines.push(Reverse((due, timer)));
            // From the same port: a second one would make forging an answer twice as easy.
            if transport == Transport::Udp {
                self.stats.asked += 1;
                self.actions.push(Action::Query(Query {
                    attempt: sent.attempt,
                    to: forwarder,
                    transport,
                    alone: false,
                    message: attempt.message.clone(),
                }));
            }
            return;
        }
        self.stats.asked += 1;
        self.forwarders.asked(now, forwarder);
        let id = (self.random)() as u16;
        let mut message = fetch.message.clone();
        if let Some(field) = message.first_chunk_mut() {
            *field = id.to_be_bytes();
        }
        if self.settings.config.randomize_case && !fetch.is_signed {
            let mut bits = (self.random)();
            let name = fetch.question_end.saturating_sub(4);
            for byte in message.get_mut(HEADER..name).unwrap_or_default() {
                // A letter's 0x20 is its case; the length of a label has no such bit to change.
                if byte.is_ascii_alphabetic() {
                    *byte ^= 0x20 * (bits as u8 & 1);
                    bits = bits.rotate_right(1);
                }
            }
        }
        let attempt = self.attempts.insert(Attempt {
            fetch: key,
            forwarder,
            transport,
            id,
            message: message.clone(),
            question_end: fetch.question_end,
            mismatched: 0,
            due,
        });
        fetch.sent.push(Sent {
            attempt,
            forwarder,
            overdue: false,
        });
        self.deadlines.push(Reverse((due, Timer::Attempt(attempt))));
        self.actions.push(Action::Query(Query {
            attempt,
            to: forwarder,
            transport,
            alone: fetch.transfer,
            message,
        }));
    }

    /// An attempt was not even sent, for we have run out of something.
    pub fn unsent(&mut self, now: u64, attempt: Key) {
        if let Some(attempt) = self.attempts.get(attempt) {
            self.forwarders.excuse(attempt.forwarder);
        }
        self.failed(now, attempt);
    }

    /// An attempt cannot be answered: nobody is there, or the connection has ended.
    pub fn failed(&mut self, now: u64, attempt: Key) {
        let Some(gone) = self.forget_attempt(attempt) else {
            return;
        };
        if let Some(fetch) = self.fetches.get_mut(gone.fetch) {
            if fetch.replied {
                return self.answered(now, gone.fetch, None);
            }
            fetch.failed.push(gone.forwarder);
            self.ask_again(now, gone.fetch);
        }
    }

    /// An attempt got lost on its way, and may be made once more.
    pub fn lost(&mut self, now: u64, attempt: Key) {
        let fetch = self.attempts.get(attempt).map(|gone| gone.fetch);
        match fetch.and_then(|key| self.fetches.get_mut(key)) {
            Some(fetch) if fetch.lost < LOST && !fetch.replied => {
                fetch.lost += 1;
                fetch.tries = fetch.tries.saturating_sub(1);
            }
            _ => return self.failed(now, attempt),
        }
        if let Some(gone) = self.forget_attempt(attempt) {
            self.ask_again(now, gone.fetch);
        }
    }

    /// Nobody is left to be asked: wait, or make do with what there is.
    fn wait(&mut self, now: u64, key: Key) {
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        if fetch.sent.iter().any(|sent| !sent.overdue) {
            return;
        }
        if fetch.at_hand.is_some() || fetch.only.is_some() {
            return self.give_up(now, key);
        }
        if fetch.transport == Transport::Tcp
            && !fetch.transfer
            && fetch.message.len() <= UDP_MINIMUM
            && !fetch.failed.is_empty()
        {
            // Some forwarders take no TCP.
            (fetch.transport, fetch.no_tcp) = (Transport::Udp, true);
            fetch.failed.clear();
            self.forget_attempts(key);
            return self.ask_again(now, key);
        }
        // It may be on its way up.
        let until = (now + PAUSE).min(fetch.started + PATIENCE);
        self.deadlines.push(Reverse((until, Timer::Fetch(key))));
    }

    /// What is there without asking; it may be asked for all the same, for the next who wants it.
    pub(super) fn remembered(&mut self, now: u64, fetch: &mut Fetch) -> Option<Found> {
        fetch.share();
        let found = self.cache.find(now, fetch.cached_by()?);
        match &found {
            Some(Found::Fresh(_, soon)) => {
                self.stats.cache_hits += 1;
                let shared = fetch.shared.as_ref();
                if *soon <= now && !shared.is_some_and(|shared| self.shared.contains_key(shared)) {
                    self.stats.prefetched += 1;
                    let (message, end) = (fetch.message.clone(), fetch.question_end);
                    self.ask(now, Fetch::new(now, message, end, fetch.transport));
                }
            }
            _ => self.stats.cache_misses += 1,
        }
        found
    }

    /// The time of waiting is over.
    pub(super) fn waited(&mut self, now: u64, key: Key) {
        if let Some(fetch) = self.fetches.get_mut(key) {
            fetch.failed.clear();
            match now < fetch.started + PATIENCE {
                true => self.ask_again(now, key),
                false => self.give_up(now, key),
            }
        }
    }

    /// No answer in time; a late one still counts.
    pub(super) fn overdue(&mut self, now: u64, attempt: Key) {
        let key = match self.attempts.get(attempt) {
            Some(attempt) if attempt.due <= now => attempt.fetch,
            _ => return,
        };
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        self.stats.timeouts += 1;
        for sent in &mut fetch.sent {
            sent.overdue |= sent.attempt == attempt;
        }
        fetch.failed.clear();
        self.suspect(now, key);
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        let is_over = now >= fetch.started + PATIENCE || fetch.only.is_some() || fetch.replied;
        match is_over {
            true => self.give_up(now, key),
            false => self.ask_again(now, key),
        }
    }

    /// Nobody answers.
    pub(super) fn give_up(&mut self, now: u64, key: Key) {
        let at_hand = self.fetches.get_mut(key).and_then(|it| it.at_hand.take());
        self.answered(now, key, at_hand.as_deref());
    }

    /// The fetch is over.
    pub(super) fn answered(&mut self, now: u64, key: Key, answer: Option<&[u8]>) {
        let Some(fetch) = self.end_fetch(key) else {
            return;
        };
        if let (Some(key), Some(answer)) = (fetch.cached_by(), answer) {
            self.cache.insert(now, key, answer);
        }
        for waiter in fetch.waiters {
            match (waiter, answer) {
                (Waiter::Task(task), Some(answer)) => self.arrived(now, task, key, answer),
                (Waiter::Task(task), None) if fetch.replied => drop(self.end(task)),
                (Waiter::Task(task), None) => self.unanswered(now, task, key),
                (Waiter::Discovery, answer) => self.discovered(now, answer),
            }
        }
    }

    /// A waiter leaves; what nobody waits for is not asked any more.
    pub(super) fn leave(&mut self, key: Key, waiter: Waiter) {
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        fetch.waiters.retain(|&other| other != waiter);
        if fetch.waiters.is_empty() {
            self.end_fetch(key);
        }
    }

    pub(super) fn end_fetch(&mut self, key: Key) -> Option<Fetch> {
        self.forget_attempts(key);
        let fetch = self.fetches.remove(key)?;
        if let Some(shared) = &fetch.shared {
            if self.shared.get(shared) == Some(&key) {
                self.shared.remove(shared);
            }
        }
        if fetch.marked {
            self.loops.end(key);
        }
        Some(fetch)
    }

    pub(super) fn forget_attempts(&mut self, key: Key) {
        let Some(fetch) = self.fetches.get_mut(key) else {
            return;
        };
        for sent in fetch.sent.drain(..) {
            if self.attempts.remove(sent.attempt).is_some() {
                self.actions.push(Action::Forget(sent.attempt));
            }
        }
    }

    pub(super) fn forget_attempt(&mut self, attempt: Key) -> Option<Attempt> {
        let gone = self.attempts.remove(attempt)?;
        self.actions.push(Action::Forget(attempt));
        if let Some(fetch) = self.fetches.get_mut(gone.fetch) {
            fetch.sent.retain(|sent| sent.attempt != attempt);
        }
        Some(gone)
    }
}
