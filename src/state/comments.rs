// SPDX-License-Identifier: GPL-2.0

//! Comments on rules, beside what packets look at.

use crate::{
    linux::{array::Array, memory::Account},
    nat::comment::Comment,
    xlate::order::first_not,
};
use kernel::prelude::*;

/// Those that rules have, by the rule's number and in its order.
pub(crate) struct Comments(Array<(u32, Comment)>);

impl Comments {
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self(Array::new(account, 0, [])?))
    }

    pub(super) fn copy(&self) -> Result<Self> {
        Ok(Self(self.0.filtered(|_| true)?))
    }

    fn place(&self, number: u32) -> usize {
        first_not(&self.0, |it| it.0 < number)
    }

    /// That of a rule, if it has one.
    pub(crate) fn of(&self, number: u32) -> Option<&Comment> {
        let there = self.0.get(self.place(number));
        there.filter(|it| it.0 == number).map(|it| &it.1)
    }

    /// Adds that of a rule that had none.
    pub(super) fn add(&mut self, number: u32, comment: Comment) -> Result {
        self.0.insert(self.place(number), (number, comment))
    }

    /// The rule goes.
    pub(super) fn remove(&mut self, number: u32) {
        if self.of(number).is_some() {
            self.0.remove(self.place(number));
        }
    }

    /// The numbers of the rules that have one, which get others in the same order.
    pub(super) fn numbers(&mut self) -> impl Iterator<Item = &mut u32> {
        self.0.iter_mut().map(|it| &mut it.0)
    }
}
