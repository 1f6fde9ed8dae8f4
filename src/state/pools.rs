// SPDX-License-Identifier: GPL-2.0

//! All pool addresses of a configuration.

use super::pool::Pool;
use crate::{
    linux::{array::Array, memory::Account},
    xlate::{addr::Range4, order::first_not},
};
use core::net::Ipv4Addr;
use kernel::{prelude::*, sync::Arc};

/// The addresses that rules name, each once.
pub(crate) struct Pools {
    /// In their order, and apart.
    spans: Array<Span>,
    /// One for each address, in their order; none while rules are being changed.
    each: Array<Arc<Pool>>,
    count: u64,
}

/// Addresses in a row.
#[derive(Clone, Copy)]
struct Span {
    range: Range4,
    /// Where the pool of the first one is.
    place: usize,
}

impl Pools {
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            spans: Array::new(account, 0, [])?,
            each: Array::new(account, 0, [])?,
            count: 0,
        })
    }

    /// A copy to be changed.
    pub(super) fn copy(&self, account: Account) -> Result<Self> {
        Ok(Self {
            spans: self.spans.filtered(|_| true)?,
            each: Array::new(account, 0, [])?,
            count: self.count,
        })
    }

    /// Adds the addresses that are not there yet.
    pub(super) fn add(&mut self, range: Range4) -> Result {
        let (before, behind) = (
            range.first.to_bits().saturating_sub(1),
            range.last.to_bits().saturating_add(1),
        );
        // Those that it overlaps or touches become one with it.
        let place = first_not(&self.spans, |it| it.range.last.to_bits() < before);
        let mut range = range;
        while let Some(it) = self.spans.get(place).map(|it| it.range) {
            if it.first.to_bits() > behind {
                break;
            }
            range.first = range.first.min(it.first);
            range.last = range.last.max(it.last);
            self.count = self.count.saturating_sub(it.count());
            self.spans.remove(place);
        }
        self.count = self.count.saturating_add(range.count());
        self.spans.insert(place, Span { range, place: 0 })
    }

    /// How many addresses there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Return true if one of the addresses is there.
    pub(super) fn overlaps(&self, range: &Range4) -> bool {
        let place = first_not(&self.spans, |it| {
            it.range.last.to_bits() < range.first.to_bits()
        });
        let span = self.spans.get(place);
        span.is_some_and(|it| it.range.overlaps(range))
    }

    /// The changes are done: each address gets its pool, which is the one that it had before.
    pub(super) fn settle(&mut self, account: Account, former: &Self) -> Result {
        for span in self.spans.iter_mut() {
            span.place = self.each.len();
            for addr in span.range.first.to_bits()..=span.range.last.to_bits() {
                let addr = Ipv4Addr::from_bits(addr);
                let pool = match former.get(addr) {
                    Some(pool) => pool.clone(),
                    None => Pool::new(account, addr)?,
                };
                self.each.insert(usize::MAX, pool)?;
            }
        }
        Ok(())
    }

    /// Return true if this is one of the addresses.
    #[inline]
    pub(crate) fn contains(&self, addr: Ipv4Addr) -> bool {
        self.span(addr).is_some()
    }

    /// The pool of an address.
    pub(crate) fn get(&self, addr: Ipv4Addr) -> Option<&Arc<Pool>> {
        self.each.get(self.place(addr)?)
    }

    /// The pools of a rule.
    #[inline]
    pub(crate) fn of(&self, range: &Range4) -> &[Arc<Pool>] {
        match &*self.spans {
            // As mostly, there are no others.
            [span] if span.range == *range => &self.each,
            _ => {
                let pools = self.place(range.first).and_then(|it| self.each.get(it..));
                let count = range.count() as usize;
                pools.and_then(|it| it.get(..count)).unwrap_or(&[])
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Pool>> {
        self.each.iter()
    }

    #[inline]
    fn span(&self, addr: Ipv4Addr) -> Option<&Span> {
        let place = first_not(&self.spans, |it| it.range.last.to_bits() < addr.to_bits());
        self.spans.get(place).filter(|it| it.range.contains(addr))
    }

    /// Where the pool of an address is.
    fn place(&self, addr: Ipv4Addr) -> Option<usize> {
        let span = self.span(addr)?;
        let distance = addr.to_bits().wrapping_sub(span.range.first.to_bits());
        Some(span.place.wrapping_add(distance as usize))
    }
}
