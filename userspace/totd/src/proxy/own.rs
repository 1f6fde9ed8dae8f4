// SPDX-License-Identifier: GPL-2.0

//! Questions of our own: whether a forwarder is there, and whether it asks us.

use std::net::SocketAddr;

use super::fetch::{Fetch, Waiter};
use super::task::Transport;
use super::{Key, Proxy};
use crate::wire::{class, rtype, Header, Message, Name, Question, Writer};

impl Proxy {
    /// A forwarder's host waits for what nobody answers: it may wait for itself.
    pub(super) fn suspect(&mut self, now: u64, key: Key) {
        let Some(fetch) = self.fetches.get_mut(key).filter(|fetch| !fetch.marked) else {
            return;
        };
        let forwarder = fetch.waiters.iter().find_map(|waiter| match waiter {
            Waiter::Task(task) => self.forwarders.at(self.tasks.get(*task)?.client.addr.ip()),
            Waiter::Discovery => None,
        });
        let name = Message::parse(&fetch.message).map(|message| message.question.name);
        if let (Some(forwarder), Ok(name)) = (forwarder, name) {
            fetch.marked = true;
            if let Some(name) = self.loops.mark(&name, (self.random)(), key) {
                self.ask_one(now, forwarder, name, rtype::TXT);
            }
        }
    }

    /// A question goes in a loop.
    pub(super) fn looping(&mut self, key: Key) {
        if let Some(fetch) = self.end_fetch(key) {
            self.stats.loops += 1;
            for waiter in fetch.waiters {
                if let Waiter::Task(task) = waiter {
                    self.fail(task);
                }
            }
        }
    }

    /// Ask those who have been silent whether they are there.
    pub(super) fn probe(&mut self, now: u64) {
        for forwarder in self.forwarders.probe(now) {
            if let Some(root) = Name::from_text(".") {
                self.ask_one(now, forwarder, root, rtype::NS);
            }
        }
    }

    /// A question of our own, put once, to one forwarder.
    fn ask_one(&mut self, now: u64, forwarder: SocketAddr, name: Name, rtype: u16) {
        let question = Question {
            name,
            rtype,
            class: class::IN,
        };
        let mut header = Header::new(0);
        header.set_recursion_desired(true);
        if let Ok(message) = Writer::new(header, &question.wire()).finish() {
            let end = message.len();
            let mut fetch = Fetch::new(now, message, end, Transport::Udp);
            fetch.only = Some(forwarder);
            fetch.whole = false;
            let key = self.fetches.insert(fetch);
            self.ask_again(now, key);
        }
    }
}
