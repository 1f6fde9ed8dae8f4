// SPDX-License-Identifier: GPL-2.0

//! `show`: asks the kernel and prints.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use natpt_core::nat::block::Block;
use natpt_netlink::attr::{Answer, Filtered};
use natpt_netlink::spec::{Count, Counter, Filter, Rule, Session, Status, Variable};
use natpt_netlink::{Connection, Error};
use serde::ser::{SerializeSeq, Serializer};
use serde_json::Value;

use crate::block::Whose;
use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::parser::{Form, Show, Stats, Which, Width, Xlate};
use crate::say::say;
use crate::statement::Config;
use crate::table::{self, Align, Widths};
use crate::{advice, block, hosts, json, pool, statement, stats, top, value, xlate};

pub fn show(kernel: &mut Connection, what: &Show, as_json: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match (what, as_json) {
        // It is a format of its own.
        (Show::Metrics, _) => text(kernel, what, &mut out)?,
        (Show::Top(seconds), _) => top::top(kernel, *seconds, as_json, &mut out)?,
        (Show::Stats(what), _) => counters(kernel, what, as_json, &mut out)?,
        (Show::Xlate(what), _) => loop {
            // There may be millions: none is kept.
            match as_json {
                false => sessions(kernel, what, &mut out)?,
                true => json_sessions(kernel, &what.filter, &mut out)?,
            }
            let Some(seconds) = what.interval else {
                break;
            };
            out.flush()?;
            thread::sleep(Duration::from_secs(seconds.into()));
        },
        (_, false) => text(kernel, what, &mut out)?,
        (_, true) => {
            serde_json::to_writer_pretty(&mut out, &value(kernel, what)?)?;
            writeln!(out)?;
        }
    }
    Ok(out.flush()?)
}

/// The counters, or with an interval how they change, again and again.
fn counters(
    kernel: &mut Connection,
    what: &Stats,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut before: Vec<Counter> = kernel.dump()?;
    let Some(seconds) = what.interval else {
        return print_counters(out, before, what.nonzero, as_json);
    };
    loop {
        thread::sleep(Duration::from_secs(seconds.into()));
        let now = kernel.dump()?;
        let changes = stats::changes(&before, &now);
        before = now;
        print_counters(out, changes, what.nonzero, as_json)?;
        if !as_json {
            writeln!(out)?;
        }
        out.flush()?;
    }
}

fn print_counters(
    out: &mut impl Write,
    mut counters: Vec<Counter>,
    nonzero: bool,
    as_json: bool,
) -> Result<(), Failure> {
    if nonzero {
        stats::nonzero(&mut counters);
    }
    match as_json {
        true => {
            let list: Value = counters.iter().map(json::counter).collect();
            serde_json::to_writer_pretty(&mut *out, &list)?;
            writeln!(out)?;
        }
        false => stats::print(out, &counters)?,
    }
    Ok(())
}

/// Once for the widths of the columns, and once to print.
fn sessions(kernel: &mut Connection, what: &Xlate, out: &mut impl Write) -> Result<(), Failure> {
    let filter = &what.filter;
    let width = match what.width {
        Width::Regular if !io::stdout().is_terminal() => Width::Long,
        width => width,
    };
    let header = xlate::header(width);
    let mut widths = Widths::default();
    widths.fit(&header);
    kernel.each(filter, |session: Session| {
        widths.fit(&xlate::row(&session, width));
        Ok::<_, Failure>(())
    })?;
    widths.print(out, &[], &header)?;
    kernel.each(filter, |session: Session| {
        Ok::<_, Failure>(widths.print(out, &[], &xlate::row(&session, width))?)
    })
}

fn json_sessions(
    kernel: &mut Connection,
    filter: &Filter,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut serializer = serde_json::Serializer::pretty(&mut *out);
    let mut list = serializer.serialize_seq(None)?;
    kernel.each(filter, |session: Session| {
        Ok::<_, Failure>(list.serialize_element(&json::session(&session))?)
    })?;
    list.end()?;
    Ok(writeln!(out)?)
}

fn text(kernel: &mut Connection, what: &Show, out: &mut impl Write) -> Result<(), Failure> {
    match what {
        Show::Prefix => {
            for prefix in kernel.dump()? {
                writeln!(out, "prefix: {}", statement::prefix(&prefix))?;
            }
        }
        Show::Mapping => writeln!(out, "mapping: {}", statement::mapping(&kernel.get()?))?,
        Show::Rules(form) => {
            let rules = kernel.dump::<Rule>()?;
            if rules.is_empty() {
                say("natptconfig: No Rules.");
            }
            for rule in rules {
                let number = rule.number.unwrap_or_default();
                match form {
                    Form::Statement => {
                        writeln!(out, "{number:5}:  {}", statement::rule(&rule))?;
                    }
                    Form::Short => writeln!(out, "{number:5}: {}", statement::short(&rule))?,
                }
            }
        }
        Show::Sessions(filter, protos) => {
            xlate::print_counts(out, &all::<Count>(kernel, filter)?, protos)?;
        }
        Show::Xlate(_) | Show::Stats(_) | Show::Top(_) => (),
        Show::Hosts(filter) => hosts::print(out, &hosts::read(kernel, filter)?)?,
        Show::Pool => pool::print(out, pool::read(kernel)?.iter(), true)?,
        Show::Variables(which) => print_variables(out, &variables(kernel, which)?)?,
        Show::Fragment => print_named(out, "fragment", &named(kernel, FRAGMENT)?)?,
        Show::Timer => print_named(out, "timer", &variables(kernel, &Which::Timers)?)?,
        Show::Ttl => {
            let variables = named(kernel, TTL)?;
            let ttls = ["icmp", "tcp", "udp"].iter().zip(&variables);
            let ttls: Vec<_> = ttls
                .map(|(proto, one)| format!("{proto}={}", one.value.unwrap_or_default()))
                .collect();
            writeln!(out, "maxTTLs: {}", ttls.join(", "))?;
        }
        Show::Block(whose) => {
            for (number, block) in blocks(kernel, whose)? {
                let (host, (first, last)) = (block::host(&block), block.ports);
                let addr = block.addr;
                writeln!(out, "{number:5}:  {host} has {addr} port {first} - {last}")?;
            }
        }
        Show::Config => {
            for line in statement::config(&config(kernel)?) {
                writeln!(out, "{line}")?;
            }
        }
        Show::Metrics => metrics(kernel)?.print(out)?,
    }
    Ok(())
}

fn value(kernel: &mut Connection, what: &Show) -> Result<Value, Failure> {
    Ok(match what {
        Show::Prefix => list(kernel, json::prefix)?,
        Show::Mapping => json::status(&kernel.get::<Status>()?),
        Show::Rules(_) => list(kernel, json::rule)?,
        Show::Sessions(filter, protos) => {
            let mut counts: Vec<Count> = all(kernel, filter)?;
            counts.retain(|count| {
                protos.is_empty() || count.proto.is_some_and(|proto| protos.contains(&proto))
            });
            json::counts(&counts)
        }
        Show::Xlate(_) | Show::Stats(_) | Show::Metrics | Show::Top(_) => Value::Null,
        Show::Hosts(filter) => hosts::read(kernel, filter)?
            .iter()
            .map(json::host)
            .collect(),
        Show::Pool => pool::read(kernel)?.iter().map(json::pool).collect(),
        Show::Variables(which) => json_variables(&variables(kernel, which)?),
        Show::Fragment => json_variables(&named(kernel, FRAGMENT)?),
        Show::Timer => json_variables(&variables(kernel, &Which::Timers)?),
        Show::Ttl => json_variables(&named(kernel, TTL)?),
        Show::Config => json::config(&config(kernel)?),
        Show::Block(whose) => {
            let blocks = blocks(kernel, whose)?;
            blocks.iter().map(json::block).collect()
        }
    })
}

fn metrics(kernel: &mut Connection) -> Result<Metrics, Error> {
    Ok(Metrics {
        status: kernel.get()?,
        counters: kernel.dump()?,
        counts: all(kernel, &Filter::default())?,
        rules: kernel.dump()?,
        variables: kernel.dump()?,
    })
}

fn list<A: Answer>(kernel: &mut Connection, one: fn(&A) -> Value) -> Result<Value, Error> {
    Ok(kernel.dump::<A>()?.iter().map(one).collect())
}

/// What fits of a list that is not long.
fn all<A: Filtered>(kernel: &mut Connection, filter: &Filter) -> Result<Vec<A>, Error> {
    let mut list = Vec::new();
    kernel.each(filter, |one| {
        list.push(one);
        Ok::<_, Error>(())
    })?;
    Ok(list)
}

/// The configuration as it is at one moment: nothing changed while its parts were read.
pub fn config(kernel: &mut Connection) -> Result<Config, Error> {
    loop {
        let before: Status = kernel.get()?;
        let config = Config {
            prefixes: kernel.dump()?,
            rules: kernel.dump()?,
            variables: kernel.dump()?,
            status: kernel.get()?,
        };
        if config.status.generation == before.generation {
            return Ok(config);
        }
    }
}

/// At least one.
fn blocks(kernel: &mut Connection, whose: &Whose) -> Result<Vec<(u32, Block)>, Failure> {
    let blocks = block::of(&kernel.dump()?, whose);
    match blocks.is_empty() {
        true => Err(Failure::NoBlock(*whose)),
        false => Ok(blocks),
    }
}

/// Where packets are cut.
const FRAGMENT: &[&str] = &["lowest-ipv6-mtu", "mss-clamp"];

/// How long idle sessions of icmp, tcp and udp live.
const TTL: &[&str] = &["icmp-timeout", "tcp-est-timeout", "udp-timeout"];

fn variables(kernel: &mut Connection, which: &Which) -> Result<Vec<Variable>, Failure> {
    let mut variables = kernel.dump::<Variable>()?;
    match which {
        Which::All => (),
        Which::Timers => variables.retain(|variable| variable.unit.as_deref() == Some("s")),
        Which::Named(name) => {
            let names = variables.iter().filter_map(|one| one.name.as_deref());
            let meant = advice::meant(name, names);
            variables.retain(|variable| variable.name.as_ref() == Some(name));
            if variables.is_empty() {
                return Err(Failure::Unknown(name.clone(), meant));
            }
        }
    }
    Ok(variables)
}

/// Those with these names, in this order.
fn named(kernel: &mut Connection, names: &[&str]) -> Result<Vec<Variable>, Failure> {
    let all = kernel.dump::<Variable>()?;
    let found = names.iter().map(|name| {
        let one = all.iter().find(|one| one.name.as_deref() == Some(*name));
        one.cloned()
            .ok_or_else(|| Failure::Unknown((*name).into(), String::new()))
    });
    found.collect()
}

fn json_variables(variables: &[Variable]) -> Value {
    variables.iter().map(json::variable).collect()
}

/// `timer: udp-timeout=300, icmp-timeout=60`
fn print_named(out: &mut impl Write, what: &str, variables: &[Variable]) -> io::Result<()> {
    let all = variables.iter().map(|one| {
        let name = one.name.as_deref().unwrap_or_default();
        let unit = one.unit.as_deref();
        format!(
            "{name}={}",
            value::show(one.value.unwrap_or_default(), unit)
        )
    });
    let all: Vec<_> = all.collect();
    writeln!(out, "{what}: {}", all.join(", "))
}

fn print_variables(out: &mut impl Write, variables: &[Variable]) -> io::Result<()> {
    let header = ["Name", "Value", "Default", "Range", "Unit", "Meaning"].map(String::from);
    let rows = variables.iter().map(|one| {
        let unit = one.unit.as_deref();
        let number = |number: Option<u64>| value::show(number.unwrap_or_default(), unit);
        [
            one.name.clone().unwrap_or_default(),
            number(one.value),
            number(one.default),
            format!("{} - {}", number(one.min), number(one.max)),
            one.unit.clone().unwrap_or_default(),
            one.doc.clone().unwrap_or_default(),
        ]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let (left, right) = (Align::Left, Align::Right);
    table::print(out, [left, right, right, right, left, left], &rows)
}
