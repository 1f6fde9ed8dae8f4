// SPDX-License-Identifier: GPL-2.0

//! Listings of what is configured and what goes on.

use super::spec::{attr, cmd, hosts};
use crate::{
    linux::{
        genl::{Do, Dump, List, Message, Refusal, Request},
        pernet::{Net, PerNet},
        rcu::{self, Guard},
        sys,
        table::{HashEntry, Table},
    },
    nat::options,
    netns::Namespace,
    state::{
        config::{self, Action, Config, Stateful},
        counters,
        mapping::BibEntry,
        session::Session,
        translator::Translator,
    },
    xlate::{addr::Prefix, eam::Eam, side::Side},
};
use kernel::{
    prelude::*,
    sync::{atomic::ordering, Arc},
};

/// Version of the module, from `userspace/Cargo.toml`.
const VERSION: &str = env!("NATPT_VERSION");

fn namespace(net: &Net) -> &Namespace {
    Namespace::subsystem().of(net)
}

pub(super) struct Status;

impl Do for Status {
    fn run<'m>(net: &Net, request: &'m Request<'m>) -> Result<(), Refusal<'m>> {
        let status = namespace(net).status();
        request.reply(cmd::STATUS_GET, |message| {
            message.u8(attr::status::ENABLED, status.enabled.into())?;
            message.u32(attr::status::GENERATION, status.generation)?;
            message.u32(attr::status::SESSIONS, status.sessions)?;
            message.u32(attr::status::MAPPINGS, status.mappings)?;
            message.text(attr::status::VERSION, VERSION)
        })?;
        Ok(())
    }
}

/// Lists what has a place in a row, from the cursor on.
fn row<T>(
    list: &mut List<'_>,
    items: impl Iterator<Item = T>,
    fill: impl Fn(&mut Message, T) -> Result,
) {
    let [mut done, _] = list.cursor();
    for item in items.skip(done as usize) {
        if !list.entry(|message| fill(message, item)) {
            break;
        }
        done = done.wrapping_add(1);
    }
    list.set_cursor([done, 0]);
}

/// Lists a part of the configuration.
fn config_row<T: Clone>(
    net: &Net,
    list: &mut List<'_>,
    part: impl Fn(&Config) -> &[T],
    fill: impl Fn(&mut Message, &T) -> Result,
) -> Result {
    let config = namespace(net).config();
    list.set_generation(config.generation);
    row(list, part(&config).iter(), fill);
    Ok(())
}

pub(super) struct Prefixes;

impl Dump for Prefixes {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        config_row(net, list, |config| &config.prefixes, prefix)
    }
}

fn prefix(message: &mut Message, prefix: &Prefix) -> Result {
    message.bytes(attr::prefix::ADDRESS, &prefix.addr().octets())?;
    message.u8(attr::prefix::LENGTH, prefix.len())
}

pub(super) struct Rules;

impl Dump for Rules {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        config_row(net, list, |config| &config.rules, rule)
    }
}

fn rule(message: &mut Message, entry: &config::RuleEntry) -> Result {
    message.u32(attr::rule::NUMBER, entry.number)?;
    match &entry.action {
        Action::Stateful(sharing) => shared(message, sharing),
        Action::Stateless(mapping) => stateless(message, mapping),
    }
}

fn stateless(message: &mut Message, mapping: &Eam) -> Result {
    let (addr6, len6) = mapping.v6();
    let (addr4, len4) = mapping.v4();
    let hosts = match mapping.hosts() {
        Side::V6 => hosts::V6,
        Side::V4 => hosts::V4,
    };
    message.bytes(attr::rule::FROM, &addr6.octets())?;
    message.u8(attr::rule::FROM_LENGTH, len6)?;
    message.bytes(attr::rule::TO, &addr4.octets())?;
    message.u8(attr::rule::TO_LENGTH, len4)?;
    message.u8(attr::rule::STATELESS, hosts)
}

fn shared(message: &mut Message, sharing: &Stateful) -> Result {
    let rule = &sharing.rule;
    if rule.from.len != 0 {
        message.bytes(attr::rule::FROM, &rule.from.addr.octets())?;
        message.u8(attr::rule::FROM_LENGTH, rule.from.len)?;
    }
    message.bytes(attr::rule::TO, &rule.to.octets())?;
    if let Some((min, max)) = rule.ports {
        message.u16(attr::rule::PORT_MIN, min)?;
        message.u16(attr::rule::PORT_MAX, max)?;
    }
    message.u32(attr::rule::PROTOS, rule.protos)?;
    let mappings = sharing.mappings.load(ordering::Relaxed);
    message.u64(attr::rule::MAPPINGS, mappings)
}

pub(super) struct Variables;

impl Dump for Variables {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        let values = namespace(net).config().values;
        row(list, 0..options::ALL.len(), |message, i| {
            let Some(variable) = options::ALL.get(i) else {
                return Ok(());
            };
            message.text(attr::variable::NAME, variable.name)?;
            message.u64(attr::variable::VALUE, values.at(i).into())?;
            message.u64(attr::variable::MIN, variable.min.into())?;
            message.u64(attr::variable::MAX, variable.max.into())?;
            message.u64(attr::variable::DEFAULT, variable.default.into())?;
            message.text(attr::variable::UNIT, variable.unit)?;
            message.text(attr::variable::DOC, variable.doc)
        });
        Ok(())
    }
}

pub(super) struct Counters;

impl Dump for Counters {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        let translator = namespace(net).translator();
        row(list, 0..counters::COUNT, |message, i| {
            let Some(info) = counters::info(translator.as_ref().map(|it| &it.counters), i) else {
                return Ok(());
            };
            message.texts(attr::counter::NAME, [info.prefix, info.name])?;
            message.u64(attr::counter::VALUE, info.value)?;
            message.text(attr::counter::DOC, info.doc)
        });
        Ok(())
    }
}

/// Lists the entries of a table: the cursor is a bucket, and how many of its entries are done.
fn table<T: HashEntry>(
    net: &Net,
    list: &mut List<'_>,
    part: impl Fn(&Translator) -> &Table<T>,
    fill: impl Fn(&mut Message, &Translator, &T, &Guard) -> Result,
) -> Result {
    let Some(translator): Option<Arc<Translator>> = namespace(net).translator() else {
        return Ok(());
    };
    let [bucket, mut done] = list.cursor();
    let table = part(&translator);
    for bucket in bucket as u32..table.size() {
        let guard = rcu::read_lock();
        let (mut i, mut full) = (0, false);
        table.visit(bucket, &guard, |entry| {
            if i >= done && !full {
                full = !list.entry(|message| fill(message, &translator, &entry, &guard));
                done = done.wrapping_add(u64::from(!full));
            }
            i = i.wrapping_add(1);
        });
        if full {
            list.set_cursor([bucket.into(), done]);
            return Ok(());
        }
        done = 0;
    }
    list.set_cursor([table.size().into(), 0]);
    Ok(())
}

pub(super) struct Mappings;

impl Dump for Mappings {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        table(net, list, |it| &it.mappings, mapping)
    }
}

fn mapping(message: &mut Message, _: &Translator, mapping: &BibEntry, _: &Guard) -> Result {
    message.u8(attr::mapping::PROTO, mapping.host.proto)?;
    message.bytes(attr::mapping::ADDRESS6, &mapping.host.addr.octets())?;
    message.u16(attr::mapping::PORT6, mapping.host.port)?;
    message.bytes(attr::mapping::ADDRESS4, &mapping.addr.octets())?;
    message.u16(attr::mapping::PORT4, mapping.port)?;
    message.u32(attr::mapping::SESSIONS, mapping.sessions())
}

pub(super) struct Sessions;

impl Dump for Sessions {
    fn run(net: &Net, list: &mut List<'_>) -> Result {
        table(net, list, |it| &it.sessions, session)
    }
}

fn session(message: &mut Message, it: &Translator, session: &Session, guard: &Guard) -> Result {
    let (v6, v4) = (&session.v6, &session.v4);
    message.u8(attr::session::PROTO, session.proto)?;
    message.bytes(attr::session::SOURCE6, &v6.saddr.octets())?;
    message.u16(attr::session::SOURCE_PORT6, v6.sport)?;
    message.bytes(attr::session::TARGET6, &v6.daddr.octets())?;
    message.bytes(attr::session::SOURCE4, &v4.saddr.octets())?;
    message.u16(attr::session::SOURCE_PORT4, v4.sport)?;
    message.bytes(attr::session::TARGET4, &v4.daddr.octets())?;
    message.u16(attr::session::TARGET_PORT, v6.dport)?;
    let life = session.life.read();
    let idle = life.idle(sys::jiffies());
    let span = life.span(session.proto, &it.config.read(guard).values);
    let left = span.saturating_sub(idle);
    message.u8(attr::session::STATE, life.state as u8)?;
    message.u32(attr::session::IDLE, sys::seconds(idle))?;
    message.u32(attr::session::EXPIRES, sys::seconds(left))
}
