// SPDX-License-Identifier: GPL-2.0

//! One line as a statement.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use natpt_core::nat::comment::Comment;
use natpt_core::notation::implied_len;
use natpt_core::xlate::addr::{self, PrefixError};
use natpt_core::xlate::side::Side;
use natpt_netlink::spec::{
    attr, filtering, hosts, protos, refreshing, Filter, Prefix, Renum, Rule, Statement, Variable,
    GROUPS, SESSION_STATE,
};

use crate::advice;
use crate::block::{self, Whose};
use crate::grammar::{self as g, Choices};
use crate::kame::{self, Now};
use crate::lexer::{self, Token};
use crate::problem::Problem;
use crate::protocol;
use crate::stateless;
use crate::value::{self, Notation};

#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Change(Change),
    Show(Show),
    Monitor(Monitor),
    /// A text for the kernel's log.
    Log(String),
    /// A `?` stood where one of these may follow.
    Help(Choices),
    Include(Include),
    Define(Define),
}

/// Other files, whose statements stand here.
#[derive(Debug, PartialEq, Eq)]
pub struct Include {
    /// A name, which may be a pattern.
    pub file: String,
    pub column: usize,
}

/// A name for addresses.
#[derive(Debug, PartialEq, Eq)]
pub struct Define {
    pub name: String,
    pub column: usize,
    pub elements: Vec<Element>,
}

/// One or more addresses.
#[derive(Debug, PartialEq, Eq)]
pub struct Element {
    /// What stands for its name in a statement: `192.0.2.8`, `/`, `30`; or another name.
    pub words: Vec<String>,
    pub column: usize,
}

/// A statement for the kernel, and the columns that its parts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub statement: Statement,
    pub column: usize,
    /// Attribute in the statement, column of the word.
    pub words: Vec<(u16, usize)>,
    /// The way the value was written.
    pub notation: Notation,
    /// What is to be told besides, though nothing is wrong.
    pub notice: Option<Problem>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Show {
    Prefix,
    Mapping,
    Rules(Form),
    /// Of these protocols, all if there are none.
    Sessions(Filter, Vec<u8>),
    Xlate(Xlate),
    Variables(Which),
    Fragment,
    Timer,
    Ttl,
    /// Those who have sessions that fit.
    Hosts(Filter),
    Pool,
    Stats(Stats),
    Config,
    Block(Whose),
    /// As Prometheus wants it.
    Metrics,
    /// One screen, again after so many seconds.
    Top(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Statement,
    /// KAME's for people.
    Short,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Which {
    All,
    Timers,
    Named(String),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Xlate {
    pub width: Width,
    pub filter: Filter,
    /// Seconds after which they are shown again.
    pub interval: Option<u32>,
}

/// Which counters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub nonzero: bool,
    /// Seconds after which their changes are shown.
    pub interval: Option<u32>,
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
    Trace,
}

/// Seconds between two screens of `top`.
const TOP: u32 = 2;

/// The text of `test log` without one.
const TEST: &str = "the kernel's log can be written to";

/// None is a line without a statement.
pub fn parse(line: &[u8]) -> Result<Option<Line>, Problem> {
    parse_words(&lexer::tokens(line)?)
}

/// The words of a line as [`parse`] takes them.
pub fn parse_words(tokens: &[Token<'_>]) -> Result<Option<Line>, Problem> {
    let Some(first) = tokens.first() else {
        return Ok(None);
    };
    let mut parser = Parser {
        column: first.column,
        tokens: tokens.iter(),
        last: *first,
        words: Vec::new(),
        notation: Notation::Number,
        notice: None,
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
    notice: Option<Problem>,
}

/// A port and its word.
type Port<'a> = (Token<'a>, u16);

/// IPv4 addresses, and the words that they come from.
struct Prefix4<'a> {
    word: Token<'a>,
    address: Ipv4Addr,
    length: Option<Token<'a>>,
    bits: u8,
}

impl<'a> Parser<'a> {
    fn statement(&mut self) -> Result<Line> {
        // One that is asked for stands on the command line.
        if self
            .tokens
            .as_slice()
            .first()
            .is_some_and(|word| word.is("?"))
        {
            return Err(Stop::Help(g::COMMAND));
        }
        let statement = match self.keyword(g::STATEMENT)? {
            "prefix" => self.prefix()?,
            "map" => self.map()?,
            "set" => self.set()?,
            "session" => self.session()?,
            "monitor" => return self.monitor().map(Line::Monitor),
            "test" => {
                self.keyword(g::TEST)?;
                return self.log(g::MAY_TEXT);
            }
            "log" => return self.log(g::TEXT),
            "include" => return self.include().map(Line::Include),
            "define" => return self.define().map(Line::Define),
            "metrics" => {
                self.end(g::END)?;
                return Ok(Line::Show(Show::Metrics));
            }
            "top" => return self.top().map(Line::Show),
            "break" => {
                self.end(g::END)?;
                return Ok(Line::Log("break".into()));
            }
            _ => return self.show().map(Line::Show),
        };
        Ok(Line::Change(Change {
            statement,
            column: self.column,
            words: std::mem::take(&mut self.words),
            notation: self.notation,
            notice: self.notice.take(),
        }))
    }

    /// A word or a string, which must be there if the statement may not end here.
    fn log(&mut self, may: Choices) -> Result<Line> {
        let word = match may == g::TEXT {
            true => Some(self.next(may)?),
            false => self.maybe(may)?,
        };
        if word.is_some() {
            self.end(g::END)?;
        }
        let text = word.map_or(TEST, |word| word.text.trim_matches('"'));
        Ok(Line::Log(text.into()))
    }

    fn include(&mut self) -> Result<Include> {
        let word = self.next(g::FILE)?;
        let quoted = word.text.strip_prefix('"');
        let file = quoted.and_then(|text| text.strip_suffix('"'));
        let file = file.ok_or_else(|| unexpected(word, g::FILE))?;
        self.end(g::END)?;
        Ok(Include {
            file: file.into(),
            column: word.column,
        })
    }

    fn define(&mut self) -> Result<Define> {
        let name = self.next(g::NAME)?;
        if !is_name(name.text) {
            return Err(unexpected(name, g::NAME));
        }
        let sign = self.next(g::ASSIGN)?;
        if !sign.is("=") {
            return Err(unexpected(sign, g::ASSIGN));
        }
        let mut elements = Vec::new();
        let word = self.next(g::ELEMENTS)?;
        if word.is("{") {
            let mut word = self.next(g::ELEMENT)?;
            // A comma may stand behind the last.
            while elements.is_empty() || !word.is("}") {
                elements.push(self.element(word, g::ELEMENT, g::MORE_ELEMENTS)?);
                let sign = self.next(g::MORE_ELEMENTS)?;
                match sign.text {
                    "," => word = self.next(g::ELEMENT)?,
                    "}" => break,
                    _ => return Err(unexpected(sign, g::MORE_ELEMENTS)),
                }
            }
        } else {
            elements.push(self.element(word, g::ELEMENTS, g::END)?);
        }
        self.end(g::END)?;
        Ok(Define {
            name: name.text.into(),
            column: name.column,
            elements,
        })
    }

    fn element(&mut self, word: Token<'a>, may: Choices, behind: Choices) -> Result<Element> {
        let mut words = vec![word.text.to_string()];
        if !word.text.strip_prefix('$').is_some_and(is_name) {
            let address = word.text.parse().map_err(|_| unexpected(word, may))?;
            let most = match address {
                IpAddr::V4(_) => 32,
                IpAddr::V6(_) => 128,
            };
            let next = self.tokens.as_slice().first();
            if let Some(length) = self.length(behind)? {
                prefix_bits(word, Some(length), most)?;
                words.extend(["/", length.text].map(String::from));
            } else if address.is_ipv4() && next.is_some_and(|sign| sign.is("-")) {
                self.next(behind)?;
                let last = self.next(g::LAST_ADDRESS)?;
                let is_address = last.text.parse::<Ipv4Addr>().is_ok();
                if !is_address {
                    return Err(unexpected(last, g::LAST_ADDRESS));
                }
                words.extend(["-", last.text].map(String::from));
            }
        }
        Ok(Element {
            words,
            column: word.column,
        })
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
                let mut keep = self.end_or(g::ALL_GONE)?;
                if keep == Some("all") {
                    keep = self.end_or(g::GONE)?;
                }
                if keep.is_some() {
                    self.end(g::END)?;
                }
                return Ok(match keep.is_some() {
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
        if hosts.is("daddr") {
            return self.inbound(rule);
        }
        if hosts.text.parse::<Ipv4Addr>().is_ok() {
            let hosts = self.prefix4(hosts, g::SOURCE, g::SOURCE4_LENGTH)?;
            let hosts = self.last4(hosts)?;
            match self.keyword(g::AFTER_SOURCE4)? {
                "daddr" => {
                    self.peer(&mut rule, hosts);
                    return self.inbound(rule);
                }
                "dport" => return self.old_inbound(rule, hosts),
                _ => (),
            }
            let word = self.next(g::TARGET6)?;
            self.not_nat44(word, || {
                let (from, bits) = (hosts.address, hosts.bits);
                format!("postrouting ip saddr {from}/{bits} snat to {}", word.text)
            })?;
            self.network4(&mut rule, hosts)?;
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
        let pool = self.prefix4(word, g::POOL, one)?;
        self.network4(rule, pool)?;
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

    /// The rest of a rule whose hosts share a pool, or each have one of its addresses.
    fn pool(&mut self, mut rule: Rule, mut next: Option<&str>) -> Result<Statement> {
        let may_bidir = rule.from.is_some() && rule.to_last.is_none();
        if next == Some("port") {
            let rest = self.tokens.as_slice().iter();
            let mut rest = rest.take_while(|word| !word.is("comment"));
            if let (true, Some(word)) = (may_bidir, rest.find(|word| word.is("bidir"))) {
                let message = "bidir keeps ports: leave `port` out, or map some with `daddr`";
                return Err(problem(*word, message));
            }
            self.ports(&mut rule)?;
            next = self.end_or(g::AFTER_PORTS)?;
        }
        if next == Some("block") {
            next = self.blocks(&mut rule)?;
        }
        if next == Some("proto") {
            let is_shared = rule.port_min.is_some() || rule.block_size.is_some();
            let may = match may_bidir && !is_shared {
                true => g::AFTER_PROTO_TARGETS,
                false => g::AFTER_PROTO,
            };
            (rule.protos, next) = self.protos(g::PROTO, may)?;
        }
        if next == Some("bidir") {
            self.note(attr::rule::BIDIR, self.last);
            rule.bidir = Some(1);
            self.one_by_one(&rule)?;
            next = self.end_or(g::AFTER_BIDIR)?;
        }
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
        if rule.block_size.is_some() {
            self.fitting(block::check(&rule))?;
        }
        self.stateful(rule, next)
    }

    /// The ports that each host has. Return the keyword behind them.
    fn blocks(&mut self, rule: &mut Rule) -> Result<Option<&'static str>> {
        let word = self.next(g::BLOCK)?;
        let size = at(word, value::number(word.text))?;
        self.note(attr::rule::BLOCK_SIZE, word);
        // What is too many is refused with the ports that there are.
        rule.block_size = Some(u16::try_from(size).unwrap_or(u16::MAX));
        let next = self.end_or(g::AFTER_BLOCK)?;
        if next != Some("per") {
            return Ok(next);
        }
        let per = self.tokens.as_slice().first().copied();
        let Some(length) = self.length(g::PER)? else {
            return Err(match per {
                Some(word) => unexpected(word, g::PER),
                None => self.next(g::PER).err().unwrap_or(Stop::Help(g::PER)),
            });
        };
        self.note(attr::rule::BLOCK_HOST_LENGTH, length);
        rule.block_host_length = Some(prefix_bits(length, Some(length), 128)?);
        self.end_or(g::AFTER_PER)
    }

    /// Read what comes after the first `daddr`: the IPv6 host that gets what is sent to an address.
    fn inbound(&mut self, mut rule: Rule) -> Result<Statement> {
        self.note(attr::rule::BIDIR, self.last);
        rule.bidir = Some(1);
        let address = self.address4()?;
        self.target4(&mut rule, self.last, address)?;
        if self.keyword(g::AFTER_DADDR)? == "dport" {
            self.dports(&mut rule, g::AFTER_DPORT, g::TO_DADDR)?;
        }
        self.keyword(g::DADDR6)?;
        let word = self.next(g::ADDRESS6)?;
        self.inside(rule, word)
    }

    /// The same as KAME wrote it first, after `from V4 dport`.
    fn old_inbound(&mut self, mut rule: Rule, hosts: Prefix4<'a>) -> Result<Statement> {
        if hosts.bits != 32 {
            let message = "ports are of one address: leave the length out, or write \
                           from HOSTS daddr V4 dport";
            return Err(problem(hosts.length.unwrap_or(hosts.word), message));
        }
        self.note(attr::rule::BIDIR, self.last);
        rule.bidir = Some(1);
        self.target4(&mut rule, hosts.word, hosts.address)?;
        self.dports(&mut rule, g::AFTER_DPORT4, g::TO_HOST)?;
        let word = self.next(g::ADDRESS6)?;
        if word.is("daddr") {
            let message = format!("write from daddr {} dport before it", hosts.address);
            return Err(problem(word, message));
        }
        self.inside(rule, word)
    }

    /// The ports that IPv4 hosts send to, and the `to` behind them.
    fn dports(&mut self, rule: &mut Rule, may: Choices, to: Choices) -> Result<()> {
        let (first, last) = self.range(may)?;
        self.set_ports(rule, first, last.unwrap_or(first));
        self.keyword(match last {
            None => may,
            Some(_) => to,
        })?;
        Ok(())
    }

    /// The IPv6 host of an inbound rule, and the rest.
    fn inside(&mut self, mut rule: Rule, word: Token<'a>) -> Result<Statement> {
        let to = rule.to.unwrap_or(Ipv4Addr::UNSPECIFIED);
        self.not_nat44(word, || {
            let port = rule.port_min.map(|port| format!(" tcp dport {port}"));
            let port = port.unwrap_or_default();
            format!("prerouting ip daddr {to}{port} dnat to {}", word.text)
        })?;
        let address = address6(word, g::ADDRESS6)?;
        self.host6(&mut rule, word, address, (word, 128))?;
        self.one_by_one(&rule)?;
        let (names, mut next) = match rule.port_min.zip(rule.port_max) {
            Some(ports) => {
                rule.protos = Some(protos::TCP | protos::UDP);
                (g::TCP_UDP, self.ports6(&mut rule, ports)?)
            }
            None => (g::PROTO, self.no_ports6()?),
        };
        if next == Some("proto") {
            (rule.protos, next) = self.protos(names, g::AFTER_PROTO)?;
        }
        self.stateful(rule, next)
    }

    /// IPv4 hosts get no other IPv4 address: who wants that is told the statement that does it.
    fn not_nat44(&self, word: Token<'_>, rule: impl FnOnce() -> String) -> Result<()> {
        if word.text.parse::<Ipv4Addr>().is_err() {
            return Ok(());
        }
        let message = format!(
            "IPv4 addresses for IPv4 hosts are nftables' affair: nft add rule ip nat {}",
            rule()
        );
        Err(problem(word, message))
    }

    /// The end of a range of IPv4 hosts, if it is one; such a range is a network.
    fn last4(&mut self, first: Prefix4<'a>) -> Result<Prefix4<'a>> {
        match (first.length, self.tokens.as_slice().first()) {
            (None, Some(sign)) if sign.is("-") => self.maybe(g::SOURCE4_LENGTH)?,
            _ => return Ok(first),
        };
        let end = self.next(g::LAST_ADDRESS)?;
        let last = end.text.parse::<Ipv4Addr>();
        let last = last.map_err(|_| unexpected(end, g::LAST_ADDRESS))?;
        at(end, value::host4(last))?;
        if last < first.address {
            let message = format!("the range is reversed: write {last} - {}", first.word.text);
            return Err(problem(first.word, message));
        }
        match *value::networks(first.address, last) {
            [(address, bits)] => Ok(Prefix4 {
                word: first.word,
                address,
                length: Some(end),
                bits,
            }),
            [(one, bits), (two, more), ..] => {
                let message = format!(
                    "these hosts are no network: write a rule for each, {one}/{bits}, {two}/{more} \
                     and so on"
                );
                Err(problem(first.word, message))
            }
            [] => Err(unexpected(end, g::LAST_ADDRESS)),
        }
    }

    /// The IPv4 hosts that an inbound rule is for.
    fn peer(&mut self, rule: &mut Rule, hosts: Prefix4<'a>) {
        if hosts.bits == 0 {
            return;
        }
        self.note(attr::rule::PEER, hosts.word);
        self.note(attr::rule::PEER_LENGTH, hosts.length.unwrap_or(hosts.word));
        rule.peer = Some(hosts.address);
        rule.peer_length = Some(hosts.bits);
    }

    /// The ports of the IPv6 host, as many as there are of the address. Return the keyword behind
    /// them.
    fn ports6(&mut self, rule: &mut Rule, (min, max): (u16, u16)) -> Result<Option<&'static str>> {
        let next = self.end_or(g::MAY_DPORT6)?;
        if next != Some("dport") {
            return Ok(next);
        }
        let ((word, first), end) = self.range(g::AFTER_DPORT6)?;
        let more = max - min;
        let Some(last) = first.checked_add(more) else {
            let (ports, most) = (u32::from(more) + 1, u16::MAX - more);
            let message =
                format!("{ports} ports from {first} on go beyond 65535: begin at {most} or below");
            return Err(problem(word, message));
        };
        if let Some((word, _)) = end.filter(|(_, end)| *end != last) {
            let ports = value::show_ports(first, last);
            let message = format!("there must be as many ports as before `to`: write {ports}");
            return Err(problem(word, message));
        }
        if first != min {
            self.note(attr::rule::PORT6, word);
            rule.port6 = Some(first);
        }
        self.end_or(match end {
            None => g::AFTER_DPORT6,
            Some(_) => g::AFTER_DPORTS6,
        })
    }

    /// The keyword behind the IPv6 host of an address without ports.
    fn no_ports6(&mut self) -> Result<Option<&'static str>> {
        let next = self.tokens.as_slice().first();
        if let Some(word) = next.filter(|word| word.is("dport")) {
            let message = "there is no `dport` before `to`: give it there too, or nowhere";
            return Err(problem(*word, message));
        }
        self.end_or(g::AFTER_DADDR6)
    }

    /// The words about the sessions of a stateful rule, up to the end.
    fn stateful(&mut self, mut rule: Rule, mut next: Option<&str>) -> Result<Statement> {
        if next == Some("filter") {
            rule.filter = Some(match self.keyword(g::FILTER)? {
                "none" => filtering::NONE,
                "address" => filtering::ADDRESS,
                _ => filtering::PORT,
            });
            self.note(attr::rule::FILTER, self.last);
            next = self.end_or(g::AFTER_FILTER)?;
        }
        if next == Some("refresh") {
            rule.refresh = Some(match self.keyword(g::REFRESH)? {
                "both" => refreshing::BOTH,
                _ => refreshing::OUTBOUND,
            });
            self.note(attr::rule::REFRESH, self.last);
            next = self.end_or(g::AFTER_REFRESH)?;
        }
        self.comment(&mut rule, next)?;
        Ok(Statement::MapAdd(rule))
    }

    /// The comment behind its keyword, if that is what comes next, to the end of the statement.
    fn comment(&mut self, rule: &mut Rule, next: Option<&str>) -> Result<()> {
        if next.is_none() {
            return Ok(());
        }
        let word = self.next(g::TEXT)?;
        let text = word.text.trim_matches('"');
        let checked = Comment::new(text.as_bytes());
        at(word, checked.map_err(String::from))?;
        self.note(attr::rule::COMMENT, word);
        rule.comment = Some(text.into());
        self.end(g::END)
    }

    /// After the word that makes a rule stateless.
    fn stateless(&mut self, mut rule: Rule, hosts: Side) -> Result<Statement> {
        let next = self.end_or(g::AFTER_REFRESH)?;
        self.comment(&mut rule, next)?;
        if let (Some(from), Some(to)) = (rule.from, rule.to) {
            let v6 = (from, rule.from_length.unwrap_or(128));
            let v4 = (to, rule.to_length.unwrap_or(32));
            self.fitting(stateless::check(hosts, v6, v4))?;
        }
        rule.stateless = Some(match hosts {
            Side::V6 => hosts::V6,
            Side::V4 => hosts::V4,
        });
        Ok(Statement::MapAdd(rule))
    }

    /// Check that the hosts and addresses of a static mapping may stand for each other.
    fn one_by_one(&self, rule: &Rule) -> Result<()> {
        let (Some(from), Some(to)) = (rule.from, rule.to) else {
            return Ok(());
        };
        let v6 = (from, rule.from_length.unwrap_or(128));
        self.fitting(stateless::check_static(v6, (to, rule.to_length)))
    }

    /// Turn an attribute that is wrong into the problem of its word.
    fn fitting(&self, result: Result<(), (u16, String)>) -> Result<()> {
        result.map_err(|(attribute, message)| {
            let word = self.words.iter().find(|(number, _)| *number == attribute);
            let column = word.map_or(self.column, |&(_, column)| column);
            Stop::Problem(Problem::new(column, message))
        })
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
        self.host6(rule, word, address, (length.unwrap_or(word), bits))
    }

    fn host6(
        &mut self,
        rule: &mut Rule,
        word: Token<'a>,
        address: Ipv6Addr,
        (length, bits): (Token<'a>, u8),
    ) -> Result<()> {
        if address.is_multicast() {
            return Err(problem(word, "a multicast address is no source of packets"));
        }
        if bits >= 96 && address.to_ipv4_mapped().is_some() {
            let message = "an IPv4-mapped address is never on the wire: \
                           give the address that the host has";
            return Err(problem(word, message));
        }
        self.note(attr::rule::FROM, word);
        self.note(attr::rule::FROM_LENGTH, length);
        rule.from = Some(address);
        rule.from_length = Some(bits);
        Ok(())
    }

    fn prefix4(
        &mut self,
        word: Token<'a>,
        may: Choices,
        may_length: Choices,
    ) -> Result<Prefix4<'a>> {
        let address: Ipv4Addr = word.text.parse().map_err(|_| unexpected(word, may))?;
        let length = self.length(may_length)?;
        let bits = prefix_bits(word, length, 32)?;
        if !address.is_unspecified() || bits != 0 {
            at(word, value::host4(address))?;
        }
        let mask = addr::mask(96 + u32::from(bits)) as u32;
        let network = Ipv4Addr::from_bits(address.to_bits() & mask);
        if network != address {
            let message = format!("bits are set beyond the length: write {network}/{bits}");
            return Err(problem(word, message));
        }
        Ok(Prefix4 {
            word,
            address,
            length,
            bits,
        })
    }

    fn network4(&mut self, rule: &mut Rule, prefix: Prefix4<'a>) -> Result<()> {
        self.target4(rule, prefix.word, prefix.address)?;
        if let Some(length) = prefix.length {
            self.note(attr::rule::TO_LENGTH, length);
            rule.to_length = Some(prefix.bits);
        }
        Ok(())
    }

    fn target4(&mut self, rule: &mut Rule, word: Token<'a>, address: Ipv4Addr) -> Result<()> {
        at(word, value::host4(address))?;
        self.note(attr::rule::TO, word);
        rule.to = Some(address);
        Ok(())
    }

    fn ports(&mut self, rule: &mut Rule) -> Result<()> {
        let (first, last) = self.range(g::RANGE)?;
        let Some(last) = last else {
            let word = self.next(g::RANGE)?;
            return Err(unexpected(word, g::RANGE));
        };
        self.set_ports(rule, first, last);
        Ok(())
    }

    fn set_ports(&mut self, rule: &mut Rule, first: Port<'a>, last: Port<'a>) {
        self.note(attr::rule::PORT_MIN, first.0);
        self.note(attr::rule::PORT_MAX, last.0);
        rule.port_min = Some(first.1);
        rule.port_max = Some(last.1);
    }

    /// A port, and the last one if it begins a range; `may` has what may follow it.
    fn range(&mut self, may: Choices) -> Result<(Port<'a>, Option<Port<'a>>)> {
        let first = self.next(g::PORT)?;
        let min = at(first, value::port(first.text))?;
        let sign = match self.tokens.as_slice().first() {
            Some(sign) if g::each(g::RANGE).any(|choice| sign.is(choice.word)) => self.next(may)?,
            _ => return Ok(((first, min), None)),
        };
        let last = match sign.text {
            "-" => {
                let last = self.next(g::LAST_PORT)?;
                let max = at(last, value::port(last.text))?;
                if max < min {
                    let message = format!("the port range is reversed: write {max} - {min}");
                    return Err(problem(first, message));
                }
                (last, max)
            }
            _ => {
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
        };
        Ok(((first, min), Some(last)))
    }

    /// Protocols, and the keyword behind them.
    fn protos(
        &mut self,
        names: Choices,
        may: Choices,
    ) -> Result<(Option<u32>, Option<&'static str>)> {
        let mut mask = 0;
        loop {
            let word = self.next(names)?;
            let name = keyword(word, names).ok_or_else(|| match word.is("icmp") {
                true => problem(word, "icmp has no ports: leave it out, or `dport`"),
                false => unexpected(word, names),
            })?;
            if mask == 0 {
                self.note(attr::rule::PROTOS, self.last);
            }
            mask |= match name {
                "icmp" => protos::ICMP,
                "tcp" => protos::TCP,
                "udp" => protos::UDP,
                _ => protos::OTHER,
            };
            match self.maybe(may)? {
                None => return Ok((Some(mask), None)),
                Some(word) if word.is("/") => (),
                Some(word) => match keyword(word, may) {
                    Some(next) => return Ok((Some(mask), Some(next))),
                    None => return Err(unexpected(word, may)),
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
        let word = self.next(g::VARIABLE)?;
        self.note(attr::variable::NAME, word);
        let known = variable(word)?;
        let now = kame::variable(&known);
        let name = match now {
            Some(Now::Gone(instead)) => return Err(no_variable(word, instead)),
            Some(Now::Named(name)) => {
                let message = format!("{} is {name} now", word.text);
                self.notice = Some(Problem::new(word.column, message));
                name.into()
            }
            Some(Now::Switch) | None => known,
        };
        let sign = self.next(g::ASSIGN)?;
        if !sign.is("=") {
            return Err(unexpected(sign, g::ASSIGN));
        }
        let word = self.next(g::VALUE)?;
        let (value, notation) = at(word, value::read(word.text))?;
        self.notation = notation;
        self.note(attr::variable::VALUE, word);
        self.end(g::END)?;
        if now == Some(Now::Switch) {
            if notation != Notation::Number {
                return Err(problem(word, "a switch: write 1 or 0"));
            }
            self.words.clear();
            return Ok(Statement::Enable(u8::from(value != 0)));
        }
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

    /// Conditions, a width and an interval up to the end, in any order.
    fn xlate(&mut self) -> Result<Xlate> {
        let (mut width, mut interval, mut filter) = (None, None, Filter::default());
        while let Some(word) = self.maybe(g::XLATE)? {
            let fresh = match keyword(word, g::XLATE) {
                Some("long") => set(&mut width, Width::Long),
                Some("short") => set(&mut width, Width::Short),
                Some("trace") => set(&mut width, Width::Trace),
                // Every listing is one of a moment.
                Some("copy") => true,
                Some(first) => {
                    self.condition(first, &mut filter)?;
                    true
                }
                None => set(&mut interval, seconds(word, g::XLATE)?),
            };
            if !fresh {
                return Err(self.twice(word.text));
            }
        }
        Ok(Xlate {
            width: width.unwrap_or(Width::Regular),
            filter,
            interval,
        })
    }

    /// Conditions up to the end.
    fn hosts(&mut self) -> Result<Filter> {
        let mut filter = Filter::default();
        while let Some(first) = self.end_or(g::HOSTS)? {
            self.condition(first, &mut filter)?;
        }
        Ok(filter)
    }

    fn stats(&mut self) -> Result<Stats> {
        let mut what = Stats::default();
        while let Some(word) = self.maybe(g::STATS)? {
            let fresh = match keyword(word, g::STATS) {
                Some(_) => !std::mem::replace(&mut what.nonzero, true),
                None => set(&mut what.interval, seconds(word, g::STATS)?),
            };
            if !fresh {
                return Err(self.twice(word.text));
            }
        }
        Ok(what)
    }

    fn top(&mut self) -> Result<Show> {
        let Some(word) = self.maybe(g::TOP)? else {
            return Ok(Show::Top(TOP));
        };
        let seconds = seconds(word, g::TOP)?;
        self.end(g::END)?;
        Ok(Show::Top(seconds))
    }

    /// Protocols and conditions up to the end, in any order.
    fn counted(&mut self) -> Result<(Filter, Vec<u8>)> {
        let (mut filter, mut shown) = (Filter::default(), Vec::new());
        while let Some(first) = self.end_or(g::COUNTED)? {
            let Some(mut number) = protocol::number(first) else {
                self.condition(first, &mut filter)?;
                continue;
            };
            loop {
                shown.push(number);
                match self.tokens.as_slice().first() {
                    Some(sign) if sign.is("/") => self.next(g::MORE_PROTO)?,
                    _ => break,
                };
                number = protocol::number(self.keyword(g::COUNTED_PROTO)?).unwrap_or_default();
            }
        }
        Ok((filter, shown))
    }

    /// Read what comes after the first word of a condition.
    fn condition(&mut self, first: &str, filter: &mut Filter) -> Result<()> {
        let keyword = self.last;
        let number = match first {
            "proto" => {
                let word = self.next(g::FLOW_PROTO)?;
                let number =
                    protocol::number(word.text).ok_or_else(|| unexpected(word, g::FLOW_PROTO))?;
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
            "rules" => match self.end_or(g::RULES)? {
                Some(_) => Show::Rules(Form::Short),
                None => return Ok(Show::Rules(Form::Statement)),
            },
            "sessions" => {
                let (filter, protos) = self.counted()?;
                return Ok(Show::Sessions(filter, protos));
            }
            "fragment" => Show::Fragment,
            "timer" => Show::Timer,
            "ttl" => Show::Ttl,
            "hosts" => return self.hosts().map(Show::Hosts),
            "pool" => Show::Pool,
            "stats" => return self.stats().map(Show::Stats),
            "config" => Show::Config,
            "block" => Show::Block(self.whose()?),
            "xlate" => return self.xlate().map(Show::Xlate),
            _ => match self.maybe(g::WHICH)? {
                Some(word) => Show::Variables(which(word)?),
                None => return Ok(Show::Variables(Which::All)),
            },
        };
        self.end(g::END)?;
        Ok(show)
    }

    fn whose(&mut self) -> Result<Whose> {
        let word = self.next(g::WHOSE)?;
        if let Ok(host) = word.text.parse() {
            return Ok(Whose::Host(host));
        }
        let addr = word.text.parse().map_err(|_| unexpected(word, g::WHOSE))?;
        self.keyword(g::BLOCK_PORT)?;
        let word = self.next(g::PORT)?;
        Ok(Whose::Port(addr, at(word, value::port(word.text))?))
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
        let end = self.last.end;
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
            if word.text.len() > 1 && word.text.starts_with('-') {
                let message = format!("options such as `{}` stand before the statement", word.text);
                return Err(problem(word, message));
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

/// A name that `define` may give.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(lexer::in_name)
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
    if let Some(instead) = kame::word(word.text, may) {
        return problem(word, format!("`{}` is gone: {instead}", word.text));
    }
    let keywords = g::each(may).filter(|choice| choice.is_keyword());
    let meant = advice::meant(word.text, keywords.map(|choice| choice.word));
    let message = format!(
        "unexpected `{}`: expected {}{meant}",
        word.text,
        g::list(may)
    );
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

/// An interval, where one of these may stand.
fn seconds(word: Token<'_>, may: Choices) -> Result<u32> {
    if !word.text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(unexpected(word, may));
    }
    match at(word, value::number32(word.text))? {
        0 => Err(problem(word, "the interval is at least 1")),
        seconds => Ok(seconds),
    }
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

/// What `show variables` is asked for.
fn which(word: Token<'_>) -> Result<Which> {
    match keyword(word, g::WHICH) {
        Some("all") => return Ok(Which::All),
        Some(_) => return Ok(Which::Timers),
        None if kame::word(word.text, g::WHICH).is_some() => {
            return Err(unexpected(word, g::WHICH));
        }
        None => (),
    }
    let name = variable(word)?;
    Ok(Which::Named(match kame::variable(&name) {
        Some(Now::Named(name)) => name.into(),
        Some(Now::Gone(instead)) => return Err(no_variable(word, instead)),
        Some(Now::Switch) => {
            return Err(no_variable(word, "show mapping tells whether it is on"));
        }
        None => name,
    }))
}

fn no_variable(word: Token<'_>, instead: &str) -> Stop {
    problem(word, format!("{} is no variable now: {instead}", word.text))
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
