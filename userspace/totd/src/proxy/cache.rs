// SPDX-License-Identifier: GPL-2.0

//! Answers of forwarders, as they came, until they expire or others need the room. What a client
//! gets is made from them anew, by its own rules.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::wire::{rcode, rtype, Malformed, Message, Name, Section};

/// The longest time, in seconds, that anything and an absence is remembered (RFC 8767 section 4,
/// RFC 2308 section 5), and what is said of a stale record's (RFC 8767 section 4).
const LONGEST: u32 = 86_400;
const LONGEST_ABSENCE: u32 = 3600;
const STALE_TTL: u32 = 30;
/// Bytes that an entry takes beside its message and its key: places in a table that may be half empty
/// and in the queue, and what the allocator adds to three pieces.
const OVERHEAD: usize = 384;
/// Offset of the name in a key, behind flags and counts.
const NAME: usize = 10;

#[derive(Default)]
pub struct Cache {
    entries: HashMap<Rc<[u8]>, Entry>,
    /// The keys in the order of their last chance.
    queue: VecDeque<Rc<[u8]>>,
    bytes: usize,
    limit: usize,
    /// Milliseconds for which what has expired is kept.
    stale: u64,
}

struct Entry {
    message: Box<[u8]>,
    /// Offsets of the TTLs.
    ttls: Box<[u16]>,
    stored: u64,
    /// Milliseconds until it expires, and for which it is kept after that.
    life: u64,
    stale: u64,
    kind: Kind,
    /// It was of use since it was last looked at.
    used: bool,
}

/// Whose words an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A forwarder's.
    Theirs,
    /// A client's, as it came, with what was made, or about a reverse name.
    Relayed,
    Synthesised,
    Reverse,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The answer, and the time from which on it should be asked for again.
    Fresh(Vec<u8>, u64),
    /// It has expired, but may be better than nothing.
    Stale(Vec<u8>),
}

impl Cache {
    /// Forget everything; remember up to `limit` bytes from now on.
    pub fn configure(&mut self, limit: usize, stale: u64) {
        *self = Self {
            limit,
            stale,
            ..Self::default()
        };
    }

    pub fn find(&mut self, now: u64, key: &[u8]) -> Option<Found> {
        let entry = self.entries.get_mut(key)?;
        entry.used = true;
        let age = now.saturating_sub(entry.stored);
        if age < entry.life {
            let soon = entry.stored + entry.life - entry.life / 10;
            return Some(Found::Fresh(entry.aged(age), soon));
        }
        let stale = age < entry.life + entry.stale;
        stale.then(|| Found::Stale(entry.told(|ttl| ttl.min(STALE_TTL))))
    }

    /// What was made for clients that are alike, and of what kind it is.
    pub fn find_made(&mut self, now: u64, key: &[u8]) -> Option<(Vec<u8>, Kind)> {
        let entry = self.entries.get_mut(key)?;
        entry.used = true;
        let age = now.saturating_sub(entry.stored);
        (age < entry.life).then(|| (entry.aged(age), entry.kind))
    }

    /// A forwarder's answer.
    pub fn insert(&mut self, now: u64, key: &[u8], message: &[u8]) {
        let Ok(Some((ttl, ttls))) = lifetime(message) else {
            return;
        };
        let (life, stale) = (1000 * u64::from(ttl), self.stale);
        self.put(
            key,
            Entry {
                message: message.into(),
                ttls: ttls.into(),
                stored: now,
                life,
                stale,
                kind: Kind::Theirs,
                used: false,
            },
        );
    }

    /// A client's answer, made from what is here until `end`.
    pub fn insert_made(&mut self, now: u64, key: &[u8], message: &[u8], kind: Kind, end: u64) {
        let parsed = Message::parse(message);
        let Ok(Ok(ttls)) = parsed.map(|message| ttls(&message)) else {
            return;
        };
        self.put(
            key,
            Entry {
                message: message.into(),
                ttls: ttls.into(),
                stored: now,
                life: end.saturating_sub(now),
                stale: 0,
                kind,
                used: false,
            },
        );
    }

    fn put(&mut self, key: &[u8], entry: Entry) {
        let size = size(key, &entry);
        if size > self.limit {
            return;
        }
        self.remove(key);
        self.bytes += size;
        while self.bytes > self.limit {
            let Some(first) = self.queue.pop_front() else {
                break;
            };
            match self.entries.get_mut(&first) {
                Some(entry) if entry.used => {
                    entry.used = false;
                    self.queue.push_back(first);
                }
                _ => self.remove(&first),
            }
        }
        let key: Rc<[u8]> = key.into();
        // Places of what was removed are left in the queue, but not for ever.
        if self.queue.len() > 2 * self.entries.len() + 16 {
            self.queue.retain(|key| self.entries.contains_key(key));
        }
        self.queue.push_back(key.clone());
        self.entries.insert(key, entry);
    }

    /// Forget a name and all below it, and what may have been made from it.
    pub fn flush(&mut self, name: &Name) {
        let goes = |(key, entry): (&Rc<[u8]>, &Entry)| {
            let is_below = Name::parse(key, NAME).is_ok_and(|(one, _)| one.is_under(name));
            (entry.kind != Kind::Theirs || is_below).then(|| key.clone())
        };
        for key in self.entries.iter().filter_map(goes).collect::<Vec<_>>() {
            self.remove(&key);
        }
    }

    pub fn count(&self) -> usize {
        self.entries.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(gone) = self.entries.remove(key) {
            self.bytes = self.bytes.saturating_sub(size(key, &gone));
        }
    }
}

impl Entry {
    fn aged(&self, age: u64) -> Vec<u8> {
        let seconds = u32::try_from(age / 1000).unwrap_or(u32::MAX);
        self.told(|ttl| ttl.saturating_sub(seconds))
    }

    /// The message with other TTLs.
    fn told(&self, change: impl Fn(u32) -> u32) -> Vec<u8> {
        let mut message = self.message.to_vec();
        for &at in &self.ttls {
            let field = message.get_mut(usize::from(at)..);
            if let Some(field) = field.and_then(|rest| rest.first_chunk_mut()) {
                *field = change(u32::from_be_bytes(*field)).to_be_bytes();
            }
        }
        message
    }
}

fn size(key: &[u8], entry: &Entry) -> usize {
    key.len() + entry.message.len() + 2 * entry.ttls.len() + OVERHEAD
}

/// How long an answer lives, and where its TTLs are; None: not a moment.
fn lifetime(message: &[u8]) -> Result<Option<(u32, Vec<u16>)>, Malformed> {
    let message = Message::parse(message)?;
    let header = message.header;
    let is_error = message
        .edns()?
        .is_some_and(|edns| edns.extended_rcode() != 0);
    if header.truncated() || is_error || !matches!(header.rcode(), rcode::NOERROR | rcode::NXDOMAIN)
    {
        return Ok(None);
    }
    let (mut life, mut soa) = (LONGEST, None);
    let (mut answers, mut has_type) = (false, false);
    for record in message.records() {
        let record = record?;
        match record.section {
            Section::Answer => {
                answers = true;
                has_type |= record.rtype == message.question.rtype;
                life = life.min(record.ttl);
            }
            Section::Authority if record.rtype == rtype::SOA => {
                let minimum = record.rdata.last_chunk().copied().map(u32::from_be_bytes);
                soa = minimum.map(|minimum| minimum.min(record.ttl));
            }
            _ => (),
        }
    }
    // The absence of something lives as long as the SOA record says, if there is one.
    let is_absence = header.rcode() == rcode::NXDOMAIN || !has_type;
    match soa {
        Some(soa) if is_absence => life = life.min(soa).min(LONGEST_ABSENCE),
        None if header.rcode() == rcode::NXDOMAIN || !answers => return Ok(None),
        _ => (),
    }
    Ok(match life {
        0 => None,
        life => Some((life, ttls(&message)?)),
    })
}

/// Where the TTLs are.
fn ttls(message: &Message<'_>) -> Result<Vec<u16>, Malformed> {
    let mut ttls = Vec::new();
    for record in message.records() {
        let record = record?;
        if record.rtype != rtype::OPT {
            ttls.push(u16::try_from(record.ttl_at()).map_err(|_| Malformed)?);
        }
    }
    Ok(ttls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{class, Header, Question, Writer};

    fn entry(number: u32) -> (Vec<u8>, Vec<u8>) {
        let question = Question {
            name: Name::from_text(&format!("n{number:05}.example.")).unwrap(),
            rtype: rtype::TXT,
            class: class::IN,
        };
        let mut writer = Writer::new(Header::new(0), &question.wire());
        let head = [rtype::TXT, class::IN];
        writer.record(Section::Answer, &question.name, head, 60, &[7; 100]);
        let message = writer.finish().unwrap();
        (message[2..12 + question.wire().len()].to_vec(), message)
    }

    // fault: names-14
    #[test]
    fn memory_is_bounded_and_what_is_of_use_stays() {
        const LIMIT: usize = 100_000;
        let mut cache = Cache::default();
        cache.configure(LIMIT, 0);
        let (popular, message) = entry(0);
        cache.insert(0, &popular, &message);
        for number in 1..20_000 {
            let (key, message) = entry(number);
            cache.insert(0, &key, &message);
            assert!(
                matches!(cache.find(0, &key), Some(Found::Fresh(..))) && cache.bytes() <= LIMIT
            );
            assert!(cache.find(0, &popular).is_some());
            // once more is no more
            let before = cache.bytes();
            cache.insert(0, &key, &message);
            assert_eq!(cache.bytes(), before);
        }
        assert!(cache.bytes() > LIMIT - 600 && cache.count() > 150);
        assert!(cache.queue.len() <= 2 * cache.count() + 17);
        cache.flush(&Name::from_text("example.").unwrap());
        assert_eq!((cache.count(), cache.bytes()), (0, 0));
    }

    #[test]
    fn what_does_not_fit_is_not_remembered() {
        let mut cache = Cache::default();
        let (key, message) = entry(0);
        cache.configure(200, 0);
        cache.insert(0, &key, &message);
        assert_eq!(cache.count(), 0);
    }
}
