// SPDX-License-Identifier: GPL-2.0

//! What a task does with the answer to its question.

use std::cmp::Reverse;

use super::assemble::{assemble, Edit};
use super::cache::Found;
use super::fetch::{Fetch, Waiter};
use super::reply;
use super::synthesis::{Aaaa, A, NO_SOA_TTL};
use super::task::{Stage, Task};
use super::{Key, Proxy, Timer};
use crate::config::Ptr;
use crate::wire::{class, rcode, rtype, Malformed, Message, Name, Section, Writer};

/// The longest chain of aliases.
const ALIASES: usize = 12;
/// Time for which a made alias may be remembered, as with other servers.
const ALIAS_TTL: u32 = 600;
/// Time until A is asked for, too: a server that knows no AAAA must not cost the client its own
/// patience.
const AAAA_PATIENCE: u64 = 2000;
/// Time until what has expired will do (RFC 8767 section 5).
const STALE_PATIENCE: u64 = 1800;
/// The question of an answer for which nobody was asked.
const NOBODY: Key = Key::MAX;

/// The consequence of an answer.
enum Next {
    Reply(Vec<u8>),
    /// The task has a new question.
    Query,
    Fail,
}

impl Proxy {
    /// Put a task's question.
    pub(super) fn want(&mut self, now: u64, key: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        let (message, end) = task.message();
        let mut fetch = Fetch::new(now, message, end, task.client.transport);
        fetch.is_signed = task.is_signed;
        fetch.transfer = matches!(task.stage, Stage::Transfer);
        fetch.whole = !matches!(task.stage, Stage::Relay);
        let remembered = self.remembered(now, &mut fetch);
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        match remembered {
            Some(Found::Fresh(answer, soon)) => {
                task.known_until = task.known_until.min(soon);
                return self.arrived(now, key, NOBODY, &answer);
            }
            // Patience is had once.
            Some(Found::Stale(answer)) if task.makes_do => {
                task.known_until = 0;
                self.ask(now, fetch);
                return self.arrived(now, key, NOBODY, &answer);
            }
            Some(Found::Stale(answer)) => {
                task.stale = Some((now + STALE_PATIENCE, answer));
                let due = Reverse((now + STALE_PATIENCE, Timer::Task(key)));
                self.deadlines.push(due);
            }
            None => task.stale = None,
        }
        task.known_until = 0;
        fetch.waiters.push(Waiter::Task(key));
        if matches!(task.stage, Stage::Aaaa | Stage::Check) {
            task.patience = now + AAAA_PATIENCE;
            let due = Reverse((task.patience, Timer::Task(key)));
            self.deadlines.push(due);
        }
        let fetch = self.ask(now, fetch);
        if let Some(task) = self.tasks.get_mut(key) {
            task.fetch = Some(fetch);
        }
    }

    /// AAAA is not answered: its question stays open while A is asked.
    pub(super) fn impatient(&mut self, now: u64, key: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        if task.stale.as_ref().is_some_and(|(at, _)| *at <= now) {
            return self.make_do(now, key);
        }
        if task.patience > now {
            return;
        }
        if matches!(task.stage, Stage::Check) {
            if let Some(fetch) = task.fetch {
                self.leave(fetch, Waiter::Task(key));
                self.unanswered(now, key, fetch);
            }
            return;
        }
        if matches!(task.stage, Stage::Aaaa) {
            if let Some(fetch) = task.fetch {
                let asked = self.fetches.get(fetch);
                if asked.is_some_and(|asked| asked.at_hand.is_some()) {
                    return self.give_up(now, fetch);
                }
            }
            task.aaaa = task.fetch.take();
            task.stage = Stage::A(NO_SOA_TTL);
            self.want(now, key);
        }
    }

    /// What has expired is better than nothing (RFC 8767); the question goes on without the task.
    fn make_do(&mut self, now: u64, key: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        if let Some((_, answer)) = task.stale.take() {
            let fetch = task.fetch.and_then(|fetch| self.fetches.get_mut(fetch));
            if let Some(fetch) = fetch {
                fetch.waiters.retain(|&waiter| waiter != Waiter::Task(key));
            }
            self.stats.stale += 1;
            task.makes_do = true;
            self.arrived(now, key, NOBODY, &answer);
        }
    }

    /// The answer to a task's question.
    pub(super) fn arrived(&mut self, now: u64, key: Key, fetch: Key, answer: &[u8]) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        if task.aaaa == Some(fetch) {
            return self.late(now, key, answer);
        }
        task.fetch = None;
        let made = matches!(task.stage, Stage::A(_));
        let reverse = matches!(task.stage, Stage::Reverse(_));
        let open = task.aaaa.take();
        let next = next(task, answer);
        if open.is_some() && !matches!(next, Ok((Next::Reply(_), true))) {
            // Nothing was made: it is up to the AAAA answer.
            (task.fetch, task.stage) = (open, Stage::Aaaa);
            task.patience = u64::MAX;
            return;
        }
        task.aaaa = open;
        match next {
            Ok((Next::Reply(reply), synthesised)) => {
                self.stats.synthesised += u64::from(made && synthesised);
                self.stats.reverse += u64::from(reverse);
                self.reply(now, key, synthesised, reply);
            }
            Ok((Next::Query, _)) => self.want(now, key),
            // An AAAA answer that cannot be read is none.
            Err(Malformed) if matches!(task.stage, Stage::Aaaa | Stage::Check) => {
                task.stage = Stage::A(NO_SOA_TTL);
                self.want(now, key);
            }
            Ok((Next::Fail, _)) | Err(Malformed) => self.fail(key),
        }
    }

    /// The AAAA answer, while A is asked: real addresses win, and so does a name's absence.
    fn late(&mut self, now: u64, key: Key, answer: &[u8]) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        task.aaaa = None;
        let asked = std::mem::replace(&mut task.stage, Stage::Aaaa);
        let (name, aliases) = (task.name.clone(), task.aliases.len());
        match next(task, answer) {
            Ok((Next::Reply(reply), _)) => return self.reply(now, key, false, reply),
            // Its SOA record tells how long what is made may live.
            Ok((Next::Query, _)) if matches!(task.stage, Stage::A(_)) => (),
            _ => task.stage = asked,
        }
        task.name = name;
        task.aliases.truncate(aliases);
    }

    /// There is no answer to a task's question.
    pub(super) fn unanswered(&mut self, now: u64, key: Key, fetch: Key) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        if task.aaaa == Some(fetch) {
            task.aaaa = None;
            return;
        }
        task.fetch = None;
        if task.stale.is_some() {
            return self.make_do(now, key);
        }
        // To have no answer is to have SERVFAIL, and that leads to A (RFC 6147 section 5.1.3).
        if matches!(task.stage, Stage::Aaaa | Stage::Check) {
            task.stage = Stage::A(NO_SOA_TTL);
            return self.want(now, key);
        }
        self.fail(key);
    }

    fn reply(&mut self, now: u64, key: Key, made: bool, reply: Vec<u8>) {
        let Some(task) = self.end(key) else {
            return;
        };
        if let Some(message) = task.dress(reply) {
            self.remember(now, &task, made, &message);
            self.give(task.client, message);
        }
    }

    pub(super) fn fail(&mut self, key: Key) {
        if let Some(task) = self.end(key) {
            self.stats.failed += 1;
            self.refuse(task.client, &task.query, rcode::SERVFAIL);
        }
    }
}

/// The consequence of an answer, and whether anything was made up.
fn next(task: &mut Task, answer: &[u8]) -> Result<(Next, bool), Malformed> {
    let stage = std::mem::replace(&mut task.stage, Stage::Relay);
    let next = follow(task, &stage, answer);
    // Unless the task went on to another stage it is still in this one.
    if matches!(task.stage, Stage::Relay) {
        task.stage = stage;
    }
    next
}

fn follow(task: &mut Task, stage: &Stage, answer: &[u8]) -> Result<(Next, bool), Malformed> {
    if matches!(stage, Stage::Relay | Stage::Transfer) {
        return Ok((Next::Reply(relay(task, answer)), false));
    }
    let message = Message::parse(answer)?;
    match stage {
        Stage::Aaaa => match task.synthesis()?.judge_aaaa(&message)? {
            Aaaa::Stands => {
                let reply = reply::relay(&task.query, task.question_end, answer);
                Ok((Next::Reply(reply), false))
            }
            Aaaa::Reply(reply) => Ok((Next::Reply(reply), false)),
            Aaaa::QueryA(longest) => {
                task.stage = Stage::A(longest);
                task.empty = (message.header.rcode() == rcode::NOERROR).then(|| answer.to_vec());
                Ok((Next::Query, false))
            }
            Aaaa::Check => {
                task.stage = Stage::Check;
                task.empty = Some(answer.to_vec());
                Ok((Next::Query, false))
            }
            Aaaa::Follow(target) => Ok((alias(task, target, answer), false)),
        },
        // What exists without validation does not stand it (RFC 6147 section 5.5).
        Stage::Check => match (message.header.rcode(), task.empty.take()) {
            (rcode::NOERROR | rcode::NXDOMAIN, Some(bogus)) => {
                let reply = reply::relay(&task.query, task.question_end, &bogus);
                Ok((Next::Reply(reply), false))
            }
            _ => {
                task.stage = Stage::A(NO_SOA_TTL);
                Ok((Next::Query, false))
            }
        },
        Stage::A(longest) => match task.synthesis()?.judge_a(&message, *longest)? {
            A::Made(reply) => Ok((Next::Reply(reply), true)),
            A::Reply(reply) => Ok((Next::Reply(reply), false)),
            A::Strict if task.empty.is_none() => Ok((Next::Fail, false)),
            A::Nothing | A::Strict => {
                let reply = match &task.empty {
                    Some(empty) => task
                        .synthesis()?
                        .without_excluded(&Message::parse(empty)?)?,
                    None => task.synthesis()?.without_a(&message)?,
                };
                Ok((Next::Reply(reply), false))
            }
            A::Follow(target) => Ok((alias(task, target, answer), false)),
        },
        Stage::HiddenA if task.synthesis()?.is_strict(&message.all_records()?) => {
            Ok((Next::Reply(relay(task, answer)), false))
        }
        Stage::HiddenA => {
            let reply = task.synthesis()?.without_a(&message)?;
            Ok((Next::Reply(reply), false))
        }
        Stage::Unsigned(target) => {
            if task.synthesis()?.is_strict(&message.all_records()?) {
                return Ok((Next::Reply(relay(task, answer)), false));
            }
            task.stage = Stage::Reverse(target.clone());
            Ok((Next::Query, false))
        }
        Stage::Reverse(target) => Ok((Next::Reply(reverse(task, target, &message)?), false)),
        Stage::Relay | Stage::Transfer => Ok((Next::Fail, false)),
    }
}

/// The answer for the client, less what is excluded; what cannot be read goes as it came.
fn relay(task: &Task, answer: &[u8]) -> Vec<u8> {
    let edited = task
        .synthesis()
        .and_then(|synthesis| synthesis.as_it_came(&Message::parse(answer)?));
    match edited {
        Ok(Aaaa::Reply(reply)) => reply,
        _ => reply::relay(&task.query, task.question_end, answer),
    }
}

/// Go on with an alias's target.
fn alias(task: &mut Task, target: Name, answer: &[u8]) -> Next {
    if task.aliases.len() >= ALIASES {
        return Next::Fail;
    }
    task.aliases.push(answer.to_vec());
    task.name = target;
    Next::Query
}

/// The answer about a reverse name, from that about its IPv4 form.
fn reverse(task: &Task, target: &Name, answer: &Message<'_>) -> Result<Vec<u8>, Malformed> {
    let asked = task.asked()?;
    let name = &task.question.name;
    let is_strict = task.synthesis()?.is_strict(&answer.all_records()?);
    if task.settings.config.ptr == Ptr::Translate && !is_strict {
        return assemble(&asked, &[], answer, |record| {
            if record.rtype == rtype::RRSIG {
                Edit::Drop
            } else if record.name == *target {
                Edit::Rename(name)
            } else {
                Edit::Keep
            }
        });
    }
    // Made like an answer of the forwarders: an alias, and where it leads.
    let mut writer = Writer::new(asked.header.answer(), asked.question);
    let head = [rtype::CNAME, class::IN];
    writer.pointer(Section::Answer, name, head, ALIAS_TTL, target);
    assemble(&asked, &[writer.finish()?], answer, |_| Edit::Keep)
}
