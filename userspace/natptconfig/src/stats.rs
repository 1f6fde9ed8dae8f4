// SPDX-License-Identifier: GPL-2.0

//! `show stats`: the counters, and how they change.

use std::collections::HashMap;
use std::io::{self, Write};

use natpt_netlink::spec::Counter;

use crate::table::{self, Align};

/// What was counted since `before`. Counters that have begun anew meanwhile tell what they have.
pub fn changes(before: &[Counter], now: &[Counter]) -> Vec<Counter> {
    let before: HashMap<_, _> = before.iter().map(|one| (&one.name, one.value)).collect();
    let changes = now.iter().map(|one| {
        let before = before.get(&one.name).copied().flatten().unwrap_or_default();
        let value = one.value.map(|now| now.checked_sub(before).unwrap_or(now));
        Counter {
            value,
            ..one.clone()
        }
    });
    changes.collect()
}

/// Leave zeros out.
pub fn nonzero(counters: &mut Vec<Counter>) {
    counters.retain(|one| one.value.is_some_and(|value| value != 0));
}

/// Name, value and meaning of each.
pub fn print(out: &mut impl Write, counters: &[Counter]) -> io::Result<()> {
    let rows = counters.iter().map(|one| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let value = one.value.unwrap_or_default().to_string();
        [text(&one.name), value, text(&one.doc)]
    });
    let rows: Vec<_> = rows.collect();
    table::print(out, [Align::Left, Align::Right, Align::Left], &rows)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn counter(name: &str, value: u64, doc: &str) -> Counter {
        Counter {
            name: Some(name.into()),
            value: Some(value),
            doc: Some(doc.into()),
        }
    }

    fn text(counters: &[Counter]) -> String {
        let mut out = Vec::new();
        print(&mut out, counters).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_has_its_meaning() {
        let mut all = vec![
            counter("sessions-opened", 12, "sessions opened"),
            counter("drop-loop", 0, "a loop"),
        ];
        assert_eq!(
            text(&all),
            "\
sessions-opened  12  sessions opened
drop-loop         0  a loop
"
        );
        nonzero(&mut all);
        assert_eq!(text(&all), "sessions-opened  12  sessions opened\n");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn what_has_changed() {
        let before = [
            counter("a", 5, ""),
            counter("b", 7, ""),
            counter("c", 9, ""),
        ];
        let now = [
            counter("a", 5, ""),
            counter("b", 9, "x"),
            counter("c", 4, ""),
            counter("d", 1, ""),
        ];
        assert_eq!(
            changes(&before, &now),
            [
                counter("a", 0, ""),
                counter("b", 2, "x"),
                counter("c", 4, ""),
                counter("d", 1, ""),
            ]
        );
    }
}
