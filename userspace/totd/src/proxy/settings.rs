// SPDX-License-Identifier: GPL-2.0

//! The conditions of a query from its first to its last moment: the configuration, with what the
//! box knows about itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::{Clients, Config, PrefixRule, Prefixes, WELL_KNOWN};
use daemon::net::{within, Net, PRIVATE};
use natpt_core::xlate::addr::Prefix;

/// Loopback, link-local and unique local addresses: always near, as private ones are.
const NEAR: [Net; 4] = [
    Net::v4([127, 0, 0, 0], 8),
    Net::v6(1, 128),
    Net::v6(0xfe80 << 112, 10),
    Net::v6(0xfc << 120, 7),
];

pub struct Settings {
    pub config: Config,
    /// The kernel module's or the network's prefixes, for `prefix auto` and `prefix discover`.
    pub found: Vec<PrefixRule>,
    /// The networks on this box's links.
    pub links: Vec<Net>,
}

impl Settings {
    pub fn prefixes(&self) -> &[PrefixRule] {
        match &self.config.prefixes {
            Prefixes::Listed(rules) => rules,
            Prefixes::Auto | Prefixes::Discover(_) => &self.found,
            Prefixes::None => &[],
        }
    }

    pub fn admits(&self, client: IpAddr) -> bool {
        match &self.config.clients {
            Clients::Any => true,
            Clients::Near => {
                within(&PRIVATE, client) || within(&NEAR, client) || within(&self.links, client)
            }
            Clients::Listed(nets) => within(nets, client),
        }
    }

    /// True if anything may be synthesised for this client.
    pub fn synthesises_for(&self, client: IpAddr) -> bool {
        let chosen = &self.config.synthesise_for;
        (chosen.is_empty() || within(chosen, client)) && self.for_client(client).next().is_some()
    }

    pub fn hides_a_from(&self, client: IpAddr) -> bool {
        within(&self.config.hide_a, client)
    }

    /// The prefix that a reverse name may lie under; the well-known one always counts
    /// (RFC 6147 section 5.3.1).
    pub fn prefix_of(&self, addr: Ipv6Addr) -> Option<Prefix> {
        let known = self.prefixes().iter().map(|rule| rule.prefix);
        known
            .chain(Prefix::new(WELL_KNOWN, 96).ok())
            .find(|prefix| prefix.contains(addr))
    }

    /// The prefixes for this client: those meant for it before those meant for all.
    pub fn for_client(&self, client: IpAddr) -> impl Iterator<Item = &PrefixRule> {
        let own =
            move |rule: &PrefixRule| !rule.clients.is_empty() && within(&rule.clients, client);
        let any_own = self.prefixes().iter().any(own);
        self.prefixes()
            .iter()
            .filter(move |rule| own(rule) || !any_own && rule.clients.is_empty())
    }

    /// Write what distinguishes this client from others; None: it may get something else each time.
    pub fn class(&self, client: IpAddr, to: &mut Vec<u8>) -> Option<()> {
        let config = &self.config;
        let several = self.prefixes().len() > 1;
        if several && !config.all_prefixes {
            return None;
        }
        if !config.synthesise_for.is_empty() {
            to.push(u8::from(self.synthesises_for(client)));
        }
        if !config.hide_a.is_empty() {
            to.push(u8::from(self.hides_a_from(client)));
        }
        for rule in self.prefixes() {
            if !rule.clients.is_empty() {
                to.push(u8::from(within(&rule.clients, client)));
            }
        }
        Some(())
    }

    /// The IPv6 forms of `target`; `turn` chooses among prefixes that take turns.
    pub fn embed(&self, target: Ipv4Addr, client: IpAddr, turn: usize) -> Vec<Ipv6Addr> {
        if within(&self.config.exclude_a, target.into()) {
            return Vec::new();
        }
        let own = |rule: &&PrefixRule| within(&rule.targets, target.into());
        let any_own = self.for_client(client).any(|rule| own(&rule));
        let mut addrs: Vec<Ipv6Addr> = self
            .for_client(client)
            .filter(|rule| own(rule) || !any_own && rule.targets.is_empty())
            .filter_map(|rule| rule.prefix.source(target).ok())
            .collect();
        if !self.config.all_prefixes && addrs.len() > 1 {
            addrs = vec![addrs[turn % addrs.len()]];
        }
        addrs
    }
}
