// SPDX-License-Identifier: GPL-2.0

//! Which of the rules and prefixes that are kept for their sessions still have some.

use super::{
    config::{Config, Tables},
    orphans::each,
    rules::Stateful,
    translator::Translator,
};
use crate::{
    linux::array::Array,
    xlate::{addr::Prefix, order::first_not},
};
use core::iter;
use kernel::{prelude::*, sync::Arc};

/// Those that have mappings: 1 in the place of each.
pub(crate) struct Seen {
    rules: Array<u32>,
    prefixes: Array<u32>,
}

impl Seen {
    pub(super) fn has_rule(&self, tables: &Tables, id: u32) -> bool {
        self.rules.get(place(tables, id)) == Some(&1)
    }

    pub(super) fn has_prefix(&self, tables: &Tables, prefix: &Prefix) -> bool {
        let mut all = tables.prefixes.iter().zip(self.prefixes.iter());
        all.any(|(it, seen)| it.id() == prefix.id() && *seen == 1)
    }
}

/// The place of a kept rule.
fn place(tables: &Tables, id: u32) -> usize {
    first_not(&tables.kept, |it| it.id < id)
}

impl Translator {
    /// Looks at all mappings. May sleep.
    pub(crate) fn seen(&self, config: &Config) -> Result<Seen> {
        let zeroes = |len| Array::new(config.account, len, iter::repeat(0));
        let mut seen = Seen {
            rules: zeroes(config.kept.len())?,
            prefixes: zeroes(config.prefixes.len())?,
        };
        each(&self.mappings, |mapping, _| {
            let kept = place(config, mapping.rule);
            let is_it = |it: &Arc<Stateful>| it.id == mapping.rule;
            if let (true, Some(seen)) = (
                config.kept.get(kept).is_some_and(is_it),
                seen.rules.get_mut(kept),
            ) {
                *seen = 1;
            }
            let prefixes = config.prefixes.iter().zip(seen.prefixes.iter_mut());
            for (_, it) in prefixes.filter(|(prefix, _)| prefix.id() == mapping.prefix) {
                *it = 1;
            }
        });
        Ok(seen)
    }
}
