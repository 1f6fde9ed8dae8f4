// SPDX-License-Identifier: GPL-2.0

//! The way from a client's query to its answer. Time is in milliseconds from any moment on.

mod access;
mod advert;
mod assemble;
mod discover;
mod discovery;
mod forwarders;
mod local;
mod loop_detect;
mod query;
mod reply;
mod response;
mod reverse;
mod settings;
mod stats;
mod synthesis;
mod table;
mod task;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;

use crate::config::{Config, Ptr};
use crate::wire::{class, rcode, rtype, Header, Name, Question, HEADER};
use access::RateLimit;
use daemon::net::Net;
use discovery::Discovery;
use forwarders::Forwarders;
use loop_detect::LoopDetect;
use natpt_core::xlate::addr::Prefix;
use settings::Settings;
use task::{Attempt, Stage, Task};

pub use stats::Stats;
pub use table::{Key, Table};
pub use task::{Client, Transport};

/// A thing for the caller to do.
#[derive(Debug)]
pub enum Action {
    /// Send from a port of its own, the same if the attempt is known already.
    Query {
        attempt: Key,
        to: SocketAddr,
        transport: Transport,
        message: Vec<u8>,
    },
    /// No answer to the attempt is of interest any more.
    Forget(Key),
    Reply {
        client: Client,
        message: Vec<u8>,
    },
    /// These are the network's prefixes now; nothing has to be done.
    Discovered(Vec<Prefix>),
}

pub struct Proxy {
    settings: Rc<Settings>,
    forwarders: Forwarders,
    rates: RateLimit,
    loops: LoopDetect,
    tasks: Table<Task>,
    attempts: Table<Attempt>,
    /// Queries by who sent them, with the client's id.
    pending: HashMap<(SocketAddr, u16), Key>,
    /// Times when attempts are overdue.
    deadlines: BinaryHeap<Reverse<(u64, Key)>>,
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
            attempts: Table::default(),
            pending: HashMap::new(),
            deadlines: BinaryHeap::new(),
            random,
            turn: 0,
            discovery: None,
            stats: Stats::default(),
            actions: Vec::new(),
        };
        proxy.begin_discovery();
        proxy
    }

    /// For queries from now on; those in flight go on as they began.
    pub fn configure(&mut self, config: Config) {
        self.forwarders.configure(&config.forwarders, config.retry);
        self.settings = Rc::new(Settings {
            config,
            found: self.settings.found.clone(),
            links: self.settings.links.clone(),
        });
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
    pub fn gauges(&self, now: u64) -> [(&'static str, &'static str, u64); 3] {
        [
            (
                "in_flight",
                "Queries whose answer is awaited.",
                self.tasks.count() as u64,
            ),
            (
                "forwarders_usable",
                "Forwarders not known to be bad.",
                self.forwarders.usable(now) as u64,
            ),
            (
                "prefixes",
                "Translation prefixes in use.",
                self.settings.prefixes().len() as u64,
            ),
        ]
    }

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
        if self.is_repeated(client, header.id(), message) {
            return self.stats.repeated += 1;
        }
        let Some(mut task) = self.task(client, header, message) else {
            self.stats.malformed += 1;
            return self.refuse(client, message, rcode::FORMERR);
        };
        if self.answer_here(&task) {
            return;
        }
        task.from_forwarder = self.forwarders.has(from);
        if task.from_forwarder && self.loops.is_loop(&task.question) {
            self.stats.loops += 1;
            return self.refuse(client, message, rcode::SERVFAIL);
        }
        if self.tasks.count() >= self.settings.config.max_queries {
            self.stats.too_many += 1;
            return self.refuse(client, message, rcode::SERVFAIL);
        }
        if task.from_forwarder {
            self.loops.begin(&task.question);
        }
        let key = self.tasks.insert(task);
        self.pending.insert((client.addr, header.id()), key);
        self.send_query(now, key);
    }

    /// An attempt cannot be answered: nobody is there, or the connection has ended.
    pub fn failed(&mut self, now: u64, attempt: Key) {
        if let Some(gone) = self.attempts.get(attempt) {
            let replied = self.tasks.get(gone.task).is_some_and(|task| task.replied);
            if !replied {
                self.forwarders.failed(now, gone.forwarder);
            }
        }
        self.lost(now, attempt);
    }

    /// An attempt will not be answered, and its forwarder is not to blame.
    pub fn lost(&mut self, now: u64, attempt: Key) {
        let Some(gone) = self.attempts.remove(attempt) else {
            return;
        };
        self.actions.push(Action::Forget(attempt));
        let Some(task) = self.tasks.get_mut(gone.task) else {
            return;
        };
        if task.replied {
            return self.end(gone.task);
        }
        task.sent.retain(|sent| sent.attempt != attempt);
        if task.sent.iter().all(|sent| sent.overdue) {
            self.resend_query(now, gone.task);
        }
    }

    /// The next moment at which `expire` has something to do.
    pub fn deadline(&mut self) -> Option<u64> {
        let discovery = self.discovery.as_ref().map(Discovery::deadline);
        self.first_due().into_iter().chain(discovery).min()
    }

    /// Time when the first attempt is overdue.
    fn first_due(&mut self) -> Option<u64> {
        while let Some(&Reverse((at, attempt))) = self.deadlines.peek() {
            if self.attempts.get(attempt).is_some() {
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
            if let Some(Reverse((_, attempt))) = self.deadlines.pop() {
                self.overdue(now, attempt);
            }
        }
    }

    /// A client's connection has ended: its queries need no answer.
    pub fn hang_up(&mut self, socket: Key) {
        let gone: Vec<Key> = self
            .pending
            .values()
            .copied()
            .filter(|&key| self.tasks.get(key).is_some_and(|task| task.came_by(socket)))
            .collect();
        for key in gone {
            self.end(key);
        }
    }

    /// True if answers are still to come for a client's connection.
    pub fn is_awaited_by(&self, socket: Key) -> bool {
        self.tasks.iter().any(|task| task.came_by(socket))
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
        let (Ok(asked), Ok(message)) = (task.asked(), crate::wire::Message::parse(&task.query))
        else {
            return false;
        };
        let edns = message.edns().ok().flatten();
        let from = task.client.addr.ip();
        let settings = &task.settings;
        match local::answer(settings, from, &task.question, &asked, edns.as_ref()) {
            Some(Ok(answer)) => {
                self.stats.local += 1;
                self.deliver(task.client, task.limit, answer);
                true
            }
            _ => false,
        }
    }

    fn refuse(&mut self, client: Client, query: &[u8], rcode: u8) {
        if let Some(message) = reply::error(query, rcode) {
            self.stats.replies += 1;
            self.actions.push(Action::Reply { client, message });
        }
    }

    /// An answer, as much of it as the client takes.
    fn deliver(&mut self, client: Client, limit: usize, mut message: Vec<u8>) {
        if message.len() > limit {
            match reply::truncate(&message) {
                Some(short) => message = short,
                None => return,
            }
        }
        self.stats.replies += 1;
        self.actions.push(Action::Reply { client, message });
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
            under.map_or(Stage::Relay, Stage::Reverse)
        }
        _ => Stage::Relay,
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
        assert_eq!((proxy.tasks.count(), proxy.deadline()), (0, None));
        assert!(proxy.deadlines.is_empty());
    }
}
