// SPDX-License-Identifier: GPL-2.0

//! The configuration: an immutable snapshot that is replaced whole.

use super::{pool::Pool, variables::Values};
use crate::{nat::rule::Rule, xlate::addr::Prefix};
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
    pub(crate) prefixes: KVec<Prefix>,
    pub(crate) rules: KVec<Entry>,
    pub(crate) values: Values,
    /// In the order of their addresses.
    pools: KVec<Arc<Pool>>,
}

impl Config {
    pub(crate) fn new() -> Self {
        Self {
            generation: 1,
            enabled: false,
            prefixes: KVec::new(),
            rules: KVec::new(),
            values: Values::DEFAULT,
            pools: KVec::new(),
        }
    }

    /// A copy to change.
    pub(crate) fn next(&self) -> Result<Self> {
        let mut next = self.copy()?;
        next.generation = self.generation.wrapping_add(1);
        Ok(next)
    }

    /// A copy for another place.
    pub(crate) fn copy(&self) -> Result<Self> {
        let mut copy = Self {
            generation: self.generation,
            enabled: self.enabled,
            prefixes: KVec::new(),
            rules: KVec::with_capacity(self.rules.len(), GFP_KERNEL)?,
            values: self.values,
            pools: KVec::with_capacity(self.pools.len(), GFP_KERNEL)?,
        };
        copy.prefixes.extend_from_slice(&self.prefixes, GFP_KERNEL)?;
        copy.rules.extend_from_slice(&self.rules, GFP_KERNEL)?;
        copy.pools.extend_from_slice(&self.pools, GFP_KERNEL)?;
        Ok(copy)
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
        let place = self.pools.binary_search_by_key(&addr, |pool| pool.addr);
        self.pools.get(place.ok()?)
    }

    /// Adds a prefix.
    pub(crate) fn add_prefix(&mut self, prefix: Prefix) -> Result<(), Refused> {
        if self.prefixes.iter().any(|other| other.overlaps(&prefix)) {
            return Err(Refused::Exists("prefix overlaps one that is set already"));
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            return Err(Refused::Full("too many prefixes"));
        }
        self.prefixes.push(prefix, GFP_KERNEL)?;
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
        if self.rules.iter().any(|other| other.rule.number == rule.number) {
            return Err(Refused::Exists("there is a rule with this number already"));
        }
        let pool = match self.pool(rule.to) {
            Some(pool) => pool.clone(),
            None if self.pools.len() >= MAX_RULES => {
                return Err(Refused::Full("too many pool addresses"))
            }
            None => {
                let pool = Pool::new(rule.to)?;
                self.add_pool(pool.clone())?;
                pool
            }
        };
        let before = |other: &&Entry| other.rule.number < rule.number;
        let place = self.rules.iter().take_while(before).count();
        let mappings = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        self.rules.reserve(1, GFP_KERNEL)?;
        let entry = Entry {
            rule,
            pool,
            mappings,
        };
        self.rules
            .insert_within_capacity(place, entry)
            .map_err(|_| Refused::Memory)
    }

    fn add_pool(&mut self, pool: Arc<Pool>) -> Result<(), Refused> {
        let before = |other: &&Arc<Pool>| other.addr < pool.addr;
        let place = self.pools.iter().take_while(before).count();
        self.pools.reserve(1, GFP_KERNEL)?;
        self.pools
            .insert_within_capacity(place, pool)
            .map_err(|_| Refused::Memory)
    }

    /// Deletes the rule of a number.
    pub(crate) fn delete_rule(&mut self, number: u32) -> Result<(), Refused> {
        let place = self.rules.iter().position(|e| e.rule.number == number);
        let place = place.ok_or(Refused::Missing("there is no rule with this number"))?;
        let removed = self.rules.remove(place);
        removed.map(drop).map_err(|_| Refused::Memory)
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
