// SPDX-License-Identifier: GPL-2.0

//! Changes to the kernel as one transaction, and its refusal back to the word that caused it.

use natpt_netlink::spec::{attr, Statement, Variable};
use natpt_netlink::{Connection, Error, Refusal, Request};

use crate::problem::Problem;
use crate::source::Placed;

/// Why nothing was changed.
pub enum Failure {
    /// Because of a word in a line.
    At(usize, Problem),
    Netlink(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Netlink(error)
    }
}

/// All of the changes or none; the kernel may have a warning.
pub fn apply(connection: &mut Connection, changes: &[Placed]) -> Result<Option<String>, Failure> {
    if changes.iter().any(|placed| placed.change.duration) {
        check_durations(&connection.dump()?, changes)?;
    }
    let mut request = Request::default();
    for placed in changes {
        request.push(&placed.change.statement);
    }
    connection.apply(&request).map_err(|error| match error {
        Error::Refused(refusal) => blame(&request, changes, refusal),
        other => Failure::Netlink(other),
    })
}

fn blame(request: &Request, changes: &[Placed], refusal: Refusal) -> Failure {
    let found = request
        .blame(&refusal)
        .and_then(|(index, attribute)| Some((changes.get(index)?, attribute)));
    let (placed, attribute) = match (found, changes) {
        (Some(found), _) => found,
        (None, [only]) if !refusal.is_permission() => (only, None),
        (None, _) => return Failure::Netlink(Error::Refused(refusal)),
    };
    Failure::At(
        placed.line,
        Problem::new(column(placed, attribute), refusal.to_string()),
    )
}

/// Of the word that an attribute comes from, else of the statement.
fn column(placed: &Placed, attribute: Option<u16>) -> usize {
    let mut words = placed.change.words.iter();
    let word = words.find(|(number, _)| Some(*number) == attribute);
    word.map_or(placed.change.column, |&(_, column)| column)
}

/// Only what is counted in seconds may be given as a duration.
fn check_durations(variables: &[Variable], changes: &[Placed]) -> Result<(), Failure> {
    for placed in changes.iter().filter(|placed| placed.change.duration) {
        let Statement::Set(set) = &placed.change.statement else {
            continue;
        };
        let known = variables.iter().find(|one| one.name == set.name);
        if let Some(unit) = known.and_then(|one| one.unit.as_deref()) {
            if unit != "s" {
                let column = column(placed, Some(attr::variable::VALUE));
                let message = "not counted in seconds: write a plain number";
                return Err(Failure::At(placed.line, Problem::new(column, message)));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;

    /// What the user is told when the kernel finds fault at an offset.
    fn told(offset: Option<usize>) -> String {
        let text = b"map flush\n  map 5 from any6 to 192.0.2.1 port 1 - 9\nset a = 1h\n";
        let changes = source::parse(text).unwrap();
        let mut request = Request::default();
        for placed in &changes {
            request.push(&placed.change.statement);
        }
        let refusal = Refusal {
            errno: 22,
            message: Some("no".into()),
            offset,
            ..Refusal::default()
        };
        match blame(&request, &changes, refusal) {
            Failure::At(line, problem) => format!("{line}:{}: {}", problem.column, problem.message),
            Failure::Netlink(error) => error.to_string(),
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
        assert_eq!(told(Some(72)), "3:9: no");
        assert_eq!(told(Some(500)), "no");
    }

    #[test]
    fn durations_are_for_seconds() {
        let changes = source::parse(b"set a = 1\nset a = 1h").unwrap();
        let variable = |unit: &str| Variable {
            name: Some("a".into()),
            unit: Some(unit.into()),
            ..Variable::default()
        };
        assert!(check_durations(&[variable("s")], &changes).is_ok());
        let refused = check_durations(&[variable("")], &changes);
        let Err(Failure::At(2, problem)) = refused else {
            panic!();
        };
        assert_eq!(problem.column, 9);
    }
}
