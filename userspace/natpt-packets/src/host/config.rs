// SPDX-License-Identifier: GPL-2.0
//! The statements of natptconfig that decide about single packets.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use natpt_core::xlate::addr::{mask, Prefix};

use crate::value::Error;

/// `map from V6/LEN to POOL`.
#[derive(Clone, Debug)]
pub struct Rule {
    from: (u128, u32),
    pub pool: Ipv4Addr,
}

/// A configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub prefixes: Vec<Prefix>,
    pub rules: Vec<Rule>,
    values: HashMap<String, u32>,
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
                self.prefixes.push(prefix);
            }
            ["map", "from", from, "to", pool] => self.rules.push(Rule {
                from: match from {
                    "any6" => (0, 0),
                    from => network(from, 128).map(|(addr, len)| (addr.to_bits(), len))?,
                },
                pool: pool.parse().ok()?,
            }),
            ["map", "enable"] => {}
            ["set", name, "=", value] => {
                self.values.insert(name.into(), value.parse().ok()?);
            }
            _ => return None,
        }
        Some(())
    }

    /// The longest prefix that an address is under.
    pub fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        let under = self.prefixes.iter().filter(|prefix| prefix.contains(addr));
        under.max_by_key(|prefix| prefix.len())
    }

    /// The pool for a host.
    pub fn pool_for(&self, host: Ipv6Addr) -> Option<Ipv4Addr> {
        let fits = |rule: &&Rule| (host.to_bits() ^ rule.from.0) & mask(rule.from.1) == 0;
        self.rules.iter().find(fits).map(|rule| rule.pool)
    }

    /// The value of a variable, if it is set.
    pub fn value(&self, name: &str) -> Option<u32> {
        self.values.get(name).copied()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != 0)
    }
}

fn network(text: &str, len: u32) -> Option<(Ipv6Addr, u32)> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, len.parse().ok()?),
        None => (text, len),
    };
    Some((addr.parse().ok()?, len))
}
