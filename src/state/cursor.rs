// SPDX-License-Identifier: GPL-2.0

//! A way through a table that changes meanwhile: what lives throughout is met once.
//!
//! Entries have a place that nobody else takes or moves: their hash values, of which the one that
//! chooses the bucket has its bits reversed, so that those of one bucket follow one another.

use crate::linux::{
    rcu::{self, Guard},
    sys,
    table::{HashEntry, Index, Linked, Table},
};
use core::mem;

/// So many of a bucket are found at once.
const FEW: usize = 16;

/// The place of an entry.
fn place<T: HashEntry>(entry: &T) -> u64 {
    let links = entry.links();
    let first = links.hash(Index::V6).reverse_bits();
    u64::from(first) << 32 | u64::from(links.hash(Index::V4))
}

/// Meet the entries that are wanted from a place on, until `meet` has enough of them: then return
/// where that was, so that it is met again. May sleep.
pub(crate) fn walk<T: HashEntry>(
    table: &Table<T>,
    from: u64,
    wanted: impl Fn(&T, &Guard) -> bool,
    mut meet: impl FnMut(&T, &Guard) -> bool,
) -> Option<u64> {
    let mut from = from;
    loop {
        let guard = rcu::read_lock();
        let size = table.size(&guard);
        // Buckets divide the places among them.
        let last = from | u64::MAX.wrapping_shr(size.trailing_zeros());
        let bucket = ((from >> 32) as u32).reverse_bits() & size.wrapping_sub(1);
        loop {
            let few = next(table, (bucket, size), from, &wanted, &guard);
            let is_last = few.last().is_some_and(|last| last.is_none());
            // While the table changes its size, some are there twice.
            for (place, entry) in few.into_iter().flatten() {
                if place < from {
                    continue;
                }
                if !meet(&entry, &guard) {
                    return Some(place);
                }
                from = place.checked_add(1)?;
            }
            if is_last {
                break;
            }
        }
        drop(guard);
        sys::may_resched();
        from = last.checked_add(1)?;
    }
}

/// The first few that are wanted in a bucket from a place on, in their order.
fn next<'g, T: HashEntry>(
    table: &'g Table<T>,
    bucket: (u32, u32),
    from: u64,
    wanted: &impl Fn(&T, &Guard) -> bool,
    guard: &'g Guard,
) -> [Option<(u64, Linked<'g, T>)>; FEW] {
    let mut few = [const { None }; FEW];
    table.visit(bucket, guard, |entry| {
        let place = place(&*entry);
        let is_before = |other: &Option<(u64, _)>| other.as_ref().is_none_or(|(it, _)| place < *it);
        if place >= from
            && few.last().is_some_and(is_before)
            && !entry.links().is_dead()
            && wanted(&entry, guard)
        {
            let mut new = Some((place, entry));
            for slot in few.iter_mut().skip_while(|it| !is_before(it)) {
                mem::swap(slot, &mut new);
            }
        }
    });
    few
}
