// SPDX-License-Identifier: GPL-2.0

//! The configuration: an immutable snapshot that is replaced whole.

use super::{
    comments::Comments,
    mapping::{Endpoint4, Host},
    order::Row,
    pool::{self, Pool},
    pools::Pools,
    rules::{RuleEntry, Stateful},
    sources::{Sources, FEW},
    statics::Statics,
};
use crate::{
    linux::{
        array::Array,
        memory::{self, Account},
        pernet::Net,
    },
    nat::{options::Values, rule::proto_bit},
    xlate::{
        addr::{Prefix, Range4},
        addresses::Addresses,
        eam::Eam,
        order::first_not,
        tuple::{Tuple4, Tuple6},
    },
};
use core::{
    iter,
    net::{Ipv4Addr, Ipv6Addr},
    ops::Deref,
};
use kernel::{prelude::*, sync::Arc};

/// The gap between the numbers that rules get from us.
const INTERVAL: u32 = 100;

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
    pub(super) account: Account,
    /// Grows with every change.
    pub(crate) generation: u32,
    pub(crate) enabled: bool,
    pub(crate) values: Values,
    /// Shared by all that have the same rules and prefixes.
    pub(super) tables: Arc<Tables>,
    pub(super) next_rule: u32,
    pub(super) next_prefix: u16,
    /// There are static mappings, or have been.
    pub(super) knows_statics: bool,
}

/// Rules and prefixes.
pub(crate) struct Tables {
    /// Those that are set, and then those that are kept for their sessions.
    pub(crate) prefixes: Array<Prefix>,
    /// How many are set.
    pub(super) set: usize,
    pub(crate) rules: Array<RuleEntry>,
    pub(crate) comments: Comments,
    /// Rules that are kept for their sessions, as long as these last, by number.
    pub(super) kept: Array<Arc<Stateful>>,
    /// Those of all these rules.
    pub(crate) pools: Pools,
    /// Rules have gone, and pools and static mappings are of before.
    pub(super) is_stale: bool,
    /// The static mappings among these rules.
    pub(super) statics: Statics,
    /// The rules with blocks among those that are set.
    pub(super) blocks: Array<Arc<Stateful>>,
    /// What rules that share ports have, each once.
    pub(super) shares: Array<Share>,
    /// Which rule is for a host.
    pub(super) sources: Sources,
    /// The explicit mappings of stateless rules, in the order of their IPv6 addresses.
    pub(super) by6: Row<Eam>,
    /// All of them, in the order of their IPv4 addresses.
    pub(super) by4: Row<Eam>,
    /// Some of them are for IPv6 hosts.
    pub(super) has_hosts6: bool,
    /// By what mappings know the stateful rules, in its order, and their numbers in the list; none are
    /// those of rules that are kept.
    pub(super) ids: Row<(u32, Option<u32>)>,
}

/// Addresses, ports and protocols of a rule.
pub(super) type Share = (Range4, Option<(u16, u16)>, u32);

impl Deref for Config {
    type Target = Tables;

    #[inline(always)]
    fn deref(&self) -> &Tables {
        &self.tables
    }
}

impl Config {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let tables = Tables {
            prefixes: Array::new(account, 0, [])?,
            set: 0,
            rules: Array::new(account, 0, [])?,
            comments: Comments::new(account)?,
            kept: Array::new(account, 0, [])?,
            pools: Pools::new(account)?,
            is_stale: false,
            statics: Statics::new(account)?,
            blocks: Array::new(account, 0, [])?,
            shares: Array::new(account, 0, [])?,
            sources: Sources::new(account)?,
            by6: Row::new(account)?,
            by4: Row::new(account)?,
            has_hosts6: false,
            ids: Row::new(account)?,
        };
        Ok(Self {
            account,
            generation: 1,
            enabled: false,
            values: Values::DEFAULT,
            tables: Arc::new(tables, memory::flags())?,
            next_rule: 0,
            next_prefix: 0,
            knows_statics: false,
        })
    }
}

impl Tables {
    /// A copy to be changed.
    pub(super) fn copy(&self, account: Account) -> Result<Self> {
        Ok(Self {
            prefixes: self.prefixes.filtered(|_| true)?,
            set: self.set,
            rules: self.rules.filtered(|_| true)?,
            comments: self.comments.copy()?,
            kept: self.kept.filtered(|_| true)?,
            pools: self.pools.copy(account)?,
            is_stale: false,
            statics: self.statics.copy()?,
            blocks: self.blocks.filtered(|_| true)?,
            shares: Array::new(account, 0, [])?,
            sources: Sources::new(account)?,
            by6: self.by6.copy()?,
            by4: self.by4.copy()?,
            has_hosts6: false,
            ids: Row::new(account)?,
        })
    }

    pub(super) fn has_rule(&self, id: u32) -> bool {
        self.id(id).is_some()
    }

    fn id(&self, id: u32) -> Option<&(u32, Option<u32>)> {
        let place = first_not(&self.ids, |it| it.0 < id);
        self.ids.get(place).filter(|it| it.0 == id)
    }

    /// Return true if sessions of the rule and the prefix with these numbers may be there.
    pub(crate) fn allows(&self, rule: u32, prefix: u16) -> bool {
        self.has_rule(rule) && self.prefix(prefix).is_some()
    }

    /// Return true if a rule is only kept for its sessions.
    pub(crate) fn keeps_rule(&self, id: u32) -> bool {
        let place = first_not(&self.kept, |it| it.id < id);
        self.kept.get(place).is_some_and(|it| it.id == id)
    }

    /// Return false if the rule or the prefix is only kept for its sessions.
    pub(crate) fn may_open(&self, rule: u32, prefix: u16) -> bool {
        let kept = self.prefixes.get(self.set..).unwrap_or(&[]);
        !self.keeps_rule(rule) && !kept.iter().any(|it| it.id() == prefix)
    }

    /// The prefixes that are set.
    pub(crate) fn prefixes(&self) -> &[Prefix] {
        self.prefixes.get(..self.set).unwrap_or(&[])
    }

    /// Something has gone but for its sessions.
    pub(crate) fn keeps(&self) -> bool {
        !self.kept.is_empty() || self.set != self.prefixes.len()
    }

    /// The prefix with a number.
    pub(crate) fn prefix(&self, id: u16) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| prefix.id() == id)
    }

    /// The prefix that an IPv6 address is under, if only for its sessions.
    #[inline]
    pub(crate) fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| prefix.contains(addr))
    }

    /// The prefix that an IPv6 address is under, where sessions may be opened.
    pub(crate) fn prefix_to_open(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.prefixes().iter().find(|prefix| prefix.contains(addr))
    }

    /// Return true if there are stateless rules.
    #[inline]
    pub(crate) fn is_stateless(&self) -> bool {
        !self.by4.is_empty()
    }

    /// Return true if there are stateful rules.
    pub(crate) fn is_stateful(&self) -> bool {
        self.by4.len() < self.rules.len()
    }

    /// Return true if there are stateless rules for IPv6 hosts.
    pub(crate) fn has_hosts6(&self) -> bool {
        self.has_hosts6
    }

    /// How stateless rules translate addresses.
    #[inline]
    pub(crate) fn addresses(&self) -> Addresses<'_> {
        Addresses {
            by6: &self.by6,
            by4: &self.by4,
            prefixes: self.prefixes(),
        }
    }

    /// The stateful rule with a number.
    pub(crate) fn stateful(&self, number: u32) -> Option<&Stateful> {
        let place = first_not(&self.rules, |it| it.number < number);
        let entry = self.rules.get(place).filter(|it| it.number == number)?;
        entry.sharing().map(|sharing| &**sharing)
    }

    /// The number in the list of the rule that mappings know by another.
    pub(crate) fn number_of(&self, id: u32) -> Option<u32> {
        self.id(id)?.1
    }

    /// The prefix that static mappings are under.
    fn static_prefix(&self) -> Option<&Prefix> {
        self.prefixes().first()
    }

    /// The static mapping that packets of an IPv4 host are for, whose destination the source of this
    /// tuple is, and their prefix.
    #[inline]
    pub(crate) fn static4(&self, tuple: &Tuple4, proto: u8) -> Option<(&Stateful, &Prefix)> {
        if self.statics.is_empty() {
            return None;
        }
        let rule = self.statics.of4((tuple.saddr, tuple.sport), proto)?;
        let may = rule.rule.fixed?.peers.contains(tuple.daddr) && !self.keeps_rule(rule.id);
        may.then_some(rule).zip(self.static_prefix())
    }

    /// The static mapping of an IPv6 packet's source.
    #[inline]
    fn static6(&self, tuple: &Tuple6, proto: u8) -> Option<&Stateful> {
        if self.statics.is_empty() {
            return None;
        }
        let rule = self.statics.of6((tuple.saddr, tuple.sport), proto)?;
        let prefix = self.prefix_to_open(tuple.daddr)?;
        let may = self.is_static_prefix(prefix.id()) && !self.keeps_rule(rule.id);
        may.then_some(rule)
    }

    fn is_static_prefix(&self, id: u16) -> bool {
        self.static_prefix().is_some_and(|it| it.id() == id)
    }

    /// A mapping, of this rule and prefix, has what static mappings have now.
    pub(super) fn displaces(
        &self,
        (host, v4): (&Host, &Endpoint4),
        rule: u32,
        prefix: u16,
    ) -> bool {
        let of4 = self.statics.of4((v4.addr, v4.port), host.proto);
        let of6 = self.statics.of6((host.addr, host.port), host.proto);
        let is_first = self.is_static_prefix(prefix);
        // Under a prefix that is kept for its sessions they run out, until another is the first.
        let is_other = !is_first && self.static_prefix().is_some();
        of4.is_some_and(|it| it.id != rule || is_other)
            || of6.is_some_and(|it| it.id != rule && is_first && !self.keeps_rule(it.id))
    }

    /// The stateful rule for an IPv6 packet that opens a session: a static mapping, or the first.
    #[inline(always)]
    pub(crate) fn rule_for(&self, tuple: &Tuple6, proto: u8) -> Option<&Stateful> {
        if let Some(rule) = self.static6(tuple, proto) {
            return Some(rule);
        }
        if self.rules.len() > FEW {
            return self.rule_from((tuple.saddr, proto), 0).map(|(_, it)| it);
        }
        for entry in self.rules.iter() {
            match entry.sharing() {
                Some(it) if it.rule.matches(tuple.saddr, proto) && it.rule.fixed.is_none() => {
                    return Some(it)
                }
                _ => {}
            }
        }
        None
    }

    /// The first stateful rule that is no static mapping for a host's packets of a protocol, from a place
    /// on, with its own place.
    #[cold]
    fn rule_from(&self, (host, proto): (Ipv6Addr, u8), from: usize) -> Option<(usize, &Stateful)> {
        let place = match self.rules.len() {
            ..=FEW => {
                let is_for =
                    |it: &Arc<Stateful>| it.rule.fixed.is_none() && it.rule.matches(host, proto);
                let mut rules = (0..FEW).zip(self.rules.iter()).skip(from);
                rules.find(|it| it.1.sharing().is_some_and(is_for))?.0
            }
            _ => self.sources.next(host, proto, from)?,
        };
        Some((place, self.rules.get(place)?.sharing()?))
    }

    /// The rules that [`Tables::rule_for`] could have found if this one were not.
    pub(super) fn rules_behind(
        &self,
        rule: &Stateful,
        host: Ipv6Addr,
        proto: u8,
    ) -> impl Iterator<Item = &Stateful> {
        let behind = |number| first_not(&self.rules, |it| it.number <= number);
        let mut from = self.number_of(rule.id).map(behind);
        iter::from_fn(move || {
            let (place, rule) = self.rule_from((host, proto), from?)?;
            from = Some(place.wrapping_add(1));
            Some(rule)
        })
    }

    /// Hosts share this address.
    #[inline]
    pub(crate) fn is_pool(&self, addr: Ipv4Addr) -> bool {
        self.pools.contains(addr)
    }

    /// The pool of an address.
    pub(crate) fn pool(&self, addr: Ipv4Addr) -> Option<&Arc<Pool>> {
        self.pools.get(addr)
    }

    /// Return true if a pool is an address of the box's own.
    pub(crate) fn has_own_pool(&self, net: &Net) -> bool {
        self.pools.iter().any(|pool| pool.is_own(net))
    }

    /// Return true if a rule may give hosts this port of an address of the box's own.
    pub(crate) fn gives(&self, net: &Net, (addr, port): (Ipv4Addr, u16), proto: u8) -> bool {
        self.shares.iter().any(|&(to, ports, protos)| {
            to.contains(addr)
                && protos & proto_bit(proto) != 0
                && pool::is_for_hosts(net, ports, port)
        })
    }

    /// A stateful rule gives hosts an address for their packets of a protocol.
    pub(crate) fn takes(&self, addr: Ipv4Addr, proto: u8) -> bool {
        let mut shares = self.shares.iter();
        shares.any(|(to, _, protos)| to.contains(addr) && protos & proto_bit(proto) != 0)
            || self.statics.of4((addr, 0), proto).is_some()
    }

    /// Number for a rule that comes without: behind all others.
    pub(crate) fn next_number(&self) -> u32 {
        let last = self.rules.last().map_or(0, |entry| entry.number);
        last.saturating_add(INTERVAL)
    }
}
