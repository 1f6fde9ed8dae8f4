// SPDX-License-Identifier: GPL-2.0

//! The search for the network's prefixes, and their use.

use std::net::Ipv6Addr;

use natpt_core::discovery::NAME;

use super::discovery::Discovery;
use super::settings::Settings;
use super::task::{Client, Stage, Task, Transport};
use super::{Action, Key, Proxy};
use crate::config::Prefixes;
use crate::wire::{class, rtype, Header, Malformed, Name, Question, Writer};

impl Proxy {
    /// After a change of the configuration: other forwarders may tell otherwise.
    pub(super) fn begin_discovery(&mut self) {
        match (&self.settings.config.prefixes, &mut self.discovery) {
            (Prefixes::Discover(names), Some(known)) if known.is_on(names) => known.restart(),
            (Prefixes::Discover(names), other) => *other = Some(Discovery::new(names)),
            (_, other) => *other = None,
        }
        self.use_discovered();
    }

    /// A router's ICMPv6 message, from its link-local address.
    pub fn advertised(&mut self, now: u64, router: Ipv6Addr, interface: u32, message: &[u8]) {
        if let Some(discovery) = &mut self.discovery {
            discovery.advertised(now, router, interface, message);
            self.use_discovered();
        }
    }

    /// Do what is due.
    pub(super) fn discover(&mut self, now: u64) {
        let Some(discovery) = &mut self.discovery else {
            return;
        };
        if discovery.deadline() > now {
            return;
        }
        let ask = discovery.expire(now);
        self.use_discovered();
        if ask {
            match question(self.settings.clone()) {
                Ok(task) => {
                    let key = self.tasks.insert(task);
                    self.send_query(now, key);
                }
                Err(Malformed) => self.undiscovered(now),
            }
        }
    }

    /// The forwarder's answer.
    pub(super) fn discovered(&mut self, now: u64, key: Key, message: &[u8]) {
        if let Some(discovery) = &mut self.discovery {
            discovery.response(now, message);
            self.use_discovered();
        }
        self.end(key);
    }

    /// No forwarder has answered.
    pub(super) fn undiscovered(&mut self, now: u64) {
        if let Some(discovery) = &mut self.discovery {
            discovery.missed(now);
        }
    }

    fn use_discovered(&mut self) {
        if let Some(discovery) = &self.discovery {
            let prefixes = discovery.prefixes();
            if self.set_prefixes(prefixes.clone()) {
                self.actions.push(Action::Discovered(prefixes));
            }
        }
    }
}

/// AAAA of ipv4only.arpa, with CD clear (RFC 7050 section 3).
fn question(settings: std::rc::Rc<Settings>) -> Result<Task, Malformed> {
    let question = Question {
        name: Name::from_text(NAME).ok_or(Malformed)?,
        rtype: rtype::AAAA,
        class: class::IN,
    };
    let mut header = Header::new(0);
    header.set_recursion_desired(true);
    let query = Writer::new(header, &question.wire()).finish()?;
    let nobody = Client {
        addr: (Ipv6Addr::UNSPECIFIED, 0).into(),
        local: None,
        socket: 0,
        transport: Transport::Udp,
    };
    let mut task = Task::new(nobody, &query, settings, 0)?;
    task.stage = Stage::Discovery;
    Ok(task)
}
