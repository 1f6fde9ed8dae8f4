// SPDX-License-Identifier: GPL-2.0

//! Addresses that have a name: a statement with it stands for one with each of them.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::advice;
use crate::lexer::Token;
use crate::parser::Define;
use crate::place::Spot;
use crate::problem::Problem;

/// Most addresses of a name.
const MAX_ELEMENTS: usize = 65536;

/// By their names in small letters.
#[derive(Default)]
pub struct Sets(BTreeMap<String, Set>);

struct Set {
    name: String,
    spot: Spot,
    elements: Vec<Element>,
    is_used: Cell<bool>,
}

#[derive(Clone)]
struct Element {
    words: Vec<String>,
    from: String,
}

/// What stands for a name in a statement.
#[derive(Clone, Debug)]
pub struct Use {
    pub name: String,
    /// Place of the name in the line.
    pub column: usize,
    pub end: usize,
    /// How many addresses have the name.
    pub count: usize,
    /// This one of them.
    pub text: String,
    /// Where it is defined.
    from: String,
}

/// A statement with addresses in place of their names, and which these are.
pub type Plain<'t> = (Vec<Token<'t>>, Vec<Use>);

/// `$NAME`
pub fn is_name(token: &Token<'_>) -> bool {
    token.text.starts_with('$')
}

/// Tell, too, what stands for the names that a problem is about: the one at its column, or all if it is
/// about a statement that begins there.
pub fn explain(mut problem: Problem, uses: &[Use], statement: Option<usize>) -> Problem {
    let is_whole = statement == Some(problem.column);
    for one in uses {
        if is_whole || one.column == problem.column {
            let (name, text, from) = (&one.name, &one.text, &one.from);
            problem.message += &format!(" (${name} has {text}, {from})");
        }
    }
    problem
}

impl Sets {
    /// Give addresses a name; `spot` tells what is at a column.
    pub fn define(&mut self, define: Define, spot: impl Fn(usize) -> Spot) -> Result<(), Problem> {
        let key = define.name.to_ascii_lowercase();
        if let Some(other) = self.0.get(&key) {
            let message = format!("{} is defined already, {}", define.name, other.spot.text);
            return Err(Problem::new(define.column, message));
        }
        let mut elements = Vec::new();
        for element in define.elements {
            match element
                .words
                .first()
                .and_then(|word| word.strip_prefix('$'))
            {
                Some(name) => {
                    let other = self.find(name, element.column)?;
                    elements.extend_from_slice(&other.elements);
                }
                None => elements.push(Element {
                    words: element.words,
                    from: spot(element.column).text,
                }),
            }
            if elements.len() > MAX_ELEMENTS {
                let message = format!("too many addresses: {MAX_ELEMENTS} are the most");
                return Err(Problem::new(element.column, message));
            }
        }
        let set = Set {
            spot: spot(define.column),
            name: define.name,
            elements,
            is_used: Cell::new(false),
        };
        self.0.insert(key, set);
        Ok(())
    }

    /// What has a name, which is used then.
    fn find(&self, name: &str, column: usize) -> Result<&Set, Problem> {
        let Some(set) = self.0.get(&name.to_ascii_lowercase()) else {
            let meant = advice::meant(name, self.0.values().map(|set| set.name.as_str()));
            let message = format!("nothing above it defines ${name}{meant}");
            return Err(Problem::new(column, message));
        };
        set.is_used.set(true);
        Ok(set)
    }

    /// The statements that one with names stands for. Only one of these may have several addresses.
    pub fn each<'t>(&'t self, tokens: &[Token<'t>]) -> Result<Vec<Plain<'t>>, Problem> {
        let mut rounds = 1;
        let mut several: Option<&str> = None;
        for token in tokens.iter().filter(|token| is_name(token)) {
            let set = self.find(&token.text[1..], token.column)?;
            match (set.elements.len(), several) {
                (1, _) => (),
                (count, None) => (rounds, several) = (count, Some(token.text)),
                (_, Some(other)) => {
                    let message = format!(
                        "{other} and {} have several addresses each: one of them in a statement",
                        token.text
                    );
                    return Err(Problem::new(token.column, message));
                }
            }
        }
        let one = |round: usize| {
            let (mut words, mut uses) = (Vec::new(), Vec::new());
            for token in tokens {
                let Some(set) = self.of(token) else {
                    words.push(*token);
                    continue;
                };
                let count = set.elements.len();
                let Element { words: new, from } = &set.elements[round % count];
                words.extend(new.iter().map(|text| Token { text, ..*token }));
                uses.push(Use {
                    name: set.name.clone(),
                    column: token.column,
                    end: token.end,
                    count,
                    text: new.concat(),
                    from: from.clone(),
                });
            }
            (words, uses)
        };
        Ok((0..rounds).map(one).collect())
    }

    fn of(&self, token: &Token<'_>) -> Option<&Set> {
        let name = token.text.strip_prefix('$')?;
        self.0.get(&name.to_ascii_lowercase())
    }

    /// Names that no statement has.
    pub fn unused(&self) -> impl Iterator<Item = (&str, &Spot)> {
        let unused = self.0.values().filter(|set| !set.is_used.get());
        unused.map(|set| (set.name.as_str(), &set.spot))
    }
}
