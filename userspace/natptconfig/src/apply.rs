// SPDX-License-Identifier: GPL-2.0

//! Changes to the kernel as one transaction, and its refusal back to the word that caused it.

use natpt_netlink::spec::{attr, Statement, Status, Variable};
use natpt_netlink::{Connection, Error, Refusal, Request};

use crate::place::Place;
use crate::problem::Problem;
use crate::source::{Placed, Source};
use crate::value::{self, Notation};
use crate::{advice, again, show, sync};

/// The reason why nothing was changed.
pub enum Failure {
    /// Because of a word in a line.
    At(Place, Problem),
    /// The module does not know how to check.
    Older,
    Netlink(Error),
}

/// How often a configuration that changes meanwhile is looked at anew.
const PATIENCE: u32 = 20;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Netlink(error)
    }
}

/// What becomes of the changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// All are carried out, or none.
    Change,
    /// The kernel only says whether it would.
    Check,
}

/// All of the changes or none; the kernel may have a warning.
pub fn apply(
    connection: &mut Connection,
    changes: &[Placed],
    manner: Manner,
) -> Result<Option<String>, Failure> {
    let mut variables = Vec::new();
    let mut statements = changes.iter().map(|placed| &placed.change.statement);
    if statements.any(|statement| matches!(statement, Statement::Set(_))) {
        variables = connection.dump()?;
        check_notations(&variables, changes)?;
    }
    unhurried(|| {
        let now: Status = connection.get()?;
        let needed = again::needed(connection, changes)?;
        // What is left out is to be there still.
        let generation = now.generation.filter(|_| needed.len() < changes.len());
        send(connection, &needed, &variables, (manner, generation))
    })
}

/// Does it again where the configuration has changed meanwhile.
pub fn unhurried<T>(mut what: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 0..PATIENCE {
        match what() {
            Err(Failure::Netlink(Error::Refused(why))) if why.is_outdated() => (),
            done => return done,
        }
    }
    what()
}

/// The changes after which nothing but what the file says is there; nothing has changed yet.
pub fn plan(connection: &mut Connection, file: &[Placed]) -> Result<Plan, Failure> {
    let present = show::config(connection)?;
    check_notations(&present.variables, file)?;
    let changes =
        sync::plan(&present, file.to_vec()).map_err(|(place, why)| Failure::At(place, why))?;
    Ok(Plan {
        changes,
        generation: present.status.generation,
        variables: present.variables,
    })
}

/// Changes, and the variables that are known.
pub struct Plan {
    pub changes: Vec<Placed>,
    /// Of the configuration that they are for.
    generation: Option<u32>,
    variables: Vec<Variable>,
}

impl Plan {
    /// All of the changes or none; the kernel may have a warning.
    pub fn apply(
        &self,
        connection: &mut Connection,
        manner: Manner,
    ) -> Result<Option<String>, Failure> {
        let changes: Vec<_> = self.changes.iter().collect();
        let how = (manner, self.generation);
        send(connection, &changes, &self.variables, how)
    }

    /// The changes in words.
    pub fn words<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = String> + 'a {
        let changes = self.changes.iter();
        changes.map(|placed| sync::words(placed, &self.variables, source))
    }
}

fn send(
    connection: &mut Connection,
    changes: &[&Placed],
    variables: &[Variable],
    (manner, generation): (Manner, Option<u32>),
) -> Result<Option<String>, Failure> {
    if changes.is_empty() {
        return Ok(None);
    }
    let mut request = Request::default();
    for placed in changes {
        request.push(&placed.change.statement);
    }
    if manner == Manner::Check {
        request.push(&Statement::Check);
    }
    if let Some(generation) = generation {
        request.push(&Statement::Generation(generation));
    }
    let applied = connection.apply(&request).map_err(|error| match error {
        Error::Refused(refusal) => blame(&request, changes, refusal, variables),
        other => Failure::Netlink(other),
    });
    match applied {
        // It may know checks, but not generations.
        Err(Failure::Older) if generation.is_some() => {
            send(connection, changes, variables, (manner, None))
        }
        applied => applied,
    }
}

fn blame(
    request: &Request,
    changes: &[&Placed],
    refusal: Refusal,
    variables: &[Variable],
) -> Failure {
    let blamed = request.blame(&refusal);
    if refusal.is_invalid() && blamed.is_some_and(|(index, _)| index >= changes.len()) {
        return Failure::Older;
    }
    let found = blamed.and_then(|(index, attribute)| Some((*changes.get(index)?, attribute)));
    let (placed, attribute) = match (found, changes) {
        (Some(found), _) => found,
        (None, &[only]) if !refusal.is_permission() => (only, None),
        (None, _) => return Failure::Netlink(Error::Refused(refusal)),
    };
    if placed.place == sync::NOWHERE {
        return Failure::Netlink(Error::Refused(refusal));
    }
    let message = refusal.to_string() + &known(placed, attribute, variables);
    let problem = placed.problem(column(placed, attribute), message);
    Failure::At(placed.place, problem)
}

/// What is known of a variable that was refused: which one may have been meant, or its range.
fn known(placed: &Placed, attribute: Option<u16>, variables: &[Variable]) -> String {
    let Statement::Set(set) = &placed.change.statement else {
        return String::new();
    };
    let name = set.name.as_deref().unwrap_or_default();
    let one = variables.iter().find(|one| one.name == set.name);
    match (attribute, one) {
        (Some(attr::variable::NAME), None) => {
            advice::meant(name, variables.iter().filter_map(|one| one.name.as_deref()))
        }
        (Some(attr::variable::VALUE), Some(one)) => format!(": {}", value::range(one)),
        _ => String::new(),
    }
}

/// The column of the word that an attribute comes from, else of the statement.
fn column(placed: &Placed, attribute: Option<u16>) -> usize {
    let mut words = placed.change.words.iter();
    let word = words.find(|(number, _)| Some(*number) == attribute);
    word.map_or(placed.change.column, |&(_, column)| column)
}

/// A duration is for what is counted in seconds, an address for what is one.
fn check_notations(variables: &[Variable], changes: &[Placed]) -> Result<(), Failure> {
    for placed in changes {
        let Statement::Set(set) = &placed.change.statement else {
            continue;
        };
        let known = variables.iter().find(|one| one.name == set.name);
        let unit = known.and_then(|one| one.unit.as_deref());
        let message = match (unit, placed.change.notation) {
            (None, _) | (Some("address"), Notation::Address) => continue,
            (Some("address"), _) => "an address: write it as 192.0.2.9",
            (Some(_), Notation::Address) => "not an address: write a plain number",
            (Some("s"), Notation::Duration) | (Some(_), Notation::Number) => continue,
            (Some(_), Notation::Duration) => "not counted in seconds: write a plain number",
        };
        let column = column(placed, Some(attr::variable::VALUE));
        return Err(Failure::At(placed.place, placed.problem(column, message)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    /// The text for the user when the kernel finds fault at an offset.
    fn told(offset: Option<usize>) -> String {
        let text = b"map flush\n  map 5 from any6 to 192.0.2.1 port 1 - 9\nset a = 1h\n\
                     set tso = 1\n";
        let changes = source::parse(text).unwrap();
        let changes: Vec<_> = changes.iter().collect();
        let mut request = Request::default();
        for placed in &changes {
            request.push(&placed.change.statement);
        }
        request.push(&Statement::Check);
        let refusal = Refusal {
            errno: 22,
            message: Some("no".into()),
            offset,
            ..Refusal::default()
        };
        let variable = |name: &str, unit: &str| Variable {
            name: Some(name.into()),
            unit: Some(unit.into()),
            min: Some(1),
            max: Some(60),
            ..Variable::default()
        };
        let variables = [variable("a", "s"), variable("tos", "")];
        match blame(&request, &changes, refusal, &variables) {
            Failure::At(place, problem) => {
                format!("{}:{}: {}", place.line, problem.column, problem.message)
            }
            Failure::Netlink(error) => error.to_string(),
            Failure::Older => "older".into(),
        }
    }

    #[test]
    fn the_word_is_found() {
        // Headers are 20 bytes, the flush 4; then the rule: number, to, port-min, port-max.
        assert_eq!(told(None), "no");
        assert_eq!(told(Some(20)), "1:1: no");
        assert_eq!(told(Some(24)), "2:3: no");
        assert_eq!(told(Some(28)), "2:7: no");
        assert_eq!(told(Some(36)), "2:22: no");
        assert_eq!(told(Some(44)), "2:37: no");
        assert_eq!(told(Some(52)), "2:41: no");
        assert_eq!(told(Some(64)), "3:5: no");
        assert_eq!(told(Some(72)), "3:9: no: 1 to 60 seconds");
        assert_eq!(told(Some(88)), "4:5: no (did you mean tos?)");
        // A module that knows nothing of checks.
        assert_eq!(told(Some(108)), "older");
        assert_eq!(told(Some(500)), "no");
    }

    #[test]
    fn notations_fit_units() {
        let told = |unit: &str| {
            let changes = source::parse(b"set a = 1\nset a = 1h\nset a = 192.0.2.9").unwrap();
            let variable = Variable {
                name: Some("a".into()),
                unit: Some(unit.into()),
                ..Variable::default()
            };
            let told = changes.into_iter().map(|placed| {
                match check_notations(&[variable.clone()], &[placed]) {
                    Ok(()) => String::new(),
                    Err(Failure::At(place, problem)) => {
                        format!("{}:{}: {}", place.line, problem.column, problem.message)
                    }
                    Err(Failure::Netlink(error)) => error.to_string(),
                    Err(Failure::Older) => "older".into(),
                }
            });
            told.collect::<Vec<_>>()
        };
        let address = "3:9: not an address: write a plain number";
        let seconds = "2:9: not counted in seconds: write a plain number";
        assert_eq!(told("s"), ["", "", address]);
        assert_eq!(told(""), ["", seconds, address]);
        let (one, two) = ("1:9", "2:9");
        let dots = |at| format!("{at}: an address: write it as 192.0.2.9");
        assert_eq!(told("address"), [dots(one), dots(two), String::new()]);
    }
}
