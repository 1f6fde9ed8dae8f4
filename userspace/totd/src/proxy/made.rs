// SPDX-License-Identifier: GPL-2.0

//! Answers that were made for a client before, for it and those that are like it.

use super::cache::Kind;
use super::settings::Settings;
use super::task::{Client, Stage, Task, Transport};
use super::{Action, Proxy};

impl Proxy {
    /// Give a client what an equal one was given for the same query; true if there is something.
    pub(super) fn answer_as_before(&mut self, now: u64, client: Client, query: &[u8]) -> bool {
        let Some(key) = key(&self.settings, client, query) else {
            return false;
        };
        let Some((mut message, kind)) = self.cache.find_made(now, &key) else {
            return false;
        };
        if let (Some(to), Some(from)) = (message.first_chunk_mut::<2>(), query.first_chunk()) {
            *to = *from;
        }
        self.stats.cache_hits += 1;
        self.stats.replies += 1;
        self.stats.synthesised += u64::from(kind == Kind::Synthesised);
        self.stats.reverse += u64::from(kind == Kind::Reverse);
        self.actions.push(Action::Reply { client, message });
        true
    }

    /// Remember an answer that was made from the cache alone.
    pub(super) fn remember(&mut self, now: u64, task: &Task, made: bool, message: &[u8]) {
        let kind = match task.stage {
            Stage::A(_) if made => Kind::Synthesised,
            Stage::Reverse(_) => Kind::Reverse,
            _ => Kind::Relayed,
        };
        if task.known_until > now && task.is_plain {
            if let Some(key) = key(&task.settings, task.client, &task.query) {
                self.cache
                    .insert_made(now, &key, message, kind, task.known_until);
            }
        }
    }
}

/// The query without its id, and whom it is like: who asks it by this way under these rules gets
/// the same. The last byte is never that of a forwarder's answer.
fn key(settings: &Settings, client: Client, query: &[u8]) -> Option<Vec<u8>> {
    let query = query.get(2..)?;
    // Room for the few bytes that follow.
    let mut key = Vec::with_capacity(query.len() + 16);
    key.extend_from_slice(query);
    settings.class(client.addr.ip(), &mut key)?;
    key.push(match client.transport {
        Transport::Udp => 1,
        Transport::Tcp => 2,
    });
    Some(key)
}
