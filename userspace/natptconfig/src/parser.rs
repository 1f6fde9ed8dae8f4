// SPDX-License-Identifier: GPL-2.0

//! One line as a statement.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::notation::implied_len;
use natpt_core::xlate::addr::{self, PrefixError};
use natpt_core::xlate::side::Side;
use natpt_netlink::spec::{
    attr, filtering, hosts, protos, refreshing, Filter, Prefix, Renum, Rule, Statement, Variable,
    GROUPS, SESSION_STATE,
};

use crate::grammar::{self as g, Choices};
use crate::lexer::{self, Token};
use crate::problem::Problem;
use crate::stateless;
use crate::value::{self, Notation};

#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Change(Change),
    Show(Show),
    Monitor(Monitor),
    /// A `?` stood where one of these may follow.
    Help(Choices),
}

/// A statement for the kernel, and the columns that its parts come from.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub statement: Statement,
    pub column: usize,
    /// Attribute in the statement, column of the word.
    pub words: Vec<(u16, usize)>,
    /// The way the value was written.
    pub notation: Notation,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Show {
    Prefix,
    Mapping,
    Rules,
    Sessions(Filter),
    Xlate(Width, Filter),
    Variables(Option<String>),
    Stats,
    Config,
}

/// What to listen to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Monitor {
    /// Places of the groups, all if there are none.
    pub groups: Vec<usize>,
    pub filter: Filter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Regular,
    Long,
    Short,
}

/// None is a line without a statement.
pub fn parse(line: &[u8]) -> Result<Option<Line>, Problem> {
    let tokens = lexer::tokens(line)?;
    let Some(first) = tokens.first() else {
        return Ok(None);
    };
    let mut parser = Parser {
        column: first.column,
        tokens: tokens.iter(),
        last: *first,
        words: Vec::new(),
        notation: Notation::Number,
    };
    match parser.statement() {
        Ok(line) => Ok(Some(line)),
        Err(Stop::Help(choices)) => Ok(Some(Line::Help(choices))),
        Err(Stop::Problem(problem)) => Err(problem),
    }
}

/// The reason why parsing ended early.
enum Stop {
    Problem(Problem),
    Help(Choices),
}

type Result<T, E = Stop> = std::result::Result<T, E>;

struct Parser<'a> {
    /// Of the statement.
    column: usize,
    tokens: std::slice::Iter<'a, Token<'a>>,
    last: Token<'a>,
    words: Vec<(u16, usize)>,
    notation: Notation,
}

impl<'a> Parser<'a> {
    fn statement(&mut self) -> Result<Line> {
        let statement = match self.keyword(g::STATEMENT)? {
            "prefix" => self.prefix()?,
            "map" => self.map()?,
            "set" => self.set()?,
            "session" => self.session()?,
            "monitor" => return self.monitor().map(Line::Monitor),
            _ => return self.show().map(Line::Show),
        };
        Ok(Line::Change(Change {
            statement,
            column: self.column,
            words: std::mem::take(&mut self.words),
            notation: self.notation,
        }))
    }

    fn prefix(&mut self) -> Result<Statement> {
        let word = self.next(g::PREFIX)?;
        if word.is("flush") {
            return Ok(match self.keep()? {
                true => Statement::PrefixFlushKeep,
                false => Statement::PrefixFlush,
            });
        }
        let address = address6(word, g::PREFIX)?;
        let length = self.length(g::PREFIX_LENGTH)?;
        self.end(g::END)?;
        let bits = match length {
            Some(word) => bits(word)?,
            None => implied_len(address).map_err(|text| problem(word, text))?,
        };
        let prefix = addr::Prefix::new(address, bits).map_err(|why| {
            let place = match why {
                PrefixError::Length | PrefixError::WellKnownLength => length.unwrap_or(word),
                _ => word,
            };
            match why {
                PrefixError::HostBits => host_bits(word, address, bits),
                _ => problem(place, why.text()),
            }
        })?;
        self.note(attr::prefix::ADDRESS, word);
        self.note(attr::prefix::LENGTH, length.unwrap_or(word));
        Ok(Statement::PrefixAdd(Prefix {
            address: Some(prefix.addr()),
            length: Some(prefix.len()),
        }))
    }

    fn map(&mut self) -> Result<Statement> {
        let word = self.next(g::MAP)?;
        let statement = match keyword(word, g::MAP) {
            Some("from") => return self.rule(None),
            Some("enable") => Statement::Enable(1),
            Some("disable") => Statement::Enable(0),
            Some("delete") => {
                let number = self.number(g::NUMBER)?;
                return Ok(match self.keep()? {
                    true => Statement::MapDeleteKeep(number),
                    false => Statement::MapDelete(number),
                });
            }
            Some("flush") => {
                return Ok(match self.keep()? {
                    true => Statement::MapFlushKeep,
                    false => Statement::MapFlush,
                });
            }
            Some(_) => return self.renum(),
            None if word.text.starts_with(|c: char| c.is_ascii_digit()) => {
                let number = at(word, value::number32(word.text))?;
                self.note(attr::rule::NUMBER, word);
                self.keyword(g::FROM)?;
                return self.rule(Some(number));
            }
            None => return Err(unexpected(word, g::MAP)),
        };
        self.end(g::END)?;
        Ok(statement)
    }

    /// The sessions of what goes run out. To the end of the statement.
    fn keep(&mut self) -> Result<bool> {
        let keep = self.end_or(g::GONE)?.is_some();
        if keep {
            self.end(g::END)?;
        }
        Ok(keep)
    }

    /// Read what comes after `from`.
    fn rule(&mut self, number: Option<u32>) -> Result<Statement> {
        let mut rule = Rule {
            number,
            ..Rule::default()
        };
        let hosts = self.next(g::SOURCE)?;
        if hosts.text.parse::<Ipv4Addr>().is_ok() {
            self.network4(&mut rule, hosts, g::SOURCE, g::SOURCE4_LENGTH)?;
            self.keyword(g::TO6)?;
            let word = self.next(g::TARGET6)?;
            self.network6(&mut rule, word, g::TARGET6, g::TARGET6_LENGTH)?;
            self.keyword(g::STATELESS)?;
            return self.stateless(rule, Side::V4);
        }
        if hosts.is("any6") {
            self.keyword(g::TO)?;
            let more = self.targets4(&mut rule, g::AFTER_POOL, g::AFTER_POOLS)?;
            let next = self.end_or(more)?;
            return self.pool(rule, next);
        }
        self.network6(&mut rule, hosts, g::SOURCE, g::SOURCE_LENGTH)?;
        self.keyword(g::TO)?;
        let more = self.targets4(&mut rule, g::AFTER_TARGET4, g::AFTER_TARGETS4)?;
        match self.end_or(more)? {
            Some("stateless") => self.stateless(rule, Side::V6),
            next => self.pool(rule, next),
        }
    }

    /// The addresses that hosts appear as: one, those under a prefix, or from one to another. Return
    /// what may follow, of the first if it was one, else of the second.
    fn targets4(&mut self, rule: &mut Rule, one: Choices, several: Choices) -> Result<Choices> {
        let word = self.next(g::POOL)?;
        self.network4(rule, word, g::POOL, one)?;
        let sign = self.tokens.as_slice().first();
        match (rule.to_length, sign) {
            (None, Some(sign)) if sign.is("-") => {
                self.maybe(one)?;
                let end = self.next(g::LAST_ADDRESS)?;
                let last = end.text.parse::<Ipv4Addr>();
                let last = last.map_err(|_| unexpected(end, g::LAST_ADDRESS))?;
                at(end, value::host4(last))?;
                if rule.to.is_some_and(|first| last < first) {
                    let message = format!("the range is reversed: write {last} - {}", word.text);
                    return Err(problem(word, message));
                }
                self.note(attr::rule::TO_LAST, end);
                rule.to_last = Some(last);
                Ok(g::AFTER_POOLS)
            }
            (None, _) => Ok(one),
            (Some(_), _) => Ok(several),
        }
    }

    /// The rest of a rule whose hosts share a pool.
    fn pool(&mut self, mut rule: Rule, mut next: Option<&str>) -> Result<Statement> {
        if let (Some(first), Some(length)) = (rule.to, rule.to_length.take()) {
            // The kernel knows pools by their first and last address.
            let rest = u32::MAX.checked_shr(length.into()).unwrap_or(0);
            rule.to_last = (rest != 0).then(|| Ipv4Addr::from_bits(first.to_bits() | rest));
            for (attribute, _) in &mut self.words {
                if *attribute == attr::rule::TO_LENGTH {
                    *attribute = attr::rule::TO_LAST;
                }
            }
        }
        if next == Some("port") {
            self.ports(&mut rule)?;
            next = self.end_or(g::AFTER_PORTS)?;
        }
        if next == Some("proto") {
            (rule.protos, next) = self.protos()?;
        }
        if next == Some("filter") {
            rule.filter = Some(match self.keyword(g::FILTER)? {
                "none" => filtering::NONE,
                "address" => filtering::ADDRESS,
                _ => filtering::PORT,
            });
            self.note(attr::rule::FILTER, self.last);
            next = self.end_or(g::AFTER_FILTER)?;
        }
        if next.is_some() {
            rule.refresh = Some(match self.keyword(g::REFRESH)? {
                "both" => refreshing::BOTH,
                _ => refreshing::OUTBOUND,
            });
            self.note(attr::rule::REFRESH, self.last);
            self.end(g::END)?;
        }
        Ok(Statement::MapAdd(rule))
    }

    /// After the word that makes a rule stateless.
    fn stateless(&mut self, mut rule: Rule, hosts: Side) -> Result<Statement> {
        self.end(g::END)?;
        if let (Some(from), Some(to)) = (rule.from, rule.to) {
            let v6 = (from, rule.from_length.unwrap_or(128));
            let v4 = (to, rule.to_length.unwrap_or(32));
            stateless::check(hosts, v6, v4).map_err(|(attribute, message)| {
                let word = self.words.iter().find(|(number, _)| *number == attribute);
                let column = word.map_or(self.column, |&(_, column)| column);
                Stop::Problem(Problem::new(column, message))
            })?;
        }
        rule.stateless = Some(match hosts {
            Side::V6 => hosts::V6,
            Side::V4 => hosts::V4,
        });
        Ok(Statement::MapAdd(rule))
    }

    fn network6(
        &mut self,
        rule: &mut Rule,
        word: Token<'a>,
        may: Choices,
        may_length: Choices,
    ) -> Result<()> {
        let address = address6(word, may)?;
        let length = self.length(may_length)?;
        let bits = prefix_bits(word, length, 128)?;
        if address.to_bits() & !addr::mask(u32::from(bits)) != 0 {
            return Err(host_bits(word, address, bits));
        }
        if address.is_multicast() {
            return Err(problem(word, "a multicast address is no source of packets"));
        }
        if bits >= 96 && address.to_ipv4_mapped().is_some() {
            let message = "an IPv4-mapped address is never on the wire: \
                           give the address that the host has";
            return Err(problem(word, message));
        }
        self.note(attr::rule::FROM, word);
        self.note(attr::rule::FROM_LENGTH, length.unwrap_or(word));
        rule.from = Some(address);
        rule.from_length = Some(bits);
        Ok(())
    }

    fn network4(
        &mut self,
        rule: &mut Rule,
        word: Token<'a>,
        may: Choices,
        may_length: Choices,
    ) -> Result<()> {
        let address = self.target4(rule, word, may)?;
        let length = self.length(may_length)?;
        let bits = prefix_bits(word, length, 32)?;
        let mask = addr::mask(96 + u32::from(bits)) as u32;
        let network = Ipv4Addr::from_bits(address.to_bits() & mask);
        if network != address {
            let message = format!("bits are set beyond the length: write {network}/{bits}");
            return Err(problem(word, message));
        }
        if let Some(length) = length {
            self.note(attr::rule::TO_LENGTH, length);
            rule.to_length = Some(bits);
        }
        Ok(())
    }

    fn target4(&mut self, rule: &mut Rule, word: Token<'a>, may: Choices) -> Result<Ipv4Addr> {
        let address = word.text.parse().map_err(|_| unexpected(word, may))?;
        at(word, value::host4(address))?;
        self.note(attr::rule::TO, word);
        rule.to = Some(address);
        Ok(address)
    }

    fn ports(&mut self, rule: &mut Rule) -> Result<()> {
        let first = self.next(g::PORT)?;
        let min = at(first, value::port(first.text))?;
        let sign = self.next(g::RANGE)?;
        let (last, max) = match sign.text {
            "-" => {
                let last = self.next(g::LAST_PORT)?;
                let max = at(last, value::port(last.text))?;
                if max < min {
                    let message = format!("the port range is reversed: write {max} - {min}");
                    return Err(problem(first, message));
                }
                (last, max)
            }
            ":" => {
                let count = self.next(g::COUNT)?;
                let most = u64::from(u16::MAX - min) + 1;
                match at(count, value::number(count.text))? {
                    0 => return Err(problem(count, "a range has at least 1 port")),
                    ports if ports > most => {
                        let message =
                            format!("{ports} ports from {min} on go beyond 65535: {most} at most");
                        return Err(problem(count, message));
                    }
                    ports => (count, min + (ports - 1) as u16),
                }
            }
            _ => return Err(unexpected(sign, g::RANGE)),
        };
        self.note(attr::rule::PORT_MIN, first);
        self.note(attr::rule::PORT_MAX, last);
        rule.port_min = Some(min);
        rule.port_max = Some(max);
        Ok(())
    }

    /// The protocols, and the keyword behind them.
    fn protos(&mut self) -> Result<(Option<u32>, Option<&'static str>)> {
        let mut mask = 0;
        loop {
            let name = self.keyword(g::PROTO)?;
            if mask == 0 {
                self.note(attr::rule::PROTOS, self.last);
            }
            mask |= match name {
                "icmp" => protos::ICMP,
                "tcp" => protos::TCP,
                _ => protos::UDP,
            };
            match self.maybe(g::AFTER_PROTO)? {
                None => return Ok((Some(mask), None)),
                Some(word) if word.is("/") => (),
                Some(word) => match keyword(word, g::AFTER_PROTO) {
                    Some(next) => return Ok((Some(mask), Some(next))),
                    None => return Err(unexpected(word, g::AFTER_PROTO)),
                },
            }
        }
    }

    fn renum(&mut self) -> Result<Statement> {
        let mut renum = Renum {
            start: Some(100),
            interval: Some(100),
        };
        if let Some(word) = self.maybe(g::START)? {
            renum.start = Some(at(word, value::number32(word.text))?);
            self.note(attr::renum::START, word);
            if let Some(word) = self.maybe(g::INTERVAL)? {
                let interval = at(word, value::number32(word.text))?;
                if interval == 0 {
                    return Err(problem(word, "the interval is at least 1"));
                }
                renum.interval = Some(interval);
                self.note(attr::renum::INTERVAL, word);
                self.end(g::END)?;
            }
        }
        Ok(Statement::MapRenum(renum))
    }

    fn set(&mut self) -> Result<Statement> {
        let name = self.variable(g::VARIABLE)?;
        self.note(attr::variable::NAME, self.last);
        let sign = self.next(g::ASSIGN)?;
        if !sign.is("=") {
            return Err(unexpected(sign, g::ASSIGN));
        }
        let word = self.next(g::VALUE)?;
        let (value, notation) = at(word, value::read(word.text))?;
        self.notation = notation;
        self.note(attr::variable::VALUE, word);
        self.end(g::END)?;
        Ok(Statement::Set(Variable {
            name: Some(name),
            value: Some(value),
            ..Variable::default()
        }))
    }

    fn session(&mut self) -> Result<Statement> {
        let filter = match self.keyword(g::SESSION)? {
            "flush" => {
                self.end(g::END)?;
                Filter::default()
            }
            _ => {
                let mut filter = Filter::default();
                let first = self.keyword(g::ENDED)?;
                self.condition(first, &mut filter)?;
                while let Some(word) = self.end_or(g::ALSO_ENDED)? {
                    self.condition(word, &mut filter)?;
                }
                filter
            }
        };
        Ok(Statement::SessionDelete(filter))
    }

    /// Conditions and a width up to the end, in any order.
    fn filter(&mut self, may: Choices) -> Result<(Option<Width>, Filter)> {
        let (mut width, mut filter) = (None, Filter::default());
        while let Some(word) = self.end_or(may)? {
            match word {
                "long" | "short" if width.is_some() => return Err(self.twice(word)),
                "long" => width = Some(Width::Long),
                "short" => width = Some(Width::Short),
                _ => self.condition(word, &mut filter)?,
            }
        }
        Ok((width, filter))
    }

    /// Read what comes after the first word of a condition.
    fn condition(&mut self, first: &str, filter: &mut Filter) -> Result<()> {
        let keyword = self.last;
        let number = match first {
            "proto" => {
                let number = match self.keyword(g::PROTO)? {
                    "icmp" => 1,
                    "tcp" => 6,
                    _ => 17,
                };
                set(&mut filter.proto, number).then_some(attr::filter::PROTO)
            }
            "host" => {
                let word = self.next(g::HOST)?;
                let address = address6(word, g::HOST)?;
                let length = self.length(g::HOST_LENGTH)?;
                let bits = prefix_bits(word, length, 128)?;
                if address.to_bits() & !addr::mask(u32::from(bits)) != 0 {
                    return Err(host_bits(word, address, bits));
                }
                self.note(attr::filter::HOST_LENGTH, length.unwrap_or(word));
                filter.host_length = Some(bits);
                set(&mut filter.host, address).then_some(attr::filter::HOST)
            }
            "pool" => set(&mut filter.pool, self.address4()?).then_some(attr::filter::POOL),
            "peer" => set(&mut filter.peer, self.address4()?).then_some(attr::filter::PEER),
            "port" => {
                let word = self.next(g::POOL_PORT)?;
                let port = u16::try_from(at(word, value::number(word.text))?);
                let port = port.map_err(|_| problem(word, "a port is at most 65535"))?;
                set(&mut filter.port, port).then_some(attr::filter::PORT)
            }
            "state" => {
                let name = self.keyword(g::STATE)?;
                let state = (0..).zip(SESSION_STATE).find(|(_, one)| **one == name);
                let state = state.map_or(0, |(state, _)| state);
                set(&mut filter.state, state).then_some(attr::filter::STATE)
            }
            "rule" => set(&mut filter.rule, self.number(g::NUMBER)?).then_some(attr::filter::RULE),
            _ => {
                let limit = self.number(g::LIMIT)?;
                if limit == 0 {
                    return Err(problem(self.last, "a limit is at least 1"));
                }
                set(&mut filter.limit, limit).then_some(attr::filter::LIMIT)
            }
        };
        let Some(number) = number else {
            self.last = keyword;
            return Err(self.twice(first));
        };
        self.note(number, self.last);
        Ok(())
    }

    fn address4(&mut self) -> Result<Ipv4Addr> {
        let word = self.next(g::ADDRESS4)?;
        word.text.parse().map_err(|_| unexpected(word, g::ADDRESS4))
    }

    fn twice(&self, what: &str) -> Stop {
        problem(self.last, format!("{what} is given twice"))
    }

    fn monitor(&mut self) -> Result<Monitor> {
        let mut what = Monitor::default();
        while let Some(word) = self.end_or(g::MONITOR)? {
            match GROUPS.iter().position(|group| *group == word) {
                Some(place) if what.groups.contains(&place) => return Err(self.twice(word)),
                Some(place) => what.groups.push(place),
                None => self.condition(word, &mut what.filter)?,
            }
        }
        Ok(what)
    }

    fn show(&mut self) -> Result<Show> {
        let show = match self.keyword(g::SHOW)? {
            "prefix" => Show::Prefix,
            "mapping" => Show::Mapping,
            "rules" => Show::Rules,
            "sessions" => return Ok(Show::Sessions(self.filter(g::COUNTED)?.1)),
            "stats" => Show::Stats,
            "config" => Show::Config,
            "xlate" => {
                let (width, filter) = self.filter(g::XLATE)?;
                return Ok(Show::Xlate(width.unwrap_or(Width::Regular), filter));
            }
            _ => match self.maybe(g::WHICH)? {
                Some(word) => Show::Variables(Some(variable(word)?)),
                None => return Ok(Show::Variables(None)),
            },
        };
        self.end(g::END)?;
        Ok(show)
    }

    /// The word after a `/`, if there is one; what else may follow is left.
    fn length(&mut self, may: Choices) -> Result<Option<Token<'a>>> {
        match self.tokens.as_slice().first() {
            Some(word) if word.is("/") => {
                self.maybe(may)?;
                self.next(g::LENGTH).map(Some)
            }
            Some(word) if word.is("?") => Err(Stop::Help(may)),
            _ => Ok(None),
        }
    }

    fn variable(&mut self, may: Choices) -> Result<String> {
        variable(self.next(may)?)
    }

    fn number(&mut self, may: Choices) -> Result<u32> {
        let word = self.next(may)?;
        at(word, value::number32(word.text))
    }

    /// One of the keywords.
    fn keyword(&mut self, may: Choices) -> Result<&'static str> {
        let word = self.next(may)?;
        keyword(word, may).ok_or_else(|| unexpected(word, may))
    }

    /// One of the keywords, or the end.
    fn end_or(&mut self, may: Choices) -> Result<Option<&'static str>> {
        match self.maybe(may)? {
            Some(word) => keyword(word, may)
                .map(Some)
                .ok_or_else(|| unexpected(word, may)),
            None => Ok(None),
        }
    }

    fn end(&mut self, may: Choices) -> Result<()> {
        match self.maybe(may)? {
            Some(word) => Err(unexpected(word, may)),
            None => Ok(()),
        }
    }

    fn next(&mut self, may: Choices) -> Result<Token<'a>> {
        let end = self.last.column + self.last.text.len();
        self.maybe(may)?.ok_or_else(|| {
            let message = format!("the statement is incomplete: expected {}", g::list(may));
            Stop::Problem(Problem::new(end, message))
        })
    }

    fn maybe(&mut self, may: Choices) -> Result<Option<Token<'a>>> {
        let word = self.tokens.next().copied();
        if let Some(word) = word {
            if word.is("?") {
                return Err(Stop::Help(may));
            }
            self.last = word;
        }
        Ok(word)
    }

    fn note(&mut self, attribute: u16, word: Token<'_>) {
        self.words.push((attribute, word.column));
    }
}

fn keyword(word: Token<'_>, may: Choices) -> Option<&'static str> {
    let found = g::each(may).find(|choice| choice.is_keyword() && word.is(choice.word));
    found.map(|choice| choice.word)
}

/// Give a value, unless there is one already.
fn set<T>(to: &mut Option<T>, value: T) -> bool {
    to.replace(value).is_none()
}

fn problem(word: Token<'_>, message: impl Into<String>) -> Stop {
    Stop::Problem(Problem::new(word.column, message))
}

fn at<T>(word: Token<'_>, result: Result<T, String>) -> Result<T> {
    result.map_err(|message| problem(word, message))
}

fn unexpected(word: Token<'_>, may: Choices) -> Stop {
    let message = format!("unexpected `{}`: expected {}", word.text, g::list(may));
    problem(word, message)
}

fn host_bits(word: Token<'_>, address: Ipv6Addr, bits: u8) -> Stop {
    let network = Ipv6Addr::from_bits(address.to_bits() & addr::mask(u32::from(bits)));
    let message = format!("bits are set beyond the length: write {network}/{bits}");
    problem(word, message)
}

fn address6(word: Token<'_>, may: Choices) -> Result<Ipv6Addr> {
    word.text.parse().map_err(|_| unexpected(word, may))
}

fn bits(word: Token<'_>) -> Result<u8> {
    let bits = at(word, value::number(word.text))?;
    Ok(u8::try_from(bits).unwrap_or(u8::MAX))
}

/// The length of a prefix; the whole address if none was given.
fn prefix_bits(word: Token<'_>, length: Option<Token<'_>>, most: u8) -> Result<u8> {
    let bits = length.map_or(Ok(most), |word| bits(word))?;
    if bits > most {
        let message = format!("a prefix has at most {most} bits, not {bits}");
        return Err(problem(length.unwrap_or(word), message));
    }
    Ok(bits)
}

fn variable(word: Token<'_>) -> Result<String> {
    let name = word.text.to_ascii_lowercase();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(unexpected(word, g::VARIABLE));
    }
    if name.len() > 31 {
        return Err(problem(word, "names of variables have at most 31 letters"));
    }
    Ok(name)
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
