// SPDX-License-Identifier: GPL-2.0
//! Searching ordered rows.

/// Place of the first item of an ordered row for which `before` does not hold.
pub fn first_not<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut high) = (0usize, items.len());
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

/// The last item of an ordered row for which `before` holds, as it does for all before that one.
pub fn last_of<T>(items: &[T], before: impl Fn(&T) -> bool) -> Option<&T> {
    items.get(first_not(items, before).checked_sub(1)?)
}
