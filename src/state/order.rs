// SPDX-License-Identifier: GPL-2.0

//! Rows that come in order, whatever the order in which they are made.

use crate::linux::{array::Array, memory::Account};
use core::{iter, ops::Deref};
use kernel::prelude::*;

/// A row in the order of a key, which is made in n log n steps in whatever order its items come: those
/// that come in their own are put at the end; others wait beside it in rows that are longer than the
/// next one, until it is settled.
pub(crate) struct Row<T> {
    whole: Array<T>,
    beside: Array<Array<T>>,
    account: Account,
}

impl<T: Clone> Row<T> {
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            whole: Array::new(account, 0, [])?,
            beside: Array::new(account, 0, [])?,
            account,
        })
    }

    /// A copy of one that is settled.
    pub(super) fn copy(&self) -> Result<Self> {
        Ok(Self {
            whole: self.whole.filtered(|_| true)?,
            ..Self::new(self.account)?
        })
    }

    /// Adds an item. May sleep.
    pub(super) fn add<K: PartialOrd>(&mut self, item: T, key: impl Fn(&T) -> K) -> Result {
        if (self.whole.last()).is_none_or(|last| key(last) <= key(&item)) {
            return self.whole.insert(usize::MAX, item);
        }
        let mut row = Array::new(self.account, 1, [item])?;
        while let Some(other) = self.beside.last().filter(|it| it.len() <= row.len()) {
            row = merged(self.account, other, &row, &key)?;
            self.beside.pop();
        }
        self.beside.insert(usize::MAX, row)
    }

    /// The rows that it consists of.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[T]> {
        Iterator::chain(
            iter::once(&*self.whole),
            self.beside.iter().map(|row| &**row),
        )
    }

    /// Makes one row of them. May sleep.
    pub(super) fn settle<K: PartialOrd>(&mut self, key: impl Fn(&T) -> K) -> Result {
        let Some(mut row) = self.beside.pop() else {
            return Ok(());
        };
        while let Some(other) = self.beside.pop() {
            row = merged(self.account, &other, &row, &key)?;
        }
        self.whole = merged(self.account, &self.whole, &row, &key)?;
        Ok(())
    }
}

fn merged<'a, T: Clone, K: PartialOrd>(
    account: Account,
    mut a: &'a [T],
    mut b: &'a [T],
    key: &impl Fn(&T) -> K,
) -> Result<Array<T>> {
    let len = a.len().saturating_add(b.len());
    let next = || {
        let row = match (a.first(), b.first()) {
            (Some(x), Some(y)) if key(y) < key(x) => &mut b,
            (Some(_), _) => &mut a,
            (None, _) => &mut b,
        };
        let (first, rest) = row.split_first()?;
        *row = rest;
        Some(first.clone())
    };
    Array::new(account, len, iter::from_fn(next))
}

/// The whole row, once it is settled.
impl<T> Deref for Row<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.whole
    }
}
