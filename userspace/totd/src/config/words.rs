// SPDX-License-Identifier: GPL-2.0

//! A line of totd.conf as words that know where they stand.

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

    /// Keywords are the same in capitals.
    pub fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The words of one line; the first is its keyword.
pub struct Words<'a> {
    words: std::vec::IntoIter<Word<'a>>,
    /// The keyword, then the word read last.
    last: Word<'a>,
}

impl<'a> Words<'a> {
    /// Keyword and words; None for a line without any. Comments begin with # or ;.
    pub fn of(number: usize, line: &'a str) -> Option<(Word<'a>, Self)> {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = Vec::new();
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            let from = &rest[start..];
            let end = from.find(char::is_whitespace).unwrap_or(from.len());
            let column = line.len() - from.len() + 1;
            let text = &from[..end];
            words.push(Word {
                text,
                line: number,
                column,
            });
            rest = &from[end..];
        }
        let mut words = words.into_iter();
        let keyword = words.next()?;
        let last = keyword;
        Some((keyword, Self { words, last }))
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

    /// All that is left, at least one.
    pub fn list<T>(
        &mut self,
        what: &str,
        mut read: impl FnMut(Word<'a>) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let mut list = vec![read(self.need(what)?)?];
        while let Some(word) = self.next() {
            list.push(read(word)?);
        }
        Ok(list)
    }
}
