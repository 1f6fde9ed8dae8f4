// SPDX-License-Identifier: GPL-2.0

//! The configuration: an immutable snapshot that is replaced whole.

use super::{pool::Pool, variables::Values};
use crate::{linux::array::Array, nat::rule::Rule, xlate::addr::Prefix};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::{
    prelude::*,
    sync::{atomic::Atomic, Arc},
};

/// Most prefixes that there may be: each is compared with every IPv6 packet.
const MAX_PREFIXES: usize = 64;
/// Most rules, and most pool addresses, that there may be.
const MAX_RULES: usize = 4096;
/// What rules are apart that get their number from us.
const INTERVAL: u32 = 100;

/// A rule with its pool.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) rule: Rule,
    pub(crate) pool: Arc<Pool>,
    /// New mappings that the rule made.
    pub(crate) mappings: Arc<Atomic<u64>>,
}

/// Why a change is refused.
pub(crate) enum Refused {
    /// It does not fit what is there already.
    Exists(&'static str),
    /// What it names is not there.
    Missing(&'static str),
    /// There is no room.
    Full(&'static str),
    /// Memory is short.
    Memory,
}

impl From<kernel::alloc::AllocError> for Refused {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Self::Memory
    }
}

impl From<Error> for Refused {
    fn from(_: Error) -> Self {
        Self::Memory
    }
}

/// All that `natptconfig` sets.
pub(crate) struct Config {
    /// Grows with every change.
    pub(crate) generation: u32,
    pub(crate) enabled: bool,
    pub(crate) prefixes: Array<Prefix>,
    pub(crate) rules: Array<Entry>,
    pub(crate) values: Values,
    /// In the order of their addresses.
    pools: Array<Arc<Pool>>,
}

impl Config {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            generation: 1,
            enabled: false,
            prefixes: Array::new(0, [])?,
            rules: Array::new(0, [])?,
            values: Values::DEFAULT,
            pools: Array::new(0, [])?,
        })
    }

    /// A copy to change.
    pub(crate) fn next(&self) -> Result<Self> {
        let mut next = self.copy()?;
        next.generation = self.generation.wrapping_add(1);
        Ok(next)
    }

    /// A copy for another place.
    pub(crate) fn copy(&self) -> Result<Self> {
        Ok(Self {
            generation: self.generation,
            enabled: self.enabled,
            prefixes: self.prefixes.filtered(|_| true)?,
            rules: self.rules.filtered(|_| true)?,
            values: self.values,
            pools: self.pools.filtered(|_| true)?,
        })
    }

    /// The prefix that an IPv6 address is under.
    #[inline]
    pub(crate) fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| prefix.contains(addr))
    }

    /// The first rule for a host and protocol.
    pub(crate) fn rule_for(&self, host: Ipv6Addr, proto: u8) -> Option<&Entry> {
        self.rules
            .iter()
            .find(|entry| entry.rule.matches(host, proto))
    }

    /// The pool of an address, also if its rules are gone.
    pub(crate) fn pool(&self, addr: Ipv4Addr) -> Option<&Arc<Pool>> {
        let place = first_not(&self.pools, |pool| pool.addr < addr);
        self.pools.get(place).filter(|pool| pool.addr == addr)
    }

    /// Adds a prefix.
    pub(crate) fn add_prefix(&mut self, prefix: Prefix) -> Result<(), Refused> {
        if self.prefixes.iter().any(|other| other.overlaps(&prefix)) {
            return Err(Refused::Exists("prefix overlaps one that is set already"));
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            return Err(Refused::Full("too many prefixes"));
        }
        Ok(self.prefixes.insert(self.prefixes.len(), prefix)?)
    }

    /// Deletes all prefixes.
    pub(crate) fn flush_prefixes(&mut self) -> Result<(), Refused> {
        self.prefixes = Array::new(0, [])?;
        Ok(())
    }

    /// Number for a rule that comes without: behind all others.
    pub(crate) fn next_number(&self) -> u32 {
        let last = self.rules.last().map_or(0, |entry| entry.rule.number);
        last.saturating_add(INTERVAL)
    }

    /// Adds a rule that was checked, in the order of the numbers.
    pub(crate) fn add_rule(&mut self, rule: Rule) -> Result<(), Refused> {
        if self.rules.len() >= MAX_RULES {
            return Err(Refused::Full("too many rules"));
        }
        let place = first_not(&self.rules, |other| other.rule.number < rule.number);
        if self
            .rules
            .get(place)
            .is_some_and(|other| other.rule.number == rule.number)
        {
            return Err(Refused::Exists("there is a rule with this number already"));
        }
        let pool = match self.pool(rule.to) {
            Some(pool) => pool.clone(),
            None if self.pools.len() >= MAX_RULES => {
                return Err(Refused::Full("too many pool addresses"))
            }
            None => {
                let pool = Pool::new(rule.to)?;
                let place = first_not(&self.pools, |other| other.addr < pool.addr);
                self.pools.insert(place, pool.clone())?;
                pool
            }
        };
        let mappings = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let entry = Entry {
            rule,
            pool,
            mappings,
        };
        Ok(self.rules.insert(place, entry)?)
    }

    /// Deletes the rule of a number.
    pub(crate) fn delete_rule(&mut self, number: u32) -> Result<(), Refused> {
        let left = self.rules.filtered(|entry| entry.rule.number != number)?;
        if left.len() == self.rules.len() {
            return Err(Refused::Missing("there is no rule with this number"));
        }
        self.rules = left;
        Ok(())
    }

    /// Deletes all rules.
    pub(crate) fn flush_rules(&mut self) -> Result<(), Refused> {
        self.rules = Array::new(0, [])?;
        Ok(())
    }

    /// Numbers the rules anew, in their order.
    pub(crate) fn renumber(&mut self, start: u32, interval: u32) -> Result<(), Refused> {
        let mut number = Some(start);
        for entry in self.rules.iter_mut() {
            entry.rule.number = number.ok_or(Refused::Full("numbers go beyond 32 bits"))?;
            number = entry.rule.number.checked_add(interval);
        }
        Ok(())
    }
}

/// Place of the first item of an ordered row for which `before` does not hold.
fn first_not<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.wrapping_add(high) / 2;
        if items.get(middle).is_some_and(&before) {
            low = middle.wrapping_add(1);
        } else {
            high = middle;
        }
    }
    low
}
