// SPDX-License-Identifier: GPL-2.0

//! faithd.conf: how it is read.

use std::ops::RangeInclusive;

use daemon::net;
use daemon::words::{Problem, Word, Words};
use natpt_core::xlate::addr::Prefix;

use crate::access::Rule;
use crate::config::{Config, Services, MOST_IDLE};

/// Services for where /etc/services is not installed.
const SERVICES: [(&str, u16); 8] = [
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("http", 80),
    ("pop3", 110),
    ("imap2", 143),
    ("https", 443),
];

/// `names` is the text of /etc/services. A file without any access rule denies all.
pub fn parse(text: &str, names: &str) -> Result<Config, Problem> {
    let mut config = Config::default();
    let mut rules = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some((keyword, words)) = Words::of(number + 1, line, &['#']) {
            if keyword.text.contains(':') {
                rules.push(rule(keyword, words)?);
            } else {
                setting(&mut config, keyword, words, names)?;
            }
        }
    }
    config.access.rules = Some(rules);
    Ok(config)
}

fn setting(
    config: &mut Config,
    keyword: Word<'_>,
    mut words: Words<'_>,
    names: &str,
) -> Result<(), Problem> {
    let port = |word: Word<'_>| service(word.text, names).map_err(|text| word.problem(text));
    match keyword.text {
        "prefix" => {
            let word = words.need("a prefix")?;
            let one = prefix(word.text).map_err(|text| word.problem(text))?;
            if config.prefixes.iter().any(|other| other.overlaps(&one)) {
                return Err(word.problem("the prefix overlaps another one"));
            }
            config.prefixes.push(one);
        }
        "service" => {
            for one in words.list("a service", port)? {
                config.services.add(one);
            }
        }
        "local" => {
            let word = words.need("a service")?;
            let Some(port) = port(word)? else {
                return Err(word.problem("'any' is no single service"));
            };
            let program = words.need("a program")?;
            if !program.text.starts_with('/') {
                return Err(program.problem("a program's path begins with /"));
            }
            let mut command = vec![program.text.to_owned()];
            command.extend(words.by_ref().map(|word| word.text.to_owned()));
            config.local.insert(port, command);
        }
        "idle" => config.idle = words.number("a number of seconds", 1, MOST_IDLE)?,
        "max-connections" => config.max_connections = words.number("a number", 1, 1_000_000)?,
        "private" => config.access.private = words.choice([("permit", true), ("deny", false)])?,
        "reserved-port" => config.reserved_port = words.choice([("on", true), ("off", false)])?,
        other => return Err(keyword.problem(format!("unknown keyword '{other}'"))),
    }
    words.end()
}

/// `SRC/LEN permit|deny DST/LEN [SADDR] [port N[-M]...]`
fn rule(first: Word<'_>, mut words: Words<'_>) -> Result<Rule, Problem> {
    let clients = first.net6()?;
    let permit = words.choice([("permit", true), ("deny", false)])?;
    let destinations = words.need("an IPv4 network")?.net4()?;
    let (mut source, mut ports) = (None, Vec::new());
    let mut next = words.next();
    if let Some(word) = next.filter(|word| word.text != "port") {
        let addr = word.text.parse();
        source = Some(addr.map_err(|_| word.problem("neither an IPv4 address nor 'port'"))?);
        next = words.next();
    }
    if let Some(word) = next {
        if word.text != "port" {
            return Err(word.problem(format!("'{}' is too much", word.text)));
        }
        ports = words.list("a port", range)?;
    }
    Ok(Rule {
        clients,
        permit,
        destinations,
        source,
        ports,
    })
}

/// `N` or `N-M`
fn range(word: Word<'_>) -> Result<RangeInclusive<u16>, Problem> {
    let (from, to) = word.text.split_once('-').unwrap_or((word.text, word.text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to => Ok(from..=to),
        _ => Err(word.problem("not a port or a range of ports")),
    }
}

/// `P/LEN`, or P alone, of length 96.
pub fn prefix(text: &str) -> Result<Prefix, String> {
    let (addr, len) = net::prefix(text)?;
    Prefix::new(addr, len).map_err(|problem| problem.text().into())
}

/// A port by number or name; None is any.
pub fn service(text: &str, names: &str) -> Result<Option<u16>, String> {
    if text == "any" {
        return Ok(None);
    }
    let port = match text.parse() {
        Ok(port) => Some(port),
        Err(_) => named(text, names),
    };
    match port {
        Some(port) if port > 0 => Ok(Some(port)),
        _ => Err(format!("unknown service '{text}'")),
    }
}

/// The port of a name, by lines of /etc/services: `name port/tcp alias...`
fn named(name: &str, names: &str) -> Option<u16> {
    let listed = names.lines().find_map(|line| {
        let line = line.split('#').next()?;
        let port = line.split_whitespace().nth(1)?.strip_suffix("/tcp")?;
        let mut words = line.split_whitespace().enumerate();
        words
            .any(|(at, word)| at != 1 && word == name)
            .then(|| port.parse().ok())?
    });
    let known = SERVICES.iter().find(|known| known.0 == name);
    listed.or(known.map(|known| known.1))
}

impl Services {
    /// None is any.
    pub fn add(&mut self, port: Option<u16>) {
        match (&mut *self, port) {
            (Services::Any, _) => (),
            (_, None) => *self = Services::Any,
            (Services::Ports(ports), Some(port)) => ports.push(port),
        }
    }
}
