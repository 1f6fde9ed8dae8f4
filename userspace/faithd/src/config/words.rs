// SPDX-License-Identifier: GPL-2.0

//! A line of faithd.conf as words that know where they stand.

use std::fmt;

/// What is wrong, and where: line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

#[derive(Clone, Copy)]
pub struct Word<'a> {
    pub text: &'a str,
    line: usize,
    column: usize,
}

impl Word<'_> {
    pub fn problem(&self, text: impl Into<String>) -> Problem {
        Problem {
            line: self.line,
            column: self.column,
            text: text.into(),
        }
    }
}

/// The words of one line that are still to be read.
pub struct Words<'a> {
    words: std::vec::IntoIter<Word<'a>>,
    last: Word<'a>,
}

impl<'a> Words<'a> {
    /// The first word and the others; None for a line without any. Comments begin with #.
    pub fn of(number: usize, line: &'a str) -> Option<(Word<'a>, Self)> {
        let line = line.split('#').next().unwrap_or_default();
        let start = line.as_ptr() as usize;
        let words: Vec<_> = line
            .split_whitespace()
            .map(|text| Word {
                text,
                line: number,
                column: text.as_ptr() as usize - start + 1,
            })
            .collect();
        let mut words = words.into_iter();
        let last = words.next()?;
        Some((last, Self { words, last }))
    }

    pub fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.next()?;
        self.last = word;
        Some(word)
    }

    pub fn need(&mut self, what: &str) -> Result<Word<'a>, Problem> {
        let last = self.last;
        self.next()
            .ok_or_else(|| last.problem(format!("{what} is missing after '{}'", last.text)))
    }

    pub fn end(&mut self) -> Result<(), Problem> {
        match self.next() {
            Some(word) => Err(word.problem(format!("'{}' is too much", word.text))),
            None => Ok(()),
        }
    }
}
