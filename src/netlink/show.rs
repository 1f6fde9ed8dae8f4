// SPDX-License-Identifier: GPL-2.0

//! Listings of what is configured and what goes on.

use super::spec::{attr, cmd, filtering, hosts, refreshing};
use crate::{
    linux::{
        genl::{Do, Dump, List, Message, Refusal, Request},
        pernet::{Net, PerNet},
    },
    nat::{
        options,
        rule::{Filtering, Refresh},
    },
    netns::Namespace,
    state::{
        config::Config,
        counters,
        rules::{Action, RuleEntry, Stateful},
    },
    xlate::{addr::Prefix, eam::Eam, side::Side},
};
use kernel::{prelude::*, sync::atomic::ordering};

/// Version of the module, from `userspace/Cargo.toml`.
const VERSION: &str = env!("NATPT_VERSION");

pub(super) fn namespace(net: &Net) -> &Namespace {
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
    fill: impl Fn(&mut Message, &Config, &T) -> Result,
) {
    let config = namespace(net).config();
    list.set_generation(config.generation);
    row(list, part(&config).iter(), |message, item| {
        fill(message, &config, item)
    });
}

pub(super) struct Prefixes;

impl Dump for Prefixes {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        config_row(net, list, |config| config.prefixes(), prefix);
        Ok(())
    }
}

fn prefix(message: &mut Message, _: &Config, prefix: &Prefix) -> Result {
    message.bytes(attr::prefix::ADDRESS, &prefix.addr().octets())?;
    message.u8(attr::prefix::LENGTH, prefix.len())
}

pub(super) struct Rules;

impl Dump for Rules {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        config_row(net, list, |config| &config.rules, rule);
        Ok(())
    }
}

fn rule(message: &mut Message, config: &Config, entry: &RuleEntry) -> Result {
    message.u32(attr::rule::NUMBER, entry.number)?;
    if let Some(comment) = config.comments.of(entry.number) {
        message.bytes(attr::rule::COMMENT, comment.with_nul())?;
    }
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
    message.bytes(attr::rule::TO, &rule.to.first.octets())?;
    if rule.to.count() > 1 {
        message.bytes(attr::rule::TO_LAST, &rule.to.last.octets())?;
    }
    if let Some((min, max)) = rule.ports {
        message.u16(attr::rule::PORT_MIN, min)?;
        message.u16(attr::rule::PORT_MAX, max)?;
    }
    message.u32(attr::rule::PROTOS, rule.protos)?;
    if let Some(fixed) = rule.fixed {
        message.u8(attr::rule::BIDIR, 1)?;
        if rule.ports.is_some() {
            message.u16(attr::rule::PORT6, fixed.port6)?;
        }
        let (peer, len) = fixed.peers.as_prefix();
        if len != 0 {
            message.bytes(attr::rule::PEER, &peer.octets())?;
            message.u8(attr::rule::PEER_LENGTH, len)?;
        }
    }
    if let Some(blocks) = rule.blocks {
        message.u16(attr::rule::BLOCK_SIZE, blocks.size)?;
        message.u8(attr::rule::BLOCK_HOST_LENGTH, blocks.host_len)?;
    }
    let filter = match rule.filter {
        Filtering::None => filtering::NONE,
        Filtering::Address => filtering::ADDRESS,
        Filtering::Port => filtering::PORT,
    };
    message.u8(attr::rule::FILTER, filter)?;
    let refresh = match rule.refresh {
        Refresh::Both => refreshing::BOTH,
        Refresh::Outbound => refreshing::OUTBOUND,
    };
    message.u8(attr::rule::REFRESH, refresh)?;
    let mappings = sharing.mappings.load(ordering::Relaxed);
    message.u64(attr::rule::MAPPINGS, mappings)
}

pub(super) struct Variables;

impl Dump for Variables {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        let config = namespace(net).config();
        list.set_generation(config.generation);
        row(list, 0..options::ALL.len(), |message, i| {
            let Some(variable) = options::ALL.get(i) else {
                return Ok(());
            };
            message.text(attr::variable::NAME, variable.name)?;
            message.u64(attr::variable::VALUE, config.values.at(i).into())?;
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
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
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
