// SPDX-License-Identifier: GPL-2.0

//! Statements that repeat what is there as it stands are left out, so that a file may be applied
//! twice.

use std::collections::{BTreeMap, HashMap};

use natpt_netlink::spec::{filtering, protos, refreshing, Prefix, Renum, Rule, Statement};
use natpt_netlink::{Connection, Error};

use crate::source::Placed;
use crate::{block, statement};

/// What a rule is for that names no protocols.
const ALL: u32 = protos::ICMP | protos::TCP | protos::UDP;

/// Where the present configuration is read, and only if it matters.
pub trait Present {
    fn prefixes(&mut self) -> Result<Vec<Prefix>, Error>;
    fn rules(&mut self) -> Result<Vec<Rule>, Error>;
}

impl Present for Connection {
    fn prefixes(&mut self) -> Result<Vec<Prefix>, Error> {
        self.dump()
    }

    fn rules(&mut self) -> Result<Vec<Rule>, Error> {
        self.dump()
    }
}

/// The changes that change something.
pub fn needed<'a>(
    present: &mut impl Present,
    changes: &'a [Placed],
) -> Result<Vec<&'a Placed>, Error> {
    let mut prefixes: Option<Vec<String>> = None;
    let mut rules: Option<Rules> = None;
    let mut needed = Vec::new();
    for (index, placed) in changes.iter().enumerate() {
        let is_new = match &placed.change.statement {
            Statement::PrefixAdd(prefix) => {
                let text = statement::prefix(prefix);
                let known = match &mut prefixes {
                    Some(known) => known,
                    None => prefixes.insert(list(present.prefixes()?)),
                };
                let is_new = !known.contains(&text);
                if is_new {
                    known.push(text);
                }
                is_new
            }
            Statement::PrefixFlush | Statement::PrefixFlushKeep => {
                prefixes = Some(Vec::new());
                true
            }
            Statement::MapAdd(rule) => {
                let known = match &mut rules {
                    Some(known) => known,
                    None => {
                        let known = rules.insert(Rules::new(&present.rules()?));
                        let before = changes[..index].iter();
                        before.for_each(|placed| known.change(&placed.change.statement));
                        known
                    }
                };
                known.add(rule)
            }
            other => {
                match (other, &mut rules) {
                    (Statement::MapFlush | Statement::MapFlushKeep, _) => {
                        rules = Some(Rules::default());
                    }
                    (_, Some(known)) => known.change(other),
                    (_, None) => (),
                }
                true
            }
        };
        if is_new {
            needed.push(placed);
        }
    }
    Ok(needed)
}

fn list(prefixes: Vec<Prefix>) -> Vec<String> {
    prefixes.iter().map(statement::prefix).collect()
}

/// Rules as they would be at this point.
#[derive(Default)]
pub struct Rules {
    numbers: BTreeMap<u32, Rule>,
    /// How many there are of each.
    counts: HashMap<Rule, usize>,
}

impl Rules {
    fn new(rules: &[Rule]) -> Self {
        let mut known = Self::default();
        for rule in rules {
            known.insert(rule.number.unwrap_or_default(), plain(rule));
        }
        known
    }

    /// False if the rule is there already: with its number, or with any if it has none.
    pub fn add(&mut self, rule: &Rule) -> bool {
        let plain = plain(rule);
        let is_there = match rule.number {
            Some(number) => self.numbers.get(&number) == Some(&plain),
            None => self.counts.contains_key(&plain),
        };
        if !is_there {
            self.insert(rule.number.unwrap_or_else(|| self.next()), plain);
        }
        !is_there
    }

    /// The kernel's way: 100 behind the last.
    pub fn next(&self) -> u32 {
        let last = self.numbers.last_key_value().map_or(0, |(last, _)| *last);
        last.saturating_add(100)
    }

    fn insert(&mut self, number: u32, rule: Rule) {
        *self.counts.entry(rule.clone()).or_default() += 1;
        if let Some(old) = self.numbers.insert(number, rule) {
            self.forget(&old);
        }
    }

    fn forget(&mut self, rule: &Rule) {
        if let Some(count) = self.counts.get_mut(rule) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(rule);
            }
        }
    }

    /// The rule of this number, in plain form.
    pub fn get(&self, number: u32) -> Option<&Rule> {
        self.numbers.get(&number)
    }

    pub fn change(&mut self, statement: &Statement) {
        match statement {
            Statement::MapDelete(number) | Statement::MapDeleteKeep(number) => {
                if let Some(rule) = self.numbers.remove(number) {
                    self.forget(&rule);
                }
            }
            Statement::MapRenum(Renum { start, interval }) => {
                let (mut next, step) = (start.unwrap_or(100), interval.unwrap_or(100));
                let old = std::mem::take(&mut self.numbers);
                for rule in old.into_values() {
                    self.numbers.insert(next, rule);
                    next = next.saturating_add(step);
                }
            }
            Statement::MapFlush | Statement::MapFlushKeep => *self = Self::default(),
            _ => (),
        }
    }
}

/// A rule without number, in the one form in which it is the same as all that say the same: what the
/// kernel fills in is there, what it takes for absent is not.
pub fn plain(rule: &Rule) -> Rule {
    let mut rule = Rule {
        number: None,
        mappings: None,
        ..rule.clone()
    };
    block::fill(&mut rule);
    if rule.from.is_none() || rule.from_length == Some(0) {
        (rule.from, rule.from_length) = (None, None);
    }
    let absent = |value: &mut Option<u8>, default| *value = value.filter(|it| *it != default);
    absent(&mut rule.from_length, 128);
    absent(&mut rule.to_length, 32);
    absent(&mut rule.peer_length, 32);
    absent(&mut rule.filter, filtering::NONE);
    absent(&mut rule.refresh, refreshing::BOTH);
    absent(&mut rule.bidir, 0);
    rule.protos = rule.protos.filter(|set| !matches!(*set, 0 | ALL));
    rule.to_last = rule.to_last.filter(|last| Some(*last) != rule.to);
    rule.port6 = rule.port6.filter(|port| Some(*port) != rule.port_min);
    rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    /// A kernel that has what a file has made, and counts how often it is asked.
    #[derive(Default)]
    struct Fake {
        prefixes: Vec<Prefix>,
        rules: Vec<Rule>,
        asked: usize,
    }

    impl Present for Fake {
        fn prefixes(&mut self) -> Result<Vec<Prefix>, Error> {
            self.asked += 1;
            Ok(self.prefixes.clone())
        }

        fn rules(&mut self) -> Result<Vec<Rule>, Error> {
            self.asked += 1;
            Ok(self.rules.clone())
        }
    }

    fn kernel(text: &str) -> Fake {
        let mut fake = Fake::default();
        for placed in source::parse(text.as_bytes()).unwrap() {
            match placed.change.statement {
                Statement::PrefixAdd(prefix) => fake.prefixes.push(prefix),
                Statement::MapAdd(rule) => fake.rules.push(rule),
                other => panic!("{other:?}"),
            }
        }
        fake
    }

    /// The lines that are needed where the first text is the configuration.
    fn lines(there: &str, text: &str) -> Vec<usize> {
        let changes = source::parse(text.as_bytes()).unwrap();
        let needed = needed(&mut kernel(there), &changes).unwrap();
        needed.iter().map(|placed| placed.place.line).collect()
    }

    const THERE: &str = "prefix 2001:db8:64::/96
map 100 from any6 to 192.0.2.1
map 200 from 2001:db8::/56 to 192.0.2.8/29 port 1024 - 65535 block 9 per /64";

    #[test]
    fn what_is_there_is_left_out() {
        assert_eq!(lines(THERE, THERE), [0; 0]);
        assert_eq!(
            lines(
                THERE,
                "map from any6 to 192.0.2.1
map from ::/0 to 192.0.2.1
prefix 2001:db8:64::
map from 2001:db8::/56 to 192.0.2.8 - 192.0.2.15 block 9
map 100 from any6 to 192.0.2.1/32 filter none refresh both"
            ),
            [0; 0]
        );
    }

    #[test]
    fn all_else_is_needed() {
        assert_eq!(
            lines(
                THERE,
                "map 300 from any6 to 192.0.2.1
map 100 from any6 to 192.0.2.2
prefix 2001:db8::/32
map from any6 to 192.0.2.1 proto tcp
map from any6 to 192.0.2.1 proto tcp
map enable
map from any6 to 192.0.2.1 comment one
map from any6 to 192.0.2.1 comment \"one\""
            ),
            [1, 2, 3, 4, 6, 7]
        );
    }

    #[test]
    fn in_their_order() {
        let flush = "map flush\nprefix flush\n".to_string() + THERE;
        assert_eq!(lines(THERE, &flush), [1, 2, 3, 4, 5]);
        assert_eq!(
            lines(THERE, "map delete 100\nmap from any6 to 192.0.2.1"),
            [1, 2]
        );
        let renum = "map renum 5 1\nmap 5 from any6 to 192.0.2.1\nmap 100 from any6 to 192.0.2.1";
        assert_eq!(lines(THERE, renum), [1, 3]);
        let delete = "map 7 from any6 to 192.0.2.7\nmap delete 7\nmap from any6 to 192.0.2.7
map from any6 to 192.0.2.7\nmap delete 300\nmap from any6 to 192.0.2.7";
        assert_eq!(lines(THERE, delete), [1, 2, 3, 5, 6]);
    }

    #[test]
    fn the_kernel_is_asked_where_it_matters() {
        let asked = |text: &str| {
            let mut fake = kernel(THERE);
            let changes = source::parse(text.as_bytes()).unwrap();
            needed(&mut fake, &changes).unwrap();
            fake.asked
        };
        assert_eq!(
            asked("map flush\nmap from any6 to 192.0.2.1\nmap enable"),
            0
        );
        assert_eq!(asked("prefix flush\nprefix 64:ff9b::/96\nmap delete 5"), 0);
        assert_eq!(
            asked("map from any6 to 192.0.2.1\nmap from any6 to 192.0.2.2"),
            1
        );
    }
}
