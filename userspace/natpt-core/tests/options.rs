// SPDX-License-Identifier: GPL-2.0
//! The table of options.

use natpt_core::nat::options::{Refused, Values, ALL};

#[test]
fn no_session_can_live_for_less_than_two_seconds() {
    let lives = ALL
        .iter()
        .filter(|option| option.name.ends_with("-timeout"));
    assert!(lives.map(|option| option.min).min() > Some(1));
}

#[test]
fn defaults_lie_within_their_ranges() {
    for (i, option) in ALL.iter().enumerate() {
        assert_eq!(Values::DEFAULT.at(i), option.default);
        assert!((option.min..=option.max).contains(&option.default));
    }
}

#[test]
fn values_out_of_range_are_refused() {
    let mut values = Values::DEFAULT;
    for (i, option) in ALL.iter().enumerate() {
        let name = option.name.as_bytes();
        assert_eq!(values.set(name, option.max.into()), Ok(()));
        let above = u64::from(option.max) + 1;
        assert_eq!(values.set(name, above), Err(Refused::Range));
        assert_eq!(values.at(i), option.max);
        if let Some(below) = option.min.checked_sub(1) {
            assert_eq!(values.set(name, below.into()), Err(Refused::Range));
        }
    }
    assert_eq!(values.set(b"no-such", 1), Err(Refused::Unknown));
}
