// SPDX-License-Identifier: GPL-2.0

//! `show`: asks the kernel and prints.

use std::io::{self, IsTerminal, Write};

use natpt_core::nat::block::Block;
use natpt_netlink::attr::{Answer, Filtered};
use natpt_netlink::spec::{Count, Counter, Filter, Rule, Session, Status, Variable};
use natpt_netlink::{Connection, Error};
use serde::ser::{SerializeSeq, Serializer};
use serde_json::Value;

use crate::block::Whose;
use crate::parser::{Show, Width};
use crate::statement::Config;
use crate::table::{self, Align, Widths};
use crate::{block, json, statement, value, xlate};

pub enum Failure {
    Netlink(Error),
    Output(io::Error),
    /// No variable has this name.
    Unknown(String),
    /// It is in no block of a rule.
    NoBlock(Whose),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Netlink(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

pub fn show(kernel: &mut Connection, what: &Show, as_json: bool) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match (what, as_json) {
        // There may be millions: none is kept.
        (Show::Xlate(width, filter), false) => sessions(kernel, *width, filter, &mut out)?,
        (Show::Xlate(_, filter), true) => json_sessions(kernel, filter, &mut out)?,
        (_, false) => text(kernel, what, &mut out)?,
        (_, true) => {
            serde_json::to_writer_pretty(&mut out, &value(kernel, what)?)?;
            writeln!(out)?;
        }
    }
    Ok(out.flush()?)
}

/// Once for the widths of the columns, and once to print.
fn sessions(
    kernel: &mut Connection,
    width: Width,
    filter: &Filter,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let width = match width {
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
        Show::Rules => {
            let rules = kernel.dump::<Rule>()?;
            if rules.is_empty() {
                eprintln!("natptconfig: No Rules.");
            }
            for rule in rules {
                let number = rule.number.unwrap_or_default();
                writeln!(out, "{number:5}:  {}", statement::rule(&rule))?;
            }
        }
        Show::Sessions(filter) => xlate::print_counts(out, &all::<Count>(kernel, filter)?)?,
        Show::Xlate(..) => (),
        Show::Variables(name) => print_variables(out, &variables(kernel, name.as_deref())?)?,
        Show::Stats => {
            let rows = kernel.dump::<Counter>()?.into_iter().map(|counter| {
                let value = counter.value.unwrap_or_default();
                [counter.name.unwrap_or_default(), value.to_string()]
            });
            let rows: Vec<_> = rows.collect();
            table::print(out, [Align::Left, Align::Right], &rows)?;
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
    }
    Ok(())
}

fn value(kernel: &mut Connection, what: &Show) -> Result<Value, Failure> {
    Ok(match what {
        Show::Prefix => list(kernel, json::prefix)?,
        Show::Mapping => json::status(&kernel.get::<Status>()?),
        Show::Rules => list(kernel, json::rule)?,
        Show::Sessions(filter) => json::counts(&all(kernel, filter)?),
        Show::Xlate(..) => Value::Null,
        Show::Variables(name) => {
            let variables = variables(kernel, name.as_deref())?;
            variables.iter().map(json::variable).collect()
        }
        Show::Stats => list(kernel, json::counter)?,
        Show::Config => json::config(&config(kernel)?),
        Show::Block(whose) => {
            let blocks = blocks(kernel, whose)?;
            blocks.iter().map(json::block).collect()
        }
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
fn config(kernel: &mut Connection) -> Result<Config, Error> {
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

/// All, or the one with a name.
fn variables(kernel: &mut Connection, name: Option<&str>) -> Result<Vec<Variable>, Failure> {
    let mut variables = kernel.dump::<Variable>()?;
    if let Some(name) = name {
        variables.retain(|variable| variable.name.as_deref() == Some(name));
        if variables.is_empty() {
            return Err(Failure::Unknown(name.into()));
        }
    }
    Ok(variables)
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
