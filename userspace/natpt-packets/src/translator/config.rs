// SPDX-License-Identifier: GPL-2.0
//! The statements of natptconfig that decide about single packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::{
    nat::{
        options::{Id, Values},
        rule::Filtering,
    },
    xlate::{
        addr::{mask, Prefix},
        addresses::Addresses,
        eam::Eam,
        side::Side,
    },
};

use crate::value::Error;

/// `map from V6/LEN to POOL [filter WORD]`.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    from: (u128, u32),
    pub pool: Ipv4Addr,
    pub filter: Filtering,
}

/// A configuration.
#[derive(Clone, Debug)]
pub struct Config {
    pub prefixes: Vec<Prefix>,
    pub rules: Vec<Rule>,
    /// Those of IPv6 addresses of their own, in the order of these.
    by6: Vec<Eam>,
    /// All, in the order of their IPv4 addresses.
    by4: Vec<Eam>,
    pub values: Values,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            prefixes: Vec::new(),
            rules: Vec::new(),
            by6: Vec::new(),
            by4: Vec::new(),
            values: Values::DEFAULT,
        }
    }
}

impl Config {
    /// Reads statements.
    pub fn parse(statements: &[String]) -> Result<Config, Error> {
        let mut config = Config::default();
        for statement in statements {
            let words: Vec<&str> = statement.split_whitespace().collect();
            config
                .statement(&words)
                .ok_or(format!("'{statement}' is not understood"))?;
        }
        Ok(config)
    }

    fn statement(&mut self, words: &[&str]) -> Option<()> {
        match *words {
            ["prefix", prefix] => {
                let (addr, len) = network(prefix, 96)?;
                let prefix = Prefix::new(addr, len as u8).ok()?;
                let private = self.values.get(Id::PrivateWellKnown) != 0;
                self.prefixes.push(prefix.with_private(private));
            }
            ["map", "from", from, "to", to, "stateless"] => self.stateless(from, to)?,
            ["map", "from", from, "to", pool] => self.rule(from, pool, Filtering::None)?,
            ["map", "from", from, "to", pool, "filter", filter] => {
                let filter = match filter {
                    "none" => Filtering::None,
                    "address" => Filtering::Address,
                    "port" => Filtering::Port,
                    _ => return None,
                };
                self.rule(from, pool, filter)?;
            }
            ["map", "enable"] => {}
            ["set", name, "=", value] => {
                let addr = || Some(value.parse::<Ipv4Addr>().ok()?.to_bits());
                let value = value.parse().ok().or_else(addr)?;
                self.values.set(name.as_bytes(), value.into()).ok()?;
                let private = self.values.get(Id::PrivateWellKnown) != 0;
                for prefix in &mut self.prefixes {
                    *prefix = prefix.with_private(private);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// `map from FROM to POOL filter FILTER`.
    fn rule(&mut self, from: &str, pool: &str, filter: Filtering) -> Option<()> {
        self.rules.push(Rule {
            from: match from {
                "any6" => (0, 0),
                from => network(from, 128).map(|(addr, len)| (addr.to_bits(), len))?,
            },
            pool: pool.parse().ok()?,
            filter,
        });
        Some(())
    }

    /// `map from FROM to TO stateless`.
    fn stateless(&mut self, from: &str, to: &str) -> Option<()> {
        let (hosts, v6, v4) = match from.contains(':') {
            true => (Side::V6, from, to),
            false => (Side::V4, to, from),
        };
        let (addr, len) = network(v6, 128)?;
        let v6 = (addr, len as u8);
        let (addr, len) = v4.split_once('/').unwrap_or((v4, "32"));
        let v4 = (addr.parse().ok()?, len.parse().ok()?);
        let mut prefixes = self.prefixes.iter();
        let prefix = prefixes.find(|it| hosts == Side::V6 && (it.addr(), it.len()) == v6);
        let mapping = match prefix {
            Some(prefix) => Eam::embedded(*prefix, v4),
            None => Eam::explicit(hosts, v6, v4),
        };
        let mapping = mapping.ok()?;
        if self.by4.iter().any(|other| other.overlaps(&mapping)) {
            return None;
        }
        self.by4.push(mapping);
        self.by4.sort_by_key(Eam::order4);
        self.by6.extend(mapping.order6().map(|_| mapping));
        self.by6.sort_by_key(Eam::order6);
        Some(())
    }

    /// Whether there are stateless rules.
    pub fn is_stateless(&self) -> bool {
        !self.by4.is_empty()
    }

    /// How stateless rules translate addresses.
    pub fn addresses(&self) -> Addresses<'_> {
        Addresses {
            by6: &self.by6,
            by4: &self.by4,
            prefixes: &self.prefixes,
        }
    }

    /// The longest prefix that an address is under.
    pub fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        let under = self.prefixes.iter().filter(|prefix| prefix.contains(addr));
        under.max_by_key(|prefix| prefix.len())
    }

    /// The rule for a host.
    pub fn rule_for(&self, host: Ipv6Addr) -> Option<Rule> {
        let fits = |rule: &&Rule| (host.to_bits() ^ rule.from.0) & mask(rule.from.1) == 0;
        self.rules.iter().find(fits).copied()
    }
}

fn network(text: &str, len: u32) -> Option<(Ipv6Addr, u32)> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, len.parse().ok()?),
        None => (text, len),
    };
    Some((addr.parse().ok()?, len))
}
