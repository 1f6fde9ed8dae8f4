// SPDX-License-Identifier: GPL-2.0

//! Reads totd.conf, the keywords of totd 1.5 and the newer ones.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use crate::config::{Clients, Config, Dnssec, NamePattern, PrefixRule, Prefixes, Ptr};
use crate::wire::Name;
use daemon::net::{self, Net};
use daemon::words::{Problem, Word, Words};
use natpt_core::xlate::addr::Prefix;

pub type Interfaces = dyn Fn(&str) -> Option<u32>;

/// A configuration, and what in it has no effect any more.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Problem>,
}

pub fn parse(text: &str) -> Result<Loaded, Problem> {
    parse_on(text, &|_| None)
}

/// The same where interfaces have names: `interfaces` tells their numbers.
pub fn parse_on(text: &str, interfaces: &Interfaces) -> Result<Loaded, Problem> {
    let mut loaded = Loaded {
        config: Config::default(),
        warnings: Vec::new(),
    };
    let mut prefixes = Vec::new();
    let mut source = None;
    for (number, line) in (1..).zip(text.lines()) {
        let Some((keyword, mut words)) = Words::of(number, line, &['#', ';']) else {
            continue;
        };
        if keyword.is("forwarder") {
            let forwarder = forwarder(&mut words, interfaces)?;
            loaded.config.forwarders.push(forwarder);
        } else if keyword.is("prefix") {
            prefix(&mut words, &mut prefixes, &mut source)?;
        } else {
            statement(keyword, &mut words, &mut loaded)?;
        }
        words.end()?;
    }
    if loaded.config.forwarders.is_empty() {
        return Err(Problem {
            line: text.lines().count().max(1),
            column: 1,
            text: "no forwarder is named".into(),
        });
    }
    if let Some(source) = source {
        loaded.config.prefixes = source;
    } else if !prefixes.is_empty() {
        loaded.config.prefixes = Prefixes::Listed(prefixes);
    }
    Ok(loaded)
}

fn statement(keyword: Word<'_>, words: &mut Words<'_>, to: &mut Loaded) -> Result<(), Problem> {
    let config = &mut to.config;
    match keyword.text.to_ascii_lowercase().as_str() {
        "prefixes" => config.all_prefixes = words.choice([("rotate", false), ("all", true)])?,
        "exclude-aaaa" => {
            for word in words.list("a network or a name", Ok)? {
                match pattern(word.text) {
                    Some(pattern) => config.exclude_names.push(pattern),
                    None => config.exclude_aaaa.push(word.net6()?),
                }
            }
        }
        "exclude-a" => config
            .exclude_a
            .extend(words.list("a network", Word::net4)?),
        "clients" => clients(words, &mut config.clients)?,
        "synthesise-for" => config
            .synthesise_for
            .extend(words.list("a network", Word::net)?),
        "hide-a" => config.hide_a.extend(words.list("a network", Word::net)?),
        "ptr" => {
            let ways = [
                ("cname", Ptr::Cname),
                ("translate", Ptr::Translate),
                ("off", Ptr::Off),
            ];
            config.ptr = words.choice(ways)?;
        }
        "dnssec" => {
            let ways = [
                ("synthesise", Dnssec::Synthesise),
                ("strict", Dnssec::Strict),
            ];
            config.dnssec = words.choice(ways)?;
        }
        "port" => config.port = words.number("a port", 1, 65535)?,
        "listen" => config
            .listen
            .extend(words.list("an address", Word::address)?),
        "interfaces" => {
            let all = |name: &String| name == "*" || name.eq_ignore_ascii_case("all");
            let names = words.list("an interface", |word| Ok(word.text.to_string()))?;
            if !names.iter().any(all) {
                config.interfaces.extend(names);
            }
        }
        "retry" => config.retry = 1000 * words.number("seconds", 0, 1_000_000u64)?,
        "max-queries" => config.max_queries = words.number("a number", 1, 60_000)?,
        "rate-limit" => config.rate_limit = words.number("a number", 0, 1_000_000)?,
        "cache" => config.cache = words.number("mebibytes", 0, 4096usize)? << 20,
        "serve-stale" => {
            config.serve_stale = 1000 * words.number("seconds", 0, 604_800u64)?;
        }
        "randomize-case" => config.randomize_case = words.choice([("on", true), ("off", false)])?,
        "pidfile" => config.pidfile = Some(words.need("a file")?.text.into()),
        "status" => config.status = words.need("a file")?.text.into(),
        // Who might change prefixes by HTTP; there is no such service any more.
        "allow" => {
            let allowed = words.need("an address")?;
            to.warnings
                .push(allowed.problem("'allow' has no effect: prefixes are not changed by HTTP"));
        }
        "stf" => to.warnings.push(
            keyword.problem("'stf' has no effect: ip6.int is gone, and 6to4 deprecated (RFC 7526)"),
        ),
        "scoped" => {
            words.list("a prefix", |_| Ok(()))?;
            to.warnings.push(
                keyword.problem("'scoped' has no effect: site-local addresses are deprecated"),
            );
        }
        _ => return Err(keyword.problem(format!("'{}' is no keyword", keyword.text))),
    }
    Ok(())
}

/// `ADDR[%INTERFACE] [port N]`
fn forwarder(words: &mut Words<'_>, interfaces: &Interfaces) -> Result<SocketAddr, Problem> {
    let word = words.need("an address")?;
    let (text, zone) = match word.text.split_once('%') {
        Some((text, zone)) => (text, Some(zone)),
        None => (word.text, None),
    };
    let addr: IpAddr = text.parse().map_err(|_| match text.split_once('#') {
        Some((addr, port)) => {
            word.problem(format!("a port is given by 'port': {addr} port {port}"))
        }
        None => word.problem(format!("'{}' is no address", word.text)),
    })?;
    let is_local = matches!(addr, IpAddr::V6(addr) if addr.is_unicast_link_local());
    let scope = match zone {
        Some(zone) if is_local => {
            let number = zone.parse().ok().or_else(|| interfaces(zone));
            number.ok_or_else(|| word.problem(format!("there is no interface '{zone}'")))?
        }
        Some(_) => return Err(word.problem(format!("'{text}' is not link-local, and has no zone"))),
        None if is_local => {
            return Err(word.problem(format!("'{text}' needs its interface: {text}%eth0")))
        }
        None => 0,
    };
    let mut port = 53;
    if let Some(keyword) = words.next() {
        if !keyword.is("port") {
            return Err(keyword.problem(format!("'port' belongs here, not '{}'", keyword.text)));
        }
        port = words.number("a port", 1, 65535)?;
    }
    Ok(match addr {
        IpAddr::V6(addr) => SocketAddrV6::new(addr, port, 0, scope).into(),
        addr => SocketAddr::new(addr, port),
    })
}

/// A name, or `*.` and a name; None: it looks like an address.
fn pattern(text: &str) -> Option<NamePattern> {
    let (below, rest) = match text.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let last = rest.trim_end_matches('.').rsplit('.').next()?;
    if !rest.chars().all(is_name) || !last.contains(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name = Name::from_text(rest)?;
    Some(NamePattern { name, below })
}

/// `V6[/LEN] [for V4NET...] [clients NET...]`, `auto`, `discover [INTERFACE...]` or `none`
fn prefix<'a>(
    words: &mut Words<'a>,
    list: &mut Vec<PrefixRule>,
    source: &mut Option<Prefixes>,
) -> Result<(), Problem> {
    let word = words.need("a prefix")?;
    let alone = if word.is("auto") {
        Some(Prefixes::Auto)
    } else if word.is("none") {
        Some(Prefixes::None)
    } else if word.is("discover") {
        let names = words.by_ref().map(|name| name.text.to_string());
        Some(Prefixes::Discover(names.collect()))
    } else {
        None
    };
    if alone.is_some() {
        if source.is_some() || !list.is_empty() {
            return Err(word.problem(format!("'prefix {}' stands alone", word.text)));
        }
        *source = alone;
        return Ok(());
    }
    if source.is_some() {
        return Err(word.problem("'prefix auto', 'discover' and 'none' stand alone"));
    }
    let mut rule = PrefixRule::from(translation_prefix(word)?);
    let mut read: fn(Word<'a>) -> Result<Net, Problem> = Word::net4;
    let mut nets = None;
    while let Some(word) = words.next() {
        if word.is("for") {
            read = Word::net4;
            nets = Some(&mut rule.targets);
        } else if word.is("clients") {
            read = Word::net;
            nets = Some(&mut rule.clients);
        } else if let Some(nets) = &mut nets {
            nets.push(read(word)?);
            continue;
        } else {
            return Err(word.problem(format!("'{}' is neither 'for' nor 'clients'", word.text)));
        }
        // A keyword with nothing after it would mean everything.
        let first = words.need("a network")?;
        if let Some(nets) = &mut nets {
            nets.push(read(first)?);
        }
    }
    list.push(rule);
    Ok(())
}

fn translation_prefix(word: Word<'_>) -> Result<Prefix, Problem> {
    let (mut addr, len) = net::prefix(word.text).map_err(|text| word.problem(text))?;
    // As in totd, the lowest 32 bits do not count without a length.
    if !word.text.contains('/') {
        addr = Ipv6Addr::from_bits(addr.to_bits() >> 32 << 32);
    }
    Prefix::new(addr, len).map_err(|error| word.problem(error.text()))
}

/// `any`, `near`, or networks, which may take several lines
fn clients(words: &mut Words<'_>, to: &mut Clients) -> Result<(), Problem> {
    let first = words.need("a network")?;
    let mut nets = match std::mem::replace(to, Clients::Near) {
        Clients::Listed(nets) => nets,
        _ => Vec::new(),
    };
    if first.is("any") {
        *to = Clients::Any;
    } else if !first.is("near") {
        nets.push(first.net()?);
        for word in words {
            nets.push(word.net()?);
        }
        *to = Clients::Listed(nets);
    }
    Ok(())
}
