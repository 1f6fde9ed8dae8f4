// SPDX-License-Identifier: GPL-2.0

//! A line of a configuration as words that know where they stand.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::str::FromStr;

use crate::net::Net;

/// A fault and its place: line and column count from 1.
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

    /// True if it is this keyword, in capitals or not.
    pub fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    /// The word as an address or the like; `what` says of what kind it is not.
    pub fn parse<T: FromStr>(&self, what: &str) -> Result<T, Problem> {
        self.text
            .parse()
            .map_err(|_| self.problem(format!("'{}' is no {what}", self.text)))
    }

    pub fn address(self) -> Result<IpAddr, Problem> {
        self.parse("address")
    }

    pub fn net(self) -> Result<Net, Problem> {
        self.parse("network")
    }

    pub fn net4(self) -> Result<Net, Problem> {
        self.net_of("IPv4 network", Net::is_v4)
    }

    pub fn net6(self) -> Result<Net, Problem> {
        self.net_of("IPv6 network", |net| !net.is_v4())
    }

    fn net_of(self, what: &str, is_of: fn(&Net) -> bool) -> Result<Net, Problem> {
        let problem = || self.problem(format!("'{}' is no {what}", self.text));
        Some(self.net()?).filter(is_of).ok_or_else(problem)
    }
}

/// The words of one line; the first is its keyword.
pub struct Words<'a> {
    words: std::vec::IntoIter<Word<'a>>,
    /// The keyword, then the word read last.
    last: Word<'a>,
}

impl<'a> Words<'a> {
    /// Keyword and words; None for a line without any. Each of `comment` begins a comment where a
    /// word could begin.
    pub fn of(number: usize, line: &'a str, comment: &[char]) -> Option<(Word<'a>, Self)> {
        let mut words = Vec::new();
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
            let from = &rest[start..];
            if from.starts_with(comment) {
                break;
            }
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
        for word in self {
            list.push(read(word)?);
        }
        Ok(list)
    }

    pub fn number<N>(&mut self, what: &str, min: N, max: N) -> Result<N, Problem>
    where
        N: FromStr + PartialOrd + Display,
    {
        let word = self.need(what)?;
        match word.text.parse() {
            Ok(value) if (&min..=&max).contains(&&value) => Ok(value),
            _ => Err(word.problem(format!("'{}' is not between {min} and {max}", word.text))),
        }
    }

    pub fn choice<T, const N: usize>(&mut self, ways: [(&str, T); N]) -> Result<T, Problem> {
        let names = ways.each_ref().map(|(name, _)| *name).join(", ");
        let word = self.need(&format!("one of {names}"))?;
        ways.into_iter()
            .find(|(name, _)| word.is(name))
            .map(|(_, way)| way)
            .ok_or_else(|| word.problem(format!("'{}' is none of {names}", word.text)))
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.next()?;
        self.last = word;
        Some(word)
    }
}
