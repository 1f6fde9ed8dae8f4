// SPDX-License-Identifier: GPL-2.0

//! Ordered rows.

/// Place of the first item of an ordered row for which `before` does not hold.
pub(super) fn first_not<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
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
