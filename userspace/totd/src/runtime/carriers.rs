// SPDX-License-Identifier: GPL-2.0

//! Connections to forwarders, kept and shared by questions (RFC 7766 section 6.2.1).

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{SocketAddr, TcpStream};

use totd::proxy::{Key, Query, Table};

use super::sockets;
use super::stream::{Progress, Stream};

/// Questions that await their answer on one connection; more take another one.
const DEEP: usize = 64;
/// Silence, while an answer is awaited, after which a connection gets no more questions.
const SILENT: u64 = 900;
/// An idle connection is closed, before the forwarder does so in most cases.
const IDLE: u64 = 8000;

struct Carrier {
    to: SocketAddr,
    stream: Stream,
    /// The questions by their id.
    waiting: HashMap<u16, Key>,
    /// It is one question's alone.
    alone: bool,
    /// Something was answered, and several questions were put at a time.
    answered: bool,
    pipelined: bool,
    /// Time when it was last heard of, or a question began to wait.
    heard: u64,
}

#[derive(Default)]
pub struct Carriers {
    table: Table<Carrier>,
    /// All of them, and where each question waits.
    keys: Vec<Key>,
    questions: HashMap<Key, (Key, u16)>,
    /// Forwarders that close a connection with questions on it.
    hasty: HashSet<SocketAddr>,
}

/// What came by a connection.
#[derive(Default)]
pub struct Heard {
    pub answers: Vec<(Key, Vec<u8>)>,
    /// The connection has ended, and these questions with it.
    pub ended: Option<Vec<Key>>,
    /// It is not the forwarder that is not there.
    pub answered: bool,
}

impl Carriers {
    /// Put a question on a connection; return that, and whether it is new.
    pub fn query(&mut self, now: u64, query: &Query) -> io::Result<(Key, bool)> {
        let (question, to, message) = (query.attempt, query.to, &query.message);
        let id = message.first_chunk().copied().map(u16::from_be_bytes);
        let id = id.unwrap_or_default();
        let alone = query.alone || self.hasty.contains(&to);
        let takes = |carrier: &Carrier| {
            let silent = !carrier.waiting.is_empty() && now.saturating_sub(carrier.heard) >= SILENT;
            carrier.to == to
                && !carrier.alone
                && !silent
                && carrier.waiting.len() < DEEP
                && !carrier.waiting.contains_key(&id)
        };
        let known = self.keys.iter().copied();
        let known = known
            .filter(|_| !alone)
            .find(|&key| self.table.get(key).is_some_and(takes));
        let (key, new) = match known {
            Some(key) => (key, false),
            None => {
                let key = self.table.insert(Carrier {
                    to,
                    stream: Stream::new(sockets::tcp_to(to)?.into()),
                    waiting: HashMap::new(),
                    alone,
                    answered: false,
                    pipelined: false,
                    heard: now,
                });
                self.keys.push(key);
                (key, true)
            }
        };
        if let Some(carrier) = self.table.get_mut(key) {
            if carrier.waiting.is_empty() {
                carrier.heard = now;
            }
            carrier.pipelined |= !carrier.waiting.is_empty();
            carrier.waiting.insert(id, question);
            carrier.stream.push(message);
            self.questions.insert(question, (key, id));
        }
        Ok((key, new))
    }

    /// Nobody waits for the answer any more; its late arrival does no harm.
    pub fn forget(&mut self, question: Key) {
        let Some((key, id)) = self.questions.remove(&question) else {
            return;
        };
        if let Some(carrier) = self.table.get_mut(key) {
            carrier.waiting.remove(&id);
            if carrier.waiting.is_empty() && (carrier.alone || !carrier.answered) {
                self.close(key);
            }
        }
    }

    pub fn socket(&self, key: Key) -> Option<&TcpStream> {
        self.table.get(key).map(|carrier| &carrier.stream.socket)
    }

    /// Write what waits; true while there is more.
    pub fn write(&mut self, key: Key) -> io::Result<bool> {
        let Some(carrier) = self.table.get_mut(key) else {
            return Ok(false);
        };
        carrier.stream.write()?;
        Ok(carrier.stream.has_output())
    }

    pub fn read(&mut self, now: u64, key: Key, buffer: &mut [u8]) -> Heard {
        let mut heard = Heard::default();
        let Some(carrier) = self.table.get_mut(key) else {
            return heard;
        };
        let progress = carrier.stream.read(buffer);
        while let Some(message) = carrier.stream.take() {
            carrier.heard = now;
            carrier.answered = true;
            let id = message.first_chunk().copied().map(u16::from_be_bytes);
            if let Some(&question) = id.and_then(|id| carrier.waiting.get(&id)) {
                heard.answers.push((question, message));
            }
        }
        if !matches!(progress, Progress::Open) {
            heard.answered = carrier.answered;
            heard.ended = Some(self.close(key));
        }
        heard
    }

    /// A connection ends; return its questions.
    pub fn close(&mut self, key: Key) -> Vec<Key> {
        self.keys.retain(|&other| other != key);
        let Some(carrier) = self.table.remove(key) else {
            return Vec::new();
        };
        if carrier.answered && carrier.pipelined && !carrier.waiting.is_empty() {
            self.hasty.insert(carrier.to);
        }
        let questions: Vec<Key> = carrier.waiting.into_values().collect();
        for question in &questions {
            self.questions.remove(question);
        }
        questions
    }

    /// Close what nobody needs.
    pub fn retire(&mut self, now: u64) {
        let is_idle = |key: &Key| {
            self.table.get(*key).is_some_and(|carrier| {
                carrier.waiting.is_empty() && now.saturating_sub(carrier.heard) >= IDLE
            })
        };
        for key in self
            .keys
            .clone()
            .into_iter()
            .filter(is_idle)
            .collect::<Vec<_>>()
        {
            self.close(key);
        }
    }
}
