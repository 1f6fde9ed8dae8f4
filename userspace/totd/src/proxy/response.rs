// SPDX-License-Identifier: GPL-2.0

//! Responses of forwarders: whether they are such, and what follows.

use std::cmp::Reverse;

use super::assemble::{assemble, Edit};
use super::reply;
use super::synthesis::{Aaaa, A, NO_SOA_TTL};
use super::task::{Attempt, Stage, Task, Transport};
use super::{Key, Proxy};
use crate::config::Ptr;
use crate::wire::{class, rcode, rtype, Header, Malformed, Message, Name, Section, Writer, HEADER};

/// Wrong answers that are an attack: the port they came to is given up.
const MISMATCHED: u8 = 20;
/// The longest chain of aliases.
const ALIASES: usize = 12;
/// Time for which a made alias may be remembered, as with other servers.
const ALIAS_TTL: u32 = 600;
/// Time that the next message of a transfer is awaited.
const TRANSFER_PATIENCE: u64 = 4000;

/// The consequence of an answer.
enum Next {
    Reply(Vec<u8>),
    /// The task has a new question.
    Query,
    Fail,
}

impl Proxy {
    /// A message that came back for an attempt.
    pub fn response(&mut self, now: u64, attempt: Key, message: &[u8]) {
        let Some(sent) = self.attempts.get_mut(attempt) else {
            return;
        };
        let key = sent.task;
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        if !fits(sent, task, message) {
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
        // Those that had their chance and let it pass.
        for late in task.sent.iter().filter(|late| late.overdue) {
            if late.forwarder != forwarder {
                self.forwarders.failed(now, late.forwarder);
            }
        }
        if header.rcode() == rcode::REFUSED && self.forwarders.usable(now) > task.tries {
            return self.failed(now, attempt);
        }
        self.forwarders.answered(forwarder);
        if matches!(task.stage, Stage::Transfer) {
            return self.transferred(now, key, attempt, message);
        }
        // What is to be changed must be whole.
        if header.truncated() && transport == Transport::Udp && !matches!(task.stage, Stage::Relay)
        {
            self.stats.truncated += 1;
            task.transport = Transport::Tcp;
            return self.send_query(now, key);
        }
        if matches!(task.stage, Stage::Discovery) {
            return self.discovered(now, key, message);
        }
        let next = next(task, message);
        let made = matches!(task.stage, Stage::A(_));
        let reverse = matches!(task.stage, Stage::Reverse(_));
        match next {
            Ok((Next::Reply(reply), synthesised)) => {
                let (client, limit) = (task.client, task.limit);
                self.stats.synthesised += u64::from(made && synthesised);
                self.stats.reverse += u64::from(reverse);
                self.deliver(client, limit, reply);
                self.end(key);
            }
            Ok((Next::Query, _)) => self.send_query(now, key),
            // An AAAA answer that cannot be read is none.
            Err(Malformed) if matches!(task.stage, Stage::Aaaa) => {
                task.stage = Stage::A(NO_SOA_TTL);
                self.send_query(now, key);
            }
            Ok((Next::Fail, _)) | Err(Malformed) => {
                self.stats.failed += 1;
                let (client, query) = (task.client, task.query.clone());
                self.refuse(client, &query, rcode::SERVFAIL);
                self.end(key);
            }
        }
    }

    /// One message of a zone transfer; the connection's end is the transfer's.
    fn transferred(&mut self, now: u64, key: Key, attempt: Key, message: &[u8]) {
        let Some(task) = self.tasks.get_mut(key) else {
            return;
        };
        task.replied = true;
        let reply = reply::relay(&task.query, task.question_end, message);
        let (client, limit) = (task.client, task.limit);
        let due = now + TRANSFER_PATIENCE;
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            attempt.due = due;
        }
        self.deadlines.push(Reverse((due, attempt)));
        self.deliver(client, limit, reply);
    }
}

/// True if a message is an answer to what was sent.
fn fits(sent: &Attempt, task: &Task, message: &[u8]) -> bool {
    let (Ok(header), Ok(query)) = (Header::parse(message), Header::parse(&task.query)) else {
        return false;
    };
    if !header.is_answer() || header.id() != sent.id || header.opcode() != query.opcode() {
        return false;
    }
    let asked = sent.question();
    let end = HEADER + asked.len();
    match header.counts()[0] {
        _ if task.question_end == HEADER => true,
        0 => header.rcode() != rcode::NOERROR || task.replied,
        1 => match message.get(HEADER..end) {
            Some(question) if task.settings.config.randomize_case => question == asked,
            Some(question) => {
                let name = question.len().saturating_sub(4);
                question.eq_ignore_ascii_case(asked) && question[name..] == asked[name..]
            }
            None => false,
        },
        _ => false,
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
            Aaaa::Follow(target) => Ok((alias(task, target, answer), false)),
        },
        Stage::A(longest) => match task.synthesis()?.judge_a(&message, *longest)? {
            A::Made(reply) => Ok((Next::Reply(reply), true)),
            A::Reply(reply) => Ok((Next::Reply(reply), false)),
            A::Nothing => {
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
        Stage::HiddenA => {
            let reply = task.synthesis()?.without_a(&message)?;
            Ok((Next::Reply(reply), false))
        }
        Stage::Reverse(target) => Ok((Next::Reply(reverse(task, target, &message)?), false)),
        Stage::Relay | Stage::Transfer | Stage::Discovery => Ok((Next::Fail, false)),
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
    if task.settings.config.ptr == Ptr::Translate {
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
