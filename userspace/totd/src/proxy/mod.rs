// SPDX-License-Identifier: GPL-2.0

//! The way from a client's query to its answer. Time is in milliseconds from any moment on.

mod access;
mod admit;
mod advert;
mod assemble;
mod cache;
mod discover;
mod discovery;
mod fetch;
mod follow;
mod forwarders;
mod local;
mod loop_detect;
mod made;
mod own;
mod query;
mod reply;
mod response;
mod reverse;
mod settings;
mod shares;
mod stats;
mod synthesis;
mod table;
mod task;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;

use crate::config::Config;
use crate::wire::Name;
use access::RateLimit;
use cache::Cache;
use daemon::net::Net;
use discovery::Discovery;
use fetch::{Attempt, Fetch, Waiter};
use forwarders::Forwarders;
use loop_detect::LoopDetect;
use natpt_core::xlate::addr::Prefix;
use settings::Settings;
use task::Task;

pub use shares::Shares;
pub use stats::Stats;
pub use table::{Key, Table};
pub use task::{Client, Transport};

/// A thing for the caller to do.
#[derive(Debug)]
pub enum Action {
    Query(Query),
    /// No answer to the attempt is of interest any more.
    Forget(Key),
    Reply {
        client: Client,
        message: Vec<u8>,
    },
    /// These are the network's prefixes now; nothing has to be done.
    Discovered(Vec<Prefix>),
}

/// A question for a forwarder: over UDP from a port of its own, the same if the attempt is known
/// already; over TCP by a connection that it may share.
#[derive(Debug)]
pub struct Query {
    pub attempt: Key,
    pub to: SocketAddr,
    pub transport: Transport,
    /// More answers than one may follow, so that the connection is not to be shared.
    pub alone: bool,
    pub message: Vec<u8>,
}

/// Who wants to know when time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Task(Key),
    Fetch(Key),
    Attempt(Key),
}

pub struct Proxy {
    settings: Rc<Settings>,
    forwarders: Forwarders,
    rates: RateLimit,
    loops: LoopDetect,
    tasks: Table<Task>,
    fetches: Table<Fetch>,
    /// Those that others may join.
    shared: HashMap<Vec<u8>, Key>,
    attempts: Table<Attempt>,
    cache: Cache,
    /// Queries by who sent them, with the client's id.
    pending: HashMap<(SocketAddr, u16), Key>,
    /// Queries by the host that asked.
    shares: Shares,
    /// Queries by the connection that brought them.
    connections: HashMap<Key, Vec<Key>>,
    deadlines: BinaryHeap<Reverse<(u64, Timer)>>,
    random: Box<dyn FnMut() -> u64>,
    turn: usize,
    discovery: Option<Discovery>,
    pub stats: Stats,
    /// To be done by the caller, in this order.
    pub actions: Vec<Action>,
}

impl Proxy {
    /// `random` must not be predictable.
    pub fn new(config: Config, random: Box<dyn FnMut() -> u64>) -> Self {
        let mut forwarders = Forwarders::default();
        forwarders.configure(&config.forwarders, config.retry);
        let mut proxy = Self {
            settings: Rc::new(Settings {
                config,
                found: Vec::new(),
                links: Vec::new(),
            }),
            forwarders,
            rates: RateLimit::default(),
            loops: LoopDetect::default(),
            tasks: Table::default(),
            fetches: Table::default(),
            shared: HashMap::new(),
            attempts: Table::default(),
            cache: Cache::default(),
            pending: HashMap::new(),
            shares: Shares::default(),
            connections: HashMap::new(),
            deadlines: BinaryHeap::new(),
            random,
            turn: 0,
            discovery: None,
            stats: Stats::default(),
            actions: Vec::new(),
        };
        proxy.flush(None);
        proxy.begin_discovery();
        proxy
    }

    /// Forget what was remembered, or only a name and those below it.
    pub fn flush(&mut self, name: Option<&Name>) {
        match name {
            Some(name) => self.cache.flush(name),
            None => {
                let config = &self.settings.config;
                self.cache.configure(config.cache, config.serve_stale);
            }
        }
    }

    /// For queries from now on; those in flight go on as they began.
    pub fn configure(&mut self, config: Config) {
        self.forwarders.configure(&config.forwarders, config.retry);
        self.settings = Rc::new(Settings {
            config,
            found: self.settings.found.clone(),
            links: self.settings.links.clone(),
        });
        self.flush(None);
        self.begin_discovery();
    }

    pub fn config(&self) -> &Config {
        &self.settings.config
    }

    /// The kernel module's or the network's prefixes; true if they are others than before.
    pub fn set_prefixes(&mut self, prefixes: Vec<Prefix>) -> bool {
        let found = prefixes.into_iter().map(Into::into).collect();
        if self.settings.found == found {
            return false;
        }
        self.settings = Rc::new(Settings {
            config: self.settings.config.clone(),
            found,
            links: self.settings.links.clone(),
        });
        // What was made under the old ones is not to be given any more.
        self.flush(None);
        true
    }

    /// The networks on this box's links.
    pub fn set_links(&mut self, links: Vec<Net>) {
        if self.settings.links != links {
            self.settings = Rc::new(Settings {
                config: self.settings.config.clone(),
                found: self.settings.found.clone(),
                links,
            });
        }
    }

    /// Numbers of queries that await their answer, and of forwarders that may be asked.
    pub fn gauges(&self) -> [(&'static str, &'static str, u64); 5] {
        [
            (
                "in_flight",
                "Queries whose answer is awaited.",
                self.tasks.count() as u64,
            ),
            (
                "forwarders_usable",
                "Forwarders not known to be bad.",
                self.forwarders.usable() as u64,
            ),
            (
                "prefixes",
                "Translation prefixes in use.",
                self.settings.prefixes().len() as u64,
            ),
            (
                "cache_entries",
                "Answers in the cache.",
                self.cache.count() as u64,
            ),
            (
                "cache_bytes",
                "Bytes that they take.",
                self.cache.bytes() as u64,
            ),
        ]
    }

    /// The next moment at which `expire` has something to do.
    pub fn deadline(&mut self) -> Option<u64> {
        let discovery = self.discovery.as_ref().map(Discovery::deadline);
        let forwarders = self.forwarders.deadline();
        let others = discovery.into_iter().chain(forwarders);
        self.first_due().into_iter().chain(others).min()
    }

    /// Time of the first thing that is due.
    fn first_due(&mut self) -> Option<u64> {
        while let Some(&Reverse((at, timer))) = self.deadlines.peek() {
            let counts = match timer {
                Timer::Task(key) => self.tasks.get(key).is_some(),
                Timer::Fetch(key) => self.fetches.get(key).is_some(),
                Timer::Attempt(key) => self.attempts.get(key).is_some(),
            };
            if counts {
                return Some(at);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Time has passed.
    pub fn expire(&mut self, now: u64) {
        self.discover(now);
        while let Some(at) = self.first_due() {
            if at > now {
                break;
            }
            match self.deadlines.pop() {
                Some(Reverse((_, Timer::Task(key)))) => self.impatient(now, key),
                Some(Reverse((_, Timer::Fetch(key)))) => self.waited(now, key),
                Some(Reverse((_, Timer::Attempt(key)))) => self.overdue(now, key),
                None => (),
            }
        }
        self.probe(now);
    }

    /// A task with this id begins.
    fn begin(&mut self, now: u64, mut task: Task, id: u16) -> Key {
        let client = task.client;
        task.begun = now;
        let key = self.tasks.insert(task);
        self.shares.begin(client.addr.ip(), now, key);
        self.pending.insert((client.addr, id), key);
        if client.transport == Transport::Tcp {
            self.connections.entry(client.socket).or_default().push(key);
        }
        key
    }

    /// The task is done.
    fn end(&mut self, key: Key) -> Option<Task> {
        let task = self.tasks.remove(key)?;
        self.shares.end(task.client.addr.ip(), task.begun, key);
        for fetch in task.fetch.into_iter().chain(task.aaaa) {
            self.leave(fetch, Waiter::Task(key));
        }
        let id = task.query.first_chunk().copied().map(u16::from_be_bytes);
        let asked = (task.client.addr, id.unwrap_or_default());
        if self.pending.get(&asked) == Some(&key) {
            self.pending.remove(&asked);
        }
        if task.client.transport == Transport::Tcp {
            let socket = task.client.socket;
            if let Some(tasks) = self.connections.get_mut(&socket) {
                tasks.retain(|&other| other != key);
                if tasks.is_empty() {
                    self.connections.remove(&socket);
                }
            }
        }
        Some(task)
    }

    /// A client's connection has ended: its queries need no answer.
    pub fn hang_up(&mut self, socket: Key) {
        for key in self.connections.remove(&socket).unwrap_or_default() {
            self.end(key);
        }
    }

    /// True if answers are still to come for a client's connection.
    pub fn is_awaited_by(&self, socket: Key) -> bool {
        self.connections.contains_key(&socket)
    }

    fn refuse(&mut self, client: Client, query: &[u8], rcode: u8) {
        if let Some(message) = reply::error(query, rcode) {
            self.stats.replies += 1;
            self.actions.push(Action::Reply { client, message });
        }
    }

    /// An answer, as much of it as the client takes.
    fn deliver(&mut self, task: &Task, message: Vec<u8>) {
        if let Some(message) = task.dress(message) {
            self.give(task.client, message);
        }
    }

    fn give(&mut self, client: Client, message: Vec<u8>) {
        self.stats.replies += 1;
        self.actions.push(Action::Reply { client, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_is_done() {
        let config = crate::parser::parse("forwarder 192.0.2.53\nclients any");
        let mut proxy = Proxy::new(config.unwrap().config, Box::new(|| 7));
        let client = Client {
            addr: "[::1]:1".parse().unwrap(),
            local: None,
            socket: 0,
            transport: Transport::Udp,
        };
        let query = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x01";
        proxy.query(0, client, query);
        assert_eq!((proxy.pending.len(), proxy.attempts.count()), (1, 1));
        let due = proxy.deadline();
        assert_eq!(due, Some(1000));
        for now in 1..=10 {
            proxy.expire(now * 1000);
        }
        assert_eq!((proxy.pending.len(), proxy.attempts.count()), (0, 0));
        assert_eq!((proxy.tasks.count(), proxy.fetches.count()), (0, 0));
        assert_eq!(proxy.deadline(), None);
        assert!(proxy.deadlines.is_empty());
    }
}
