// SPDX-License-Identifier: GPL-2.0

//! A file as the whole configuration: what has to change so that nothing else is there. What stays as
//! it is keeps its sessions.

use std::collections::BTreeMap;

use natpt_netlink::spec::{Rule, Statement, Variable};

use crate::again::{self, Rules};
use crate::parser::Change;
use crate::place::Place;
use crate::problem::Problem;
use crate::source::{Placed, Source};
use crate::statement::{self, Config};
use crate::value::{self, Notation};

const BEYOND: &str = "numbers go beyond 32 bits";

/// The place of what no line of the file says.
pub const NOWHERE: Place = Place { file: 0, line: 0 };

/// What a file comes to, with the lines that say so.
#[derive(Default)]
struct Wanted {
    prefixes: Vec<Placed>,
    /// By number; those of one number are the kernel's to refuse.
    rules: BTreeMap<u32, Vec<Placed>>,
    known: Rules,
    variables: BTreeMap<String, Placed>,
    enable: Option<Placed>,
    /// Sessions of rules and prefixes that go run out.
    keeps_rules: bool,
    keeps_prefixes: bool,
    /// Sessions that are to end, whatever else is there.
    ends: Vec<Placed>,
}

/// The changes that make `present` what the file says, in their order.
pub fn plan(present: &Config, file: Vec<Placed>) -> Result<Vec<Placed>, (Place, Problem)> {
    let wanted = Wanted::new(file)?;
    let mut plan = Vec::new();
    let there: Vec<_> = present.prefixes.iter().map(statement::prefix).collect();
    let prefixes: Vec<_> = wanted.prefixes.iter().map(prefix_of).collect();
    // Their order matters: the first is that of static mappings.
    let same_prefixes = there == prefixes;
    let plain = |one: &Rule| (one.number.unwrap_or_default(), again::plain(one));
    let known: BTreeMap<u32, Rule> = match same_prefixes {
        true => present.rules.iter().map(plain).collect(),
        false => {
            // A prefix with hosts of stateless rules does not go before the rules do.
            let rules = match wanted.keeps_rules {
                true => Statement::MapFlushKeep,
                false => Statement::MapFlush,
            };
            let prefixes = match wanted.keeps_prefixes {
                true => Statement::PrefixFlushKeep,
                false => Statement::PrefixFlush,
            };
            plan.extend([rules, prefixes].map(made));
            plan.extend(wanted.prefixes);
            BTreeMap::new()
        }
    };
    let asked = &wanted.known;
    let is_there = |number: u32, rules: &[Placed]| match (known.get(&number), rules) {
        (Some(there), [_]) => asked.get(number) == Some(there),
        _ => false,
    };
    let mut adds = Vec::new();
    let mut stay = Vec::new();
    for (number, rules) in wanted.rules {
        match is_there(number, &rules) {
            true => stay.push(number),
            false => adds.extend(rules),
        }
    }
    let goes = |number: &&u32| stay.binary_search(number).is_err();
    let delete = match wanted.keeps_rules {
        true => Statement::MapDeleteKeep,
        false => Statement::MapDelete,
    };
    // The last one first: those behind one that goes are moved.
    let gone = known.keys().rev().filter(goes);
    plan.extend(gone.map(|number| made(delete(*number))));
    plan.extend(adds);
    let mut variables = wanted.variables;
    for one in &present.variables {
        let Some(name) = &one.name else { continue };
        match variables.remove(name) {
            Some(set) if value_of(&set) == one.value => (),
            Some(set) => plan.push(set),
            None if one.value == one.default => (),
            None => plan.push(made(Statement::Set(Variable {
                name: Some(name.clone()),
                value: one.default,
                ..Variable::default()
            }))),
        }
    }
    // Those that the kernel does not know.
    plan.extend(variables.into_values());
    let is_on = present.status.enabled.unwrap_or(0);
    match wanted.enable {
        Some(one) if one.change.statement != Statement::Enable(is_on) => plan.push(one),
        None if is_on != 0 => plan.push(made(Statement::Enable(0))),
        _ => (),
    }
    plan.extend(wanted.ends);
    Ok(plan)
}

impl Wanted {
    fn new(file: Vec<Placed>) -> Result<Self, (Place, Problem)> {
        let mut wanted = Self::default();
        for placed in file {
            wanted.take(placed)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, mut placed: Placed) -> Result<(), (Place, Problem)> {
        match &mut placed.change.statement {
            Statement::PrefixAdd(_) => {
                let text = prefix_of(&placed);
                if !self.prefixes.iter().any(|one| prefix_of(one) == text) {
                    self.prefixes.push(placed);
                }
            }
            flush @ (Statement::PrefixFlush | Statement::PrefixFlushKeep) => {
                self.keeps_prefixes |= *flush == Statement::PrefixFlushKeep;
                self.prefixes.clear();
            }
            Statement::MapAdd(rule) => {
                let next = self.known.next();
                if self.known.add(rule) {
                    let number = *rule.number.get_or_insert(next);
                    self.rules.entry(number).or_default().push(placed);
                }
            }
            &mut (Statement::MapDelete(number) | Statement::MapDeleteKeep(number)) => {
                self.known.change(&placed.change.statement);
                if self.rules.remove(&number).is_none() {
                    let column = placed.change.column;
                    let message = format!("no rule {number} stands above it in this file");
                    return Err((placed.place, Problem::new(column, message)));
                }
            }
            Statement::MapRenum(renum) => {
                let (start, step) = (renum.start.unwrap_or(100), renum.interval.unwrap_or(100));
                self.known.change(&placed.change.statement);
                let mut next = Some(start);
                for mut rules in std::mem::take(&mut self.rules).into_values() {
                    let Some(number) = next else {
                        let problem = placed.problem(placed.change.column, BEYOND);
                        return Err((placed.place, problem));
                    };
                    for placed in &mut rules {
                        if let Statement::MapAdd(rule) = &mut placed.change.statement {
                            rule.number = Some(number);
                        }
                    }
                    self.rules.insert(number, rules);
                    next = number.checked_add(step);
                }
            }
            flush @ (Statement::MapFlush | Statement::MapFlushKeep) => {
                self.keeps_rules |= *flush == Statement::MapFlushKeep;
                self.known = Rules::default();
                self.rules.clear();
            }
            Statement::Enable(_) => self.enable = Some(placed),
            Statement::Set(one) => {
                let name = one.name.clone().unwrap_or_default();
                self.variables.insert(name, placed);
            }
            Statement::SessionDelete(_) => self.ends.push(placed),
            Statement::Check | Statement::Generation(_) => (),
        }
        Ok(())
    }
}

/// A change in words: its line, with addresses for their names, unless it is made. Rules have the number
/// that they get.
pub fn words(placed: &Placed, variables: &[Variable], source: &Source) -> String {
    if let Statement::MapAdd(rule) = &placed.change.statement {
        let number = rule.number.unwrap_or_default();
        return format!("map {number} {}", statement::rule(rule));
    }
    if placed.place != NOWHERE {
        let Place { file, line } = placed.place;
        let mut line = source.files[file].line(line).to_vec();
        for one in placed.uses.iter().rev() {
            line.splice(one.column - 1..one.end - 1, one.text.bytes());
        }
        return String::from_utf8_lossy(&line).trim().to_string();
    }
    match &placed.change.statement {
        Statement::MapFlush => "map flush".into(),
        Statement::MapFlushKeep => "map flush keep".into(),
        Statement::PrefixFlush => "prefix flush".into(),
        Statement::PrefixFlushKeep => "prefix flush keep".into(),
        Statement::MapDelete(number) => format!("map delete {number}"),
        Statement::MapDeleteKeep(number) => format!("map delete {number} keep"),
        Statement::Set(one) => {
            let known = variables.iter().find(|known| known.name == one.name);
            let unit = known.and_then(|known| known.unit.as_deref());
            let value = value::show(one.value.unwrap_or_default(), unit);
            format!("set {} = {value}", one.name.as_deref().unwrap_or_default())
        }
        Statement::Enable(_) => "map disable".into(),
        _ => String::new(),
    }
}

/// A statement that no line says.
fn made(statement: Statement) -> Placed {
    Placed {
        place: NOWHERE,
        uses: Vec::new(),
        change: Change {
            statement,
            column: 1,
            words: Vec::new(),
            notation: Notation::Number,
            notice: None,
        },
    }
}

fn prefix_of(placed: &Placed) -> String {
    match &placed.change.statement {
        Statement::PrefixAdd(one) => statement::prefix(one),
        _ => String::new(),
    }
}

fn value_of(placed: &Placed) -> Option<u64> {
    match &placed.change.statement {
        Statement::Set(one) => one.value,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    /// A kernel in which a file was carried out; two variables are known.
    fn kernel(text: &str) -> Config {
        let variable = |name: &str, value: u64| Variable {
            name: Some(name.into()),
            value: Some(value),
            default: Some(value),
            ..Variable::default()
        };
        let mut config = Config {
            variables: vec![variable("udp-timeout", 300), variable("tos", 0)],
            ..Config::default()
        };
        for placed in source::parse(text.as_bytes()).unwrap() {
            match placed.change.statement {
                Statement::PrefixAdd(one) => config.prefixes.push(one),
                Statement::MapAdd(one) => config.rules.push(one),
                Statement::Enable(on) => config.status.enabled = Some(on),
                Statement::Set(one) => {
                    let known = config.variables.iter_mut().find(|it| it.name == one.name);
                    known.unwrap().value = one.value;
                }
                other => panic!("{other:?}"),
            }
        }
        config
    }

    /// What is to be done where the first text is the configuration and the second the file.
    fn planned(there: &str, file: &str) -> Vec<String> {
        let mut source = Source::of("x", file.as_bytes());
        assert_eq!(source.problems, []);
        let changes = std::mem::take(&mut source.changes);
        let plan = plan(&kernel(there), changes).map_err(|(_, problem)| problem.message);
        let plan = plan.unwrap();
        let variables = kernel(there).variables;
        plan.iter()
            .map(|placed| words(placed, &variables, &source))
            .collect()
    }

    const THERE: &str = "prefix 2001:db8:64::/96
map 100 from any6 to 192.0.2.1
map 200 from 2001:db8::/56 to 192.0.2.8/29 port 1024 - 65535 block 9 per /64
set udp-timeout = 400
map enable
";

    #[test]
    fn what_is_there_stays() {
        assert_eq!(planned(THERE, THERE), [""; 0]);
        let file = format!(
            "map flush\nprefix flush\nset udp-timeout = 200\nmap 7 from any6 to 192.0.2.9
map delete 7\n{THERE}"
        );
        assert_eq!(planned(THERE, &file), [""; 0]);
        // numbered as the kernel would
        let file = "prefix 2001:db8:64::\nmap from ::/0 to 192.0.2.1
map from 2001:db8::/56 to 192.0.2.8 - 192.0.2.15 block 9\nset udp-timeout = 400\nmap enable";
        assert_eq!(planned(THERE, file), [""; 0]);
        let file = THERE
            .replace("map 100", "map 1")
            .replace("map 200", "map 2")
            + "map renum";
        assert_eq!(planned(THERE, &file), [""; 0]);
    }

    #[test]
    fn only_the_difference_is_carried_out() {
        let file = THERE
            .replace("192.0.2.1\n", "192.0.2.2\n")
            .replace("400", "500");
        assert_eq!(
            planned(THERE, &file),
            [
                "map delete 100",
                "map 100 from any6 to 192.0.2.2",
                "set udp-timeout = 500"
            ]
        );
        let file =
            format!("{THERE}map from any6 to 192.0.2.7\nsession delete rule 100\nmap disable\n");
        assert_eq!(
            planned(THERE, &file),
            [
                "map 300 from any6 to 192.0.2.7",
                "map disable",
                "session delete rule 100"
            ]
        );
    }

    #[test]
    fn a_comment_is_part_of_its_rule() {
        let commented = THERE.replace("192.0.2.1\n", "192.0.2.1 comment \"one\"\n");
        let other = commented.replace("one", "other");
        assert_eq!(planned(&commented, &commented), [""; 0]);
        for (there, file) in [(THERE, &commented), (&commented, &other)] {
            let line = file.lines().nth(1).unwrap();
            assert_eq!(planned(there, file), ["map delete 100", line]);
        }
        assert_eq!(
            planned(&commented, THERE),
            ["map delete 100", "map 100 from any6 to 192.0.2.1"]
        );
    }

    #[test]
    fn names_of_addresses() {
        let text = "define POOL = 192.0.2.9\ndefine HOSTS = { 2001:db8:1::/64, 2001:db8:2::7 }
prefix 2001:db8:64::/96\n  map from $hosts to $POOL proto tcp # all";
        let rules = [
            "map 100 from 2001:db8:1::/64 to 192.0.2.9 proto tcp",
            "map 200 from 2001:db8:2::7 to 192.0.2.9 proto tcp",
        ];
        assert_eq!(planned("prefix 2001:db8:64::/96", text), rules);
        let there = format!("prefix 2001:db8:64::/96\n{}", rules.join("\n"));
        assert_eq!(planned(&there, text), [""; 0]);
    }

    #[test]
    fn what_the_file_does_not_name_goes() {
        assert_eq!(
            planned(THERE, "prefix 2001:db8:64::/96\nset tos = 3"),
            [
                "map delete 200",
                "map delete 100",
                "set udp-timeout = 300",
                "set tos = 3",
                "map disable"
            ]
        );
        assert_eq!(
            planned(THERE, ""),
            [
                "map flush",
                "prefix flush",
                "set udp-timeout = 300",
                "map disable"
            ]
        );
        assert_eq!(
            planned(THERE, &format!("{THERE}prefix 2001:db8:65::/96"))[..4],
            [
                "map flush",
                "prefix flush",
                "prefix 2001:db8:64::/96",
                "prefix 2001:db8:65::/96"
            ]
        );
    }

    #[test]
    fn the_order_of_prefixes_counts() {
        let there = "prefix 2001:db8:64::/96\nprefix 2001:db8:65::/96";
        let file = "prefix 2001:db8:65::/96\nprefix 2001:db8:64::/96";
        let all = ["map flush", "prefix flush"]
            .into_iter()
            .chain(file.lines());
        assert_eq!(planned(there, file), all.collect::<Vec<_>>());
    }

    #[test]
    fn sessions_run_out_where_the_file_says_so() {
        let file = "map flush keep\nprefix 2001:db8:64::/96\nset udp-timeout = 400\nmap enable";
        assert_eq!(
            planned(THERE, file),
            ["map delete 200 keep", "map delete 100 keep"]
        );
        let file = "map flush keep\nprefix flush keep\nprefix 2001:db8:65::/96
set udp-timeout = 400\nmap enable";
        assert_eq!(
            planned(THERE, file),
            [
                "map flush keep",
                "prefix flush keep",
                "prefix 2001:db8:65::/96"
            ]
        );
    }

    #[test]
    fn all_protocols_are_all() {
        let there = "prefix 2001:db8:64::/96\nmap 9 from any6 to 192.0.2.1";
        let file = format!("{there} proto icmp/tcp/udp");
        assert_eq!(planned(there, &file), [""; 0]);
        assert_eq!(planned(&file, there), [""; 0]);
    }

    #[test]
    fn an_address_is_reset_as_one() {
        let mut there = kernel("");
        there.variables.push(Variable {
            name: Some("error-source".into()),
            value: Some(0xc000_0209),
            default: Some(0),
            unit: Some("address".into()),
            ..Variable::default()
        });
        let plan = plan(&there, Vec::new()).unwrap_or_default();
        let words = |placed| words(placed, &there.variables, &Source::default());
        let lines: Vec<_> = plan.iter().map(words).collect();
        assert_eq!(lines, ["set error-source = 0.0.0.0"]);
    }

    #[test]
    fn what_the_kernel_refuses_is_left_to_it() {
        let file = format!("{THERE}map 100 from any6 to 192.0.2.3\nset nobody = 1\n");
        assert_eq!(
            planned(THERE, &file),
            [
                "map delete 100",
                "map 100 from any6 to 192.0.2.1",
                "map 100 from any6 to 192.0.2.3",
                "set nobody = 1"
            ]
        );
        let file = source::parse(
            b"map 1 from any6 to 192.0.2.1\nmap 2 from any6 to 192.0.2.2\nmap renum 4294967295 1",
        );
        let (place, problem) = plan(&kernel(THERE), file.unwrap()).unwrap_err();
        assert_eq!((place.line, &*problem.message), (3, BEYOND));
        let file = source::parse(b"map delete 100").unwrap();
        let (place, problem) = plan(&kernel(THERE), file).unwrap_err();
        assert_eq!((place.line, problem.column), (1, 1));
        assert_eq!(problem.message, "no rule 100 stands above it in this file");
    }
}
