// SPDX-License-Identifier: GPL-2.0

//! A configuration that is being changed.

use super::{
    comments::Comments,
    config::{Config, Refused, Share, Tables},
    kept::Seen,
    order::Row,
    pools::Pools,
    rules::{Action, RuleEntry, Stateful},
    sources::Sources,
    statics::{Clash, Statics},
};
use crate::{
    linux::{
        array::Array,
        memory::{self, Account},
    },
    nat::{
        comment::Comment,
        options::{self, Id, Values},
        rule::Rule,
    },
    xlate::{
        addr::{self, Prefix, Range4},
        eam::Eam,
        order::{first_not, last_of},
        side::Side,
    },
};
use core::{mem, ops::Deref};
use kernel::{
    prelude::*,
    sync::{atomic::Atomic, Arc},
};

/// Most prefixes that there may be: each is compared with every IPv6 packet.
const MAX_PREFIXES: usize = 64;
/// Most rules that there may be.
const MAX_RULES: usize = 131_072;
/// Most pool addresses that there may be: those of a /16.
const MAX_POOLS: u64 = 65536;

const TOO_MANY_POOLS: &str = "too many pool addresses: 65536 are the most";

/// The next configuration.
pub(crate) struct Draft {
    former: Arc<Config>,
    pub(crate) enabled: bool,
    values: Values,
    /// A copy of the rules and prefixes, once they change.
    own: Option<Tables>,
    /// The stateful rules of before, once one is looked for.
    known: Option<Row<(Arc<Stateful>, usize)>>,
    next_rule: u32,
    next_prefix: u16,
}

/// What becomes of the sessions of a rule or prefix that goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sessions {
    End,
    /// They run out.
    Keep,
}

/// Why a variable keeps its value.
pub(crate) enum Unset {
    Refused(options::Refused),
    Memory(Error),
}

impl Deref for Draft {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        self.own.as_ref().unwrap_or(&self.former.tables)
    }
}

impl Draft {
    pub(crate) fn of(former: Arc<Config>) -> Self {
        Self {
            enabled: former.enabled,
            values: former.values,
            own: None,
            known: None,
            next_rule: former.next_rule,
            next_prefix: former.next_prefix,
            former,
        }
    }

    fn own(&mut self) -> Result<&mut Tables> {
        if self.own.is_none() {
            self.own = Some(self.former.tables.copy(self.former.account)?);
        }
        self.own.as_mut().ok_or(ENOMEM)
    }

    /// Brings pools, static and stateless mappings up to date after rules have gone.
    fn refresh(&mut self) -> Result {
        let account = self.former.account;
        match &mut self.own {
            Some(own) if own.is_stale => own.index(account),
            _ => Ok(()),
        }
    }

    /// The changes are done. Return true, too, if sessions may have to end
    /// because of them.
    pub(crate) fn settle(mut self) -> Result<(Config, bool)> {
        self.refresh()?;
        let former = &self.former;
        let (mut tables, mut ends) = (former.tables.clone(), false);
        if let Some(mut own) = self.own {
            own.settle(former.account)?;
            own.pools.settle(former.account, &former.pools)?;
            ends = !former.ids.iter().all(|it| own.has_rule(it.0))
                || !former
                    .prefixes
                    .iter()
                    .all(|it| own.prefix(it.id()).is_some())
                || !own.statics.is_empty();
            tables = Arc::new(own, memory::flags())?;
        }
        let has_statics = !tables.statics.is_empty();
        let config = Config {
            account: former.account,
            generation: former.generation.wrapping_add(1),
            enabled: self.enabled,
            values: self.values,
            tables,
            next_rule: self.next_rule,
            next_prefix: self.next_prefix,
            knows_statics: former.knows_statics || has_statics,
        };
        Ok((config, ends))
    }

    /// Forget the rules and prefixes that were kept for sessions and have none any more.
    pub(crate) fn forget_kept(&mut self, seen: &Seen) -> Result {
        let former = self.former.clone();
        let own = self.own()?;
        own.kept = (former.kept).filtered(|it| seen.has_rule(&former, it.id))?;
        own.is_stale = true;
        own.prefixes =
            (former.prefixes).filtered(|it| former.is_set(it) || seen.has_prefix(&former, it))?;
        Ok(())
    }

    /// Adds a prefix.
    pub(crate) fn add_prefix(&mut self, prefix: Prefix) -> Result<(), Refused> {
        let same = |it: &Prefix| (it.addr(), it.len()) == (prefix.addr(), prefix.len());
        for other in self.prefixes.iter().filter(|it| it.overlaps(&prefix)) {
            if self.is_set(other) {
                return Err(Refused::Exists("prefix overlaps one that is set already"));
            }
            if !same(other) {
                let text =
                    "sessions under an overlapping prefix run out yet: session flush ends them";
                return Err(Refused::Exists(text));
            }
        }
        let is_rule = |it: &Eam| it.v6() == (prefix.addr(), prefix.len());
        let mut mappings = self.rules.iter().filter_map(RuleEntry::mapping);
        if mappings.any(|it| it.order6().is_some() && it.hosts() == Side::V6 && is_rule(it)) {
            return Err(Refused::Exists(
                "a stateless rule has these IPv6 addresses: delete the rule first",
            ));
        }
        if self.prefixes.len() >= MAX_PREFIXES {
            return Err(Refused::Full("too many prefixes"));
        }
        let mut known = Iterator::chain(self.prefixes.iter(), self.former.prefixes.iter());
        let id = match known.find(|it| same(it)) {
            Some(prefix) => prefix.id(),
            None => self.new_prefix_id(),
        };
        let private = self.values.get(Id::PrivateWellKnown) != 0;
        let prefix = prefix.with_private(private).with_id(id);
        let own = self.own()?;
        own.prefixes = own.prefixes.filtered(|it| !same(it))?;
        own.prefixes.insert(own.set, prefix)?;
        own.set = own.set.wrapping_add(1);
        Ok(())
    }

    /// A number that no prefix has, nor had before the changes.
    fn new_prefix_id(&mut self) -> u16 {
        loop {
            self.next_prefix = self.next_prefix.wrapping_add(1);
            let id = self.next_prefix;
            if self.former.prefix(id).or(self.prefix(id)).is_none() {
                return id;
            }
        }
    }

    /// Deletes all prefixes.
    pub(crate) fn flush_prefixes(&mut self, sessions: Sessions) -> Result<(), Refused> {
        let mut mappings = self.rules.iter().filter_map(RuleEntry::mapping);
        if mappings.any(|it| it.prefix().is_some()) {
            return Err(Refused::Exists(
                "a stateless rule has its hosts under a prefix: delete the rule first",
            ));
        }
        let own = self.own()?;
        if sessions == Sessions::End {
            own.prefixes = own.prefixes.filtered(|it| !own.is_set(it))?;
        }
        own.set = 0;
        Ok(())
    }

    /// Adds a stateful rule that was checked.
    pub(crate) fn add_rule(
        &mut self,
        (number, comment): (u32, Option<Comment>),
        rule: Rule,
    ) -> Result<(), Refused> {
        self.refresh()?;
        if self.has_eam_in(&rule.to) {
            return Err(Refused::Exists("pool address is in a stateless rule"));
        }
        if self.blurs_blocks(&rule) {
            return Err(Refused::Exists(
                "a rule with blocks and another one have ports in common",
            ));
        }
        let sharing = match self.former_rule(&rule)? {
            Some(sharing) => sharing,
            None => {
                self.next_rule = self.next_rule.wrapping_add(1);
                let sharing = Stateful {
                    id: self.next_rule,
                    rule,
                    spare: Atomic::new(0),
                    mappings: Atomic::new(0),
                };
                Arc::new(sharing, memory::flags())?
            }
        };
        let account = self.former.account;
        let own = self.own()?;
        let was_kept = own.keeps_rule(sharing.id);
        if was_kept {
            own.kept
                .remove(first_not(&own.kept, |it| it.id < sharing.id));
        }
        // Before pools are made for them.
        if rule.to.count() > MAX_POOLS {
            return Err(Refused::Full(TOO_MANY_POOLS));
        }
        if !was_kept {
            own.add_static(account, &sharing)?;
        }
        own.pools.add(rule.to)?;
        own.add_blocks(&sharing)?;
        if own.pools.count() > MAX_POOLS {
            return Err(Refused::Full(TOO_MANY_POOLS));
        }
        own.add_entry((number, comment), Action::Stateful(sharing))
    }

    /// The same rule as it was before the changes, or as it is kept.
    fn former_rule(&mut self, rule: &Rule) -> Result<Option<Arc<Stateful>>> {
        // Rules that come again mostly do so in the same order.
        let place = self.rules.len();
        let same = |it: &&Arc<Stateful>| it.rule == *rule;
        let there = self.former.rules.get(place).and_then(RuleEntry::sharing);
        if let Some(it) = there.filter(same) {
            return Ok(Some(it.clone()));
        }
        if self.known.is_none() {
            let mut known = Row::new(self.former.account)?;
            let rules = self.former.rules.iter().filter_map(RuleEntry::sharing);
            let kept = self.former.kept.iter();
            for (place, it) in (0..usize::MAX).zip(Iterator::chain(rules, kept)) {
                known.add((it.clone(), place), |it| (it.0.rule, it.1))?;
            }
            known.settle(|it| (it.0.rule, it.1))?;
            self.known = Some(known);
        }
        let known = self.known.as_deref().unwrap_or(&[]);
        let find = |place| {
            let at = first_not(known, |it| (it.0.rule, it.1) < (*rule, place));
            known.get(at).map(|it| &it.0).filter(same)
        };
        Ok(find(place).or_else(|| find(0)).cloned())
    }

    /// Adds a stateless rule that was checked.
    pub(crate) fn add_mapping(
        &mut self,
        place: (u32, Option<Comment>),
        mapping: Eam,
    ) -> Result<(), Refused> {
        self.refresh()?;
        if self.has_eam_beside(&mapping) {
            return Err(Refused::Exists(
                "addresses overlap those of another stateless rule",
            ));
        }
        let range = mapping.range4();
        if self.pools.overlaps(&range) {
            return Err(Refused::Exists(match !self.has_rule_to(&range) {
                true => "sessions of a removed rule have an address yet: session flush ends them",
                false => "IPv4 addresses cover a pool's",
            }));
        }
        let own = self.own()?;
        own.add_entry(place, Action::Stateless(mapping))?;
        Ok(add_eam(&mut own.by4, &mut own.by6, mapping)?)
    }

    /// Deletes the rule of a number.
    pub(crate) fn delete_rule(&mut self, number: u32, sessions: Sessions) -> Result<(), Refused> {
        let own = self.own()?;
        let place = first_not(&own.rules, |it| it.number < number);
        if own.rules.get(place).is_none_or(|it| it.number != number) {
            return Err(Refused::Missing("there is no rule with this number"));
        }
        let gone = own.rules.remove(place);
        own.comments.remove(number);
        match (gone.as_ref().and_then(RuleEntry::sharing), sessions) {
            (Some(sharing), Sessions::Keep) => {
                own.is_stale |= sharing.rule.blocks.is_some();
                own.keep(sharing.clone())?;
            }
            _ => own.is_stale = true,
        }
        Ok(())
    }

    /// Deletes all rules.
    pub(crate) fn flush_rules(&mut self, sessions: Sessions) -> Result<(), Refused> {
        let account = self.former.account;
        let own = self.own()?;
        let gone = mem::replace(&mut own.rules, Array::new(account, 0, [])?);
        own.comments = Comments::new(account)?;
        if sessions == Sessions::Keep {
            for sharing in gone.iter().filter_map(RuleEntry::sharing) {
                own.keep(sharing.clone())?;
            }
        }
        own.is_stale = true;
        Ok(())
    }

    /// Sets a variable by its name.
    pub(crate) fn set(&mut self, name: &[u8], value: u64) -> Result<(), Unset> {
        let was_private = self.values.get(Id::PrivateWellKnown) != 0;
        self.values.set(name, value).map_err(Unset::Refused)?;
        let private = self.values.get(Id::PrivateWellKnown) != 0;
        if private != was_private {
            for prefix in self.own().map_err(Unset::Memory)?.prefixes.iter_mut() {
                *prefix = prefix.with_private(private);
            }
        }
        Ok(())
    }

    /// Return the generation of the configuration that is being changed.
    pub(crate) fn generation(&self) -> u32 {
        self.former.generation
    }

    /// Numbers the rules anew, in their order.
    pub(crate) fn renumber(&mut self, start: u32, interval: u32) -> Result<(), Refused> {
        let mut number = Some(start);
        let own = self.own()?;
        let mut commented = own.comments.numbers().peekable();
        for entry in own.rules.iter_mut() {
            let new = number.ok_or(Refused::Full("numbers go beyond 32 bits"))?;
            if let Some(it) = commented.next_if(|it| **it == entry.number) {
                *it = new;
            }
            entry.number = new;
            number = new.checked_add(interval);
        }
        Ok(())
    }
}

impl Tables {
    /// Adds an entry in the order of the numbers.
    fn add_entry(
        &mut self,
        (number, comment): (u32, Option<Comment>),
        action: Action,
    ) -> Result<(), Refused> {
        if self.rules.len() >= MAX_RULES {
            return Err(Refused::Full("too many rules"));
        }
        let place = first_not(&self.rules, |other| other.number < number);
        let same = self.rules.get(place).filter(|it| it.number == number);
        if same.is_some() {
            return Err(Refused::Exists("there is a rule with this number already"));
        }
        if let Some(comment) = comment {
            self.comments.add(number, comment)?;
        }
        Ok(self.rules.insert(place, RuleEntry { number, action })?)
    }

    /// The changes are done: puts in order what packets look at.
    fn settle(&mut self, account: Account) -> Result {
        self.by4.settle(Eam::order4)?;
        self.by6.settle(Eam::order6)?;
        self.statics.settle()?;
        self.has_hosts6 = self.addresses().has_hosts6();
        self.sources = Sources::of(account, &self.rules)?;
        self.shares = self.find_shares(account)?;
        self.ids = Row::new(account)?;
        let rules = self.rules.iter();
        let rules = rules.filter_map(|it| Some((it.sharing()?.id, Some(it.number))));
        let kept = self.kept.iter().map(|it| (it.id, None));
        for id in Iterator::chain(rules, kept) {
            self.ids.add(id, |it| it.0)?;
        }
        self.ids.settle(|it| it.0)
    }

    /// What rules that share ports have, each once: of a hundred thousand most have the same.
    fn find_shares(&self, account: Account) -> Result<Array<Share>> {
        let mut row = Row::new(account)?;
        let rules = self.rules.iter().filter_map(RuleEntry::sharing);
        for rule in rules.map(|it| &it.rule).filter(|it| it.fixed.is_none()) {
            let share = (rule.to, rule.ports, rule.protos());
            if row.last() != Some(&share) {
                row.add(share, |it| *it)?;
            }
        }
        row.settle(|it| *it)?;
        let is_first = |place: &usize| {
            let before = place.checked_sub(1).and_then(|place| row.get(place));
            before != row.get(*place)
        };
        let places = (0..row.len()).filter(is_first);
        Array::new(
            account,
            row.len(),
            places.filter_map(|place| row.get(place).copied()),
        )
    }

    /// The prefix is one that is set.
    pub(super) fn is_set(&self, prefix: &Prefix) -> bool {
        self.prefixes().iter().any(|it| it.id() == prefix.id())
    }

    /// Keeps a rule that goes for its sessions.
    fn keep(&mut self, sharing: Arc<Stateful>) -> Result<(), Refused> {
        if self.kept.len() >= MAX_RULES {
            let text = "too many removed rules have sessions yet: session flush ends them";
            return Err(Refused::Full(text));
        }
        // Two that are alike are one.
        let mut others = self.rules.iter().filter_map(RuleEntry::sharing);
        if others.any(|it| it.id == sharing.id) || self.keeps_rule(sharing.id) {
            return Ok(());
        }
        let place = first_not(&self.kept, |it| it.id < sharing.id);
        Ok(self.kept.insert(place, sharing)?)
    }

    /// Takes note of a rule, if it has blocks.
    fn add_blocks(&mut self, sharing: &Arc<Stateful>) -> Result {
        match sharing.rule.blocks {
            Some(_) => self.blocks.insert(usize::MAX, sharing.clone()),
            None => Ok(()),
        }
    }

    /// A rule and one that is set, of which one has blocks, have ports in common.
    fn blurs_blocks(&self, rule: &Rule) -> bool {
        let mut rules = self.rules.iter().filter_map(RuleEntry::sharing);
        match rule.blocks {
            Some(_) => rules.any(|it| rule.blurs(&it.rule)),
            None => self.blocks.iter().any(|it| rule.blurs(&it.rule)),
        }
    }

    /// Adds a static mapping, if the rule is one. What one that is kept has becomes its own.
    fn add_static(&mut self, account: Account, sharing: &Arc<Stateful>) -> Result<(), Refused> {
        loop {
            match self.statics.add(sharing) {
                Ok(()) => return Ok(()),
                Err(Clash::Memory(why)) => return Err(why.into()),
                Err(Clash::With(id)) if self.keeps_rule(id) => {
                    self.kept = self.kept.filtered(|it| it.id != id)?;
                    self.index(account)?;
                }
                Err(Clash::With(_)) => {
                    return Err(Refused::Exists(
                        "another static mapping has some of these addresses and ports",
                    ))
                }
            }
        }
    }

    /// A stateful rule that is set has one of the addresses.
    fn has_rule_to(&self, range: &Range4) -> bool {
        let mut rules = self.rules.iter().filter_map(RuleEntry::sharing);
        rules.any(|it| it.rule.to.overlaps(range))
    }

    /// A stateless rule has one of the addresses.
    fn has_eam_in(&self, range: &Range4) -> bool {
        // They are apart: if any it is the last that does not begin behind them.
        let last = |row| last_of(row, |it: &Eam| it.order4() <= range.last.to_bits());
        let mut last = self.by4.rows().filter_map(last);
        last.any(|it| it.range4().overlaps(range))
    }

    /// A stateless rule has one of the mapping's addresses of either family.
    fn has_eam_beside(&self, mapping: &Eam) -> bool {
        let (addr, len) = mapping.v6();
        let end = Some(addr.to_bits() | !addr::mask(len.into()));
        let last = |row| last_of(row, |it: &Eam| it.order6() <= end);
        let mut last = self.by6.rows().filter_map(last);
        self.has_eam_in(&mapping.range4()) || last.any(|it| it.overlaps(mapping))
    }

    /// Pools, static and stateless mappings are those of the rules that are there.
    fn index(&mut self, account: Account) -> Result {
        let (mut pools, mut statics) = (Pools::new(account)?, Statics::new(account)?);
        let rules = self.rules.iter().filter_map(RuleEntry::sharing);
        for sharing in Iterator::chain(rules, self.kept.iter()) {
            pools.add(sharing.rule.to)?;
            match statics.add(sharing) {
                Err(Clash::Memory(why)) => return Err(why),
                // They were apart when they came.
                Err(Clash::With(_)) | Ok(()) => {}
            }
        }
        (self.pools, self.statics) = (pools, statics);
        self.blocks = Array::new(account, 0, [])?;
        let rules = self.rules.iter().filter_map(RuleEntry::sharing);
        for sharing in rules.filter(|it| it.rule.blocks.is_some()) {
            self.blocks.insert(usize::MAX, sharing.clone())?;
        }
        (self.by4, self.by6) = (Row::new(account)?, Row::new(account)?);
        let mappings = self.rules.iter().filter_map(RuleEntry::mapping);
        for mapping in mappings {
            add_eam(&mut self.by4, &mut self.by6, *mapping)?;
        }
        self.is_stale = false;
        Ok(())
    }
}

/// Adds a mapping of a stateless rule to those that are in order.
fn add_eam(by4: &mut Row<Eam>, by6: &mut Row<Eam>, mapping: Eam) -> Result {
    by4.add(mapping, Eam::order4)?;
    match mapping.order6() {
        Some(_) => by6.add(mapping, Eam::order6),
        None => Ok(()),
    }
}
