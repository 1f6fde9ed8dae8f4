// SPDX-License-Identifier: GPL-2.0

//! The access list.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use daemon::net::{within, Net, PRIVATE};
use natpt_core::xlate::addr::is_martian4;

/// One line of the access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub clients: Net,
    pub permit: bool,
    pub destinations: Net,
    /// The relay's own address on the way to the server.
    pub source: Option<Ipv4Addr>,
    /// Destination ports; empty: all.
    pub ports: Vec<RangeInclusive<u16>>,
}

/// The reason why a connection is not relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 0/8, 127/8, multicast and reserved addresses.
    Martian,
    /// A private address, and those are not permitted.
    Private,
    /// Denied by the access list, or not named by it.
    Denied,
}

impl Refusal {
    pub fn text(self) -> &'static str {
        match self {
            Refusal::Martian => "no unicast address",
            Refusal::Private => "a private address, without 'private permit'",
            Refusal::Denied => "denied by the access list",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Access {
    /// In order, the first that matches counts; no match: denied. None: everybody may.
    pub rules: Option<Vec<Rule>>,
    pub private: bool,
}

impl Access {
    /// Check that anybody may be brought there.
    pub fn destination(&self, addr: Ipv4Addr) -> Result<(), Refusal> {
        if is_martian4(addr) {
            return Err(Refusal::Martian);
        }
        if !self.private && within(&PRIVATE, addr.into()) {
            return Err(Refusal::Private);
        }
        Ok(())
    }

    /// The address to come from, if the rule that permits it names one.
    pub fn permitted(
        &self,
        client: Ipv6Addr,
        destination: Ipv4Addr,
        port: u16,
    ) -> Result<Option<Ipv4Addr>, Refusal> {
        let Some(rules) = &self.rules else {
            return Ok(None);
        };
        let mut rules = rules.iter();
        match rules.find(|rule| rule.matches(client, destination, port)) {
            Some(rule) if rule.permit => Ok(rule.source),
            _ => Err(Refusal::Denied),
        }
    }
}

impl Rule {
    fn matches(&self, client: Ipv6Addr, destination: Ipv4Addr, port: u16) -> bool {
        self.clients.contains(client.into())
            && self.destinations.contains(destination.into())
            && (self.ports.is_empty() || self.ports.iter().any(|range| range.contains(&port)))
    }
}
