// SPDX-License-Identifier: GPL-2.0
//! Drop reasons.

use natpt_core::xlate::DropReason;

#[test]
fn index_is_the_place_in_the_list() {
    for (index, reason) in DropReason::ALL.iter().enumerate() {
        assert_eq!(reason.index(), index);
    }
    assert_eq!(DropReason::COUNT, DropReason::ALL.len());
}

#[test]
fn names_are_distinct_and_in_kebab_case() {
    let mut names: Vec<_> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(names.iter().all(|name| name.chars().all(kebab)));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DropReason::COUNT);
}

#[test]
fn every_reason_is_explained_in_one_line() {
    for reason in DropReason::ALL {
        assert!(!reason.text().is_empty() && !reason.text().contains('\n'));
    }
}
