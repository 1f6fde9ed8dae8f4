// SPDX-License-Identifier: GPL-2.0

//! The search for the network's prefixes, and their use.

use std::net::Ipv6Addr;

use natpt_core::discovery::NAME;

use super::discovery::Discovery;
use super::fetch::{Fetch, Waiter};
use super::task::Transport;
use super::{Action, Proxy};
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
            match question(now) {
                Ok(fetch) => {
                    self.ask(now, fetch);
                }
                Err(Malformed) => self.discovered(now, None),
            }
        }
    }

    /// The forwarder's answer, or that there is none.
    pub(super) fn discovered(&mut self, now: u64, message: Option<&[u8]>) {
        if let Some(discovery) = &mut self.discovery {
            match message {
                Some(message) => discovery.response(now, message),
                None => discovery.missed(now),
            }
            self.use_discovered();
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
fn question(now: u64) -> Result<Fetch, Malformed> {
    let question = Question {
        name: Name::from_text(NAME).ok_or(Malformed)?,
        rtype: rtype::AAAA,
        class: class::IN,
    };
    let mut header = Header::new(0);
    header.set_recursion_desired(true);
    let query = Writer::new(header, &question.wire()).finish()?;
    let end = query.len();
    let mut fetch = Fetch::new(now, query, end, Transport::Udp);
    fetch.waiters.push(Waiter::Discovery);
    Ok(fetch)
}
