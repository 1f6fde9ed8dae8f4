// SPDX-License-Identifier: GPL-2.0

//! The whole proxy between clients and forwarders, all of which do what the input says.
//!
//! The input is a list of events: what happens, to whom, the length of what follows.

use std::net::SocketAddr;

use totd::parser;
use totd::proxy::{Action, Client, Key, Proxy, Query, Transport};
use totd::wire::{Message, HEADER};

const CONFIG: &str = "forwarder 192.0.2.1\nforwarder 2001:db8::1\nclients any\nretry 1\n\
    prefix 2001:db8:64::/96\nprefix 2001:db8:4000::/40 for 10.0.0.0/8\n\
    exclude-aaaa 2001:db8:bad::/48\nhide-a 2001:db8:6::1\nmax-queries 20";

pub fn run(data: &[u8]) {
    // The first byte chooses what else is configured.
    let Some((&choice, mut data)) = data.split_first() else {
        return;
    };
    let mut text = CONFIG.to_string();
    for (bit, line) in ["randomize-case on", "ptr translate", "dnssec strict"]
        .iter()
        .enumerate()
    {
        if (choice >> bit) & 1 == 1 {
            text.push('\n');
            text.push_str(line);
        }
    }
    let config = parser::parse(&text).expect("a configuration").config;
    let mut random = fastrand::Rng::with_seed(1);
    let mut run = Run {
        proxy: Proxy::new(config, Box::new(move || random.u64(..))),
        now: 0,
        asked: Vec::new(),
        queries: 0,
        replies: 0,
        transfer: false,
    };
    while let Some((&[what, whom, len], rest)) = data.split_first_chunk() {
        let (content, rest) = rest.split_at(rest.len().min(len.into()));
        run.event(what, whom, content);
        data = rest;
    }
    run.end();
}

struct Run {
    proxy: Proxy,
    now: u64,
    /// Questions to forwarders.
    asked: Vec<(Key, Vec<u8>)>,
    queries: usize,
    replies: usize,
    /// A transfer has several answers.
    transfer: bool,
}

impl Run {
    fn event(&mut self, what: u8, whom: u8, content: &[u8]) {
        match what % 8 {
            0 | 1 => {
                self.queries += 1;
                let transport = [Transport::Udp, Transport::Tcp][usize::from(what % 8)];
                let client = client(whom, transport);
                self.proxy.query(self.now, client, content);
            }
            // An answer with everything as it must be, but what follows the question.
            2 | 3 => {
                if let (Some((attempt, question)), Some((head, rest))) =
                    (self.nth(whom), content.split_at_checked(HEADER - 2))
                {
                    let end =
                        Message::parse(&question).map_or(HEADER, |message| message.records_at);
                    let mut message = question[..2].to_vec();
                    message.extend_from_slice(head);
                    message[2] = message[2] & 0x87 | question[2] & 0x78 | 0x80;
                    message.extend_from_slice(&question[HEADER..end]);
                    message.extend_from_slice(rest);
                    self.proxy.response(self.now, attempt, &message);
                }
            }
            4 => {
                if let Some((attempt, _)) = self.nth(whom) {
                    self.proxy.response(self.now, attempt, content);
                }
            }
            5 => {
                if let Some((attempt, _)) = self.nth(whom) {
                    self.proxy.failed(self.now, attempt);
                }
            }
            6 => self.proxy.hang_up(u64::from(whom % 4)),
            _ => {
                self.now += 10 * u64::from(whom);
                self.proxy.expire(self.now);
            }
        }
        self.act();
    }

    /// The question asked so many before the last.
    fn nth(&self, back: u8) -> Option<(Key, Vec<u8>)> {
        let at = self.asked.len().checked_sub(1 + usize::from(back % 8))?;
        self.asked.get(at).cloned()
    }

    fn act(&mut self) {
        for action in std::mem::take(&mut self.proxy.actions) {
            match action {
                Action::Query(Query {
                    attempt, message, ..
                }) => {
                    self.transfer |= Message::parse(&message)
                        .is_ok_and(|message| matches!(message.question.rtype, 251 | 252));
                    self.asked.push((attempt, message));
                }
                Action::Reply { message, .. } => {
                    self.replies += 1;
                    assert!(message.len() >= HEADER && message[2] & 0x80 != 0);
                }
                Action::Forget(_) | Action::Discovered(_) => (),
            }
        }
    }

    fn end(mut self) {
        assert!(self.replies <= self.queries || self.transfer);
        for _ in 0..200 {
            self.now += 5000;
            self.proxy.expire(self.now);
            self.act();
        }
        assert_eq!(self.proxy.gauges()[0].2, 0, "queries are left over");
    }
}

fn client(number: u8, transport: Transport) -> Client {
    let addr = ["2001:db8:6::1", "2001:db8:6::2", "192.0.2.1", "192.0.2.9"];
    let addr = addr[usize::from(number % 4)].parse().expect("an address");
    Client {
        addr: SocketAddr::new(addr, 1024),
        local: None,
        socket: u64::from(number % 4),
        transport,
    }
}
