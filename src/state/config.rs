// SPDX-License-Identifier: GPL-2.0

//! The configuration: an immutable snapshot that is replaced whole.

use super::pool::Pool;
use crate::{
    linux::{
        array::Array,
        memory::{self, Account},
    },
    nat::{
        options::{self, Id, Values},
        rule::Rule,
    },
    xlate::{addr::Prefix, addresses::Addresses, eam::Eam, side::Side},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::{
    prelude::*,
    sync::{atomic::Atomic, Arc},
};

/// Most prefixes that there may be: each is compared with every IPv6 packet.
const MAX_PREFIXES: usize = 64;
/// Most rules, and most pool addresses, that there may be.
const MAX_RULES: usize = 4096;
/// The gap between the numbers that rules get from us.
const INTERVAL: u32 = 100;

/// One `map` statement.
#[derive(Clone)]
pub(crate) struct RuleEntry {
    /// Place in the list.
    pub(crate) number: u32,
    pub(crate) action: Action,
}

/// The action of a `map` statement.
#[derive(Clone)]
pub(crate) enum Action {
    /// Hosts share the addresses of a pool.
    Stateful(Stateful),
    /// Each host has an address of its own.
    Stateless(Eam),
}

/// A stateful rule with its pool.
#[derive(Clone)]
pub(crate) struct Stateful {
    pub(crate) rule: Rule,
    pub(crate) pool: Arc<Pool>,
    /// New mappings that the rule made.
    pub(crate) mappings: Arc<Atomic<u64>>,
}

impl RuleEntry {
    fn sharing(&self) -> Option<&Stateful> {
        match &self.action {
            Action::Stateful(sharing) => Some(sharing),
            Action::Stateless(_) => None,
        }
    }

    fn mapping(&self) -> Option<&Eam> {
        match &self.action {
            Action::Stateful(_) => None,
            Action::Stateless(mapping) => Some(mapping),
        }
    }
}

/// Why a change is refused.
pub(crate) enum Refused {
    /// It does not fit what is there already.
    Exists(&'static str),
    /// It names something that is not there.
    Missing(&'static str),
    /// There is no room.
    Full(&'static str),
    /// Memory is short.
    Memory(Error),
}

impl From<kernel::alloc::AllocError> for Refused {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Self::Memory(ENOMEM)
    }
}

impl From<Error> for Refused {
    fn from(why: Error) -> Self {
        Self::Memory(why)
    }
}

/// All that `natptconfig` sets.
pub(crate) struct Config {
    account: Account,
    /// Grows with every change.
    pub(crate) generation: u32,
    pub(crate) enabled: bool,
    pub(crate) prefixes: Array<Prefix>,
    pub(crate) rules: Array<RuleEntry>,
    pub(crate) values: Values,
    /// In the order of their addresses.
    pools: Array<Arc<Pool>>,
    /// The explicit mappings of stateless rules, in the order of their IPv6 addresses.
    by6: Array<Eam>,
    /// All of them, in the order of their IPv4 addresses.
    by4: Array<Eam>,
}

impl Config {
    pub(crate) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            account,
            generation: 1,
            enabled: false,
            prefixes: Array::new(account, 0, [])?,
            rules: Array::new(account, 0, [])?,
            values: Values::DEFAULT,
            pools: Array::new(account, 0, [])?,
            by6: Array::new(account, 0, [])?,
            by4: Array::new(account, 0, [])?,
        })
    }

    /// A copy to change.
    pub(crate) fn next(&self) -> Result<Self> {
        Ok(Self {
            account: self.account,
            generation: self.generation.wrapping_add(1),
            enabled: self.enabled,
            prefixes: self.prefixes.filtered(|_| true)?,
            rules: self.rules.filtered(|_| true)?,
            values: self.values,
            pools: self.pools.filtered(|_| true)?,
            by6: self.by6.filtered(|_| true)?,
            by4: self.by4.filtered(|_| true)?,
        })
    }

    /// The prefix that an IPv6 address is under.
    #[inline]
    pub(crate) fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| prefix.contains(addr))
    }

    /// Return true if there are stateless rules.
    #[inline]
    pub(crate) fn is_stateless(&self) -> bool {
        !self.by4.is_empty()
    }

    /// Return true if there are stateful rules.
    pub(crate) fn is_stateful(&self) -> bool {
        self.rules.iter().any(|entry| entry.sharing().is_some())
    }

    /// How stateless rules translate addresses.
    #[inline]
    pub(crate) fn addresses(&self) -> Addresses<'_> {
        Addresses {
            by6: &self.by6,
            by4: &self.by4,
            prefixes: &self.prefixes,
        }
    }

    /// The first stateful rule for a host and protocol.
    pub(crate) fn rule_for(&self, host: Ipv6Addr, proto: u8) -> Option<&Stateful> {
        self.rules
            .iter()
            .filter_map(RuleEntry::sharing)
            .find(|sharing| sharing.rule.matches(host, proto))
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
        let same = |it: &Eam| it.v6() == (prefix.addr(), prefix.len());
        if self.by6.iter().any(|it| it.hosts() == Side::V6 && same(it)) {
            return Err(Refused::Exists(
                "a stateless rule has these IPv6 addresses: delete the rule first",
            ));
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            return Err(Refused::Full("too many prefixes"));
        }
        let prefix = prefix.with_private(self.values.get(Id::PrivateWellKnown) != 0);
        Ok(self.prefixes.insert(self.prefixes.len(), prefix)?)
    }

    /// Deletes all prefixes.
    pub(crate) fn flush_prefixes(&mut self) -> Result<(), Refused> {
        if self.by4.iter().any(|mapping| mapping.prefix().is_some()) {
            return Err(Refused::Exists(
                "a stateless rule has its hosts under a prefix: delete the rule first",
            ));
        }
        self.prefixes = Array::new(self.account, 0, [])?;
        Ok(())
    }

    /// Number for a rule that comes without: behind all others.
    pub(crate) fn next_number(&self) -> u32 {
        let last = self.rules.last().map_or(0, |entry| entry.number);
        last.saturating_add(INTERVAL)
    }

    /// Adds a stateful rule that was checked.
    pub(crate) fn add_rule(&mut self, number: u32, rule: Rule) -> Result<(), Refused> {
        if self.addresses().eam4(rule.to).is_some() {
            return Err(Refused::Exists("pool address is in a stateless rule"));
        }
        let pool = match self.pool(rule.to) {
            Some(pool) => pool.clone(),
            None if self.pools.len() >= MAX_RULES => {
                return Err(Refused::Full("too many pool addresses"))
            }
            None => {
                let pool = Pool::new(self.account, rule.to)?;
                let place = first_not(&self.pools, |other| other.addr < pool.addr);
                self.pools.insert(place, pool.clone())?;
                pool
            }
        };
        let mappings = Arc::new(Atomic::new(0), memory::flags())?;
        let sharing = Stateful {
            rule,
            pool,
            mappings,
        };
        self.add_entry(number, Action::Stateful(sharing))
    }

    /// Adds a stateless rule that was checked.
    pub(crate) fn add_mapping(&mut self, number: u32, mapping: Eam) -> Result<(), Refused> {
        if self.by4.iter().any(|other| other.overlaps(&mapping)) {
            return Err(Refused::Exists(
                "addresses overlap those of another stateless rule",
            ));
        }
        let mut pools = self.pools.iter();
        if pools.any(|pool| mapping.v6_of(pool.addr).is_some()) {
            return Err(Refused::Exists(
                "IPv4 addresses cover one that is or was a pool's",
            ));
        }
        self.add_entry(number, Action::Stateless(mapping))?;
        index(&mut self.by6, &mut self.by4, mapping)
    }

    /// Adds an entry in the order of the numbers.
    fn add_entry(&mut self, number: u32, action: Action) -> Result<(), Refused> {
        if self.rules.len() >= MAX_RULES {
            return Err(Refused::Full("too many rules"));
        }
        let place = first_not(&self.rules, |other| other.number < number);
        let same = self.rules.get(place).filter(|it| it.number == number);
        if same.is_some() {
            return Err(Refused::Exists("there is a rule with this number already"));
        }
        Ok(self.rules.insert(place, RuleEntry { number, action })?)
    }

    /// Puts the mappings of the stateless rules in order.
    fn index_mappings(&mut self) -> Result<(), Refused> {
        self.by6 = Array::new(self.account, 0, [])?;
        self.by4 = Array::new(self.account, 0, [])?;
        for mapping in self.rules.iter().filter_map(RuleEntry::mapping) {
            index(&mut self.by6, &mut self.by4, *mapping)?;
        }
        Ok(())
    }

    /// Deletes the rule of a number.
    pub(crate) fn delete_rule(&mut self, number: u32) -> Result<(), Refused> {
        let left = self.rules.filtered(|entry| entry.number != number)?;
        if left.len() == self.rules.len() {
            return Err(Refused::Missing("there is no rule with this number"));
        }
        self.rules = left;
        self.index_mappings()
    }

    /// Deletes all rules.
    pub(crate) fn flush_rules(&mut self) -> Result<(), Refused> {
        self.rules = Array::new(self.account, 0, [])?;
        self.index_mappings()
    }

    /// Sets a variable by its name.
    pub(crate) fn set(&mut self, name: &[u8], value: u64) -> Result<(), options::Refused> {
        self.values.set(name, value)?;
        let private = self.values.get(Id::PrivateWellKnown) != 0;
        for prefix in self.prefixes.iter_mut() {
            *prefix = prefix.with_private(private);
        }
        Ok(())
    }

    /// Numbers the rules anew, in their order.
    pub(crate) fn renumber(&mut self, start: u32, interval: u32) -> Result<(), Refused> {
        let mut number = Some(start);
        for entry in self.rules.iter_mut() {
            entry.number = number.ok_or(Refused::Full("numbers go beyond 32 bits"))?;
            number = entry.number.checked_add(interval);
        }
        Ok(())
    }
}

/// Puts a mapping where it belongs in the order of its addresses.
fn index(by6: &mut Array<Eam>, by4: &mut Array<Eam>, mapping: Eam) -> Result<(), Refused> {
    let place = first_not(by4, |other| other.order4() < mapping.order4());
    by4.insert(place, mapping)?;
    if let Some(order) = mapping.order6() {
        let place = first_not(by6, |it| it.order6().is_some_and(|o| o < order));
        by6.insert(place, mapping)?;
    }
    Ok(())
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
