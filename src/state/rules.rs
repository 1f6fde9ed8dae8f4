// SPDX-License-Identifier: GPL-2.0

//! The rules that `map` statements make.

use crate::{nat::rule::Rule, xlate::eam::Eam};
use kernel::sync::{atomic::Atomic, Arc};

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
    Stateful(Arc<Stateful>),
    /// Each host has an address of its own.
    Stateless(Eam),
}

/// A stateful rule.
pub(crate) struct Stateful {
    /// Its mappings know it by this: one that a transaction deletes and makes again is the same.
    pub(crate) id: u32,
    pub(crate) rule: Rule,
    /// The place, among its pools, of one that may have ports left when others have none.
    pub(super) spare: Atomic<u32>,
    /// New mappings that the rule made.
    pub(crate) mappings: Atomic<u64>,
}

impl RuleEntry {
    pub(super) fn sharing(&self) -> Option<&Arc<Stateful>> {
        match &self.action {
            Action::Stateful(sharing) => Some(sharing),
            Action::Stateless(_) => None,
        }
    }

    pub(super) fn mapping(&self) -> Option<&Eam> {
        match &self.action {
            Action::Stateful(_) => None,
            Action::Stateless(mapping) => Some(mapping),
        }
    }
}
