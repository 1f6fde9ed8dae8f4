// SPDX-License-Identifier: GPL-2.0

//! Changes to the configuration: the statements of one request, all or none.

use super::{
    filter,
    nest::{at, parse},
    spec::{
        attr::{prefix, renum, rule, statement, variable},
        filtering, hosts, refreshing,
    },
};
use crate::{
    linux::{
        array::Array,
        genl::{Attr, Do, Refusal, Request},
        memory::Account,
        pernet::{Net, PerNet},
        sys,
    },
    nat::{
        comment::Comment,
        options,
        rule::{Blocks, Filtering, Fixed, Refresh, Rule, RuleError, Source6},
    },
    netns::Namespace,
    state::{
        config::{Config, Refused, Tables},
        draft::{Draft, Sessions, Unset},
    },
    xlate::{
        addr::{Prefix, PrefixError, Range4},
        eam::{Eam, EamError},
        side::Side,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::prelude::*;

/// Numbers of `map renum` without arguments.
const RENUM: (u32, u32) = (100, 100);

pub(super) struct Apply;

impl Do for Apply {
    fn run<'m>(net: &Net, request: &'m Request<'m>) -> Result<(), Refusal<'m>> {
        if !Account::of(net).may_configure() {
            return Err(Refusal::of_all(EPERM, NO_USERS));
        }
        let namespace = Namespace::subsystem().of(net);
        let mut ends = Array::new(Account::of(net), 0, [])?;
        let mut end = |config: &Tables, attr| -> Done<'m> {
            let place = ends.len();
            Ok(ends.insert(place, filter::read_all(config, attr)?)?)
        };
        let is_end = |attr: &Attr<'_>| attr.kind() == statement::SESSION_DELETE;
        let is_check = |attr: Attr<'_>| attr.kind() == statement::CHECK;
        if request.attrs().next().is_some() && request.attrs().all(|attr| is_end(&attr)) {
            let config = namespace.config();
            request.attrs().try_for_each(|attr| end(&config, attr))?;
        } else {
            let edit = |config: &mut Draft| {
                request.attrs().try_for_each(|attr| match is_end(&attr) {
                    true => end(config, attr),
                    false => carry_out(config, attr),
                })
            };
            if request.attrs().any(is_check) {
                return namespace.check(edit);
            }
            namespace.change(edit)?;
        }
        if let (false, Some(translator)) = (ends.is_empty(), namespace.translator()) {
            translator.end_sessions(&ends);
        }
        if let Some(text) = warning(net, &namespace.config()) {
            request.warn(text);
        }
        Ok(())
    }
}

/// At most 79 bytes reach the caller.
const NO_USERS: &str = "network namespaces of user namespaces need the module's parameter userns=1";
const _: () = assert!(NO_USERS.len() < 80);

/// Return what keeps translation from working although it is on, the first of all.
fn warning(net: &Net, config: &Config) -> Option<&'static str> {
    if !config.enabled {
        None
    } else if config.prefixes().is_empty() {
        Some("translation is on, but there is no prefix")
    } else if config.rules.is_empty() {
        Some("translation is on, but there is no map rule")
    } else if !config.is_stateful() && !config.has_hosts6() {
        // A host that is its own CLAT forwards nothing.
        None
    } else if !sys::is_forwarding(net, false) {
        Some("IPv4 forwarding is off: sysctl -w net.ipv4.ip_forward=1")
    } else if !sys::is_forwarding(net, true) {
        Some("IPv6 forwarding is off: sysctl -w net.ipv6.conf.all.forwarding=1")
    } else {
        None
    }
}

type Done<'m> = Result<(), Refusal<'m>>;

fn carry_out<'m>(config: &mut Draft, attr: Attr<'m>) -> Done<'m> {
    sys::may_resched();
    match attr.kind() {
        statement::PREFIX_ADD => add_prefix(config, attr),
        statement::PREFIX_FLUSH => flush_prefixes(config, attr, Sessions::End),
        statement::PREFIX_FLUSH_KEEP => flush_prefixes(config, attr, Sessions::Keep),
        statement::MAP_ADD => add_rule(config, attr),
        statement::MAP_DELETE => delete_rule(config, attr, Sessions::End),
        statement::MAP_DELETE_KEEP => delete_rule(config, attr, Sessions::Keep),
        statement::MAP_RENUM => renumber(config, attr),
        statement::MAP_FLUSH => flush_rules(config, attr, Sessions::End),
        statement::MAP_FLUSH_KEEP => flush_rules(config, attr, Sessions::Keep),
        statement::CHECK => Ok(()),
        statement::GENERATION if attr.u32() != Some(config.generation()) => {
            let text = "the configuration has changed meanwhile";
            Err(Refusal::new(EAGAIN, text, attr))
        }
        statement::GENERATION => Ok(()),
        statement::ENABLE => {
            config.enabled = match attr.u8() {
                Some(0) => false,
                Some(1) => true,
                _ => return Err(Refusal::new(EINVAL, "enable must be 0 or 1", attr)),
            };
            Ok(())
        }
        statement::SET => set(config, attr),
        _ => Err(Refusal::new(EINVAL, "unknown statement", attr)),
    }
}

fn flush_prefixes<'m>(config: &mut Draft, attr: Attr<'m>, sessions: Sessions) -> Done<'m> {
    let done = config.flush_prefixes(sessions);
    done.map_err(|e| refused(e, attr))
}

fn flush_rules<'m>(config: &mut Draft, attr: Attr<'m>, sessions: Sessions) -> Done<'m> {
    let done = config.flush_rules(sessions);
    done.map_err(|e| refused(e, attr))
}

fn delete_rule<'m>(config: &mut Draft, attr: Attr<'m>, sessions: Sessions) -> Done<'m> {
    let done = config.delete_rule(attr.u32().unwrap_or(0), sessions);
    done.map_err(|e| refused(e, attr))
}

fn refused(why: Refused, attr: Attr<'_>) -> Refusal<'_> {
    match why {
        Refused::Exists(text) => Refusal::new(EEXIST, text, attr),
        Refused::Missing(text) => Refusal::new(ENOENT, text, attr),
        Refused::Full(text) => Refusal::new(ENOSPC, text, attr),
        Refused::Memory(why) => why.into(),
    }
}

fn add_prefix<'m>(config: &mut Draft, nest: Attr<'m>) -> Done<'m> {
    let found = parse::<{ prefix::LAST as usize + 1 }>(nest)?;
    let Some(attr) = at(&found, prefix::ADDRESS) else {
        return Err(Refusal::new(EINVAL, "prefix has no address", nest));
    };
    let Some(length) = at(&found, prefix::LENGTH) else {
        return Err(Refusal::new(EINVAL, "prefix has no length", nest));
    };
    let addr = Ipv6Addr::from(attr.bytes::<16>().unwrap_or_default());
    let prefix = Prefix::new(addr, length.u8().unwrap_or(0)).map_err(|e| {
        let wrong = match e {
            PrefixError::Length | PrefixError::WellKnownLength => length,
            _ => attr,
        };
        Refusal::new(EINVAL, e.text(), wrong)
    })?;
    config.add_prefix(prefix).map_err(|e| refused(e, attr))
}

fn add_rule<'m>(config: &mut Draft, nest: Attr<'m>) -> Done<'m> {
    let found = parse::<{ rule::LAST as usize + 1 }>(nest)?;
    let get = |kind| at(&found, kind);
    let number = get(rule::NUMBER).and_then(|attr| attr.u32());
    let number = number.unwrap_or(config.next_number());
    let comment = comment(&found)?;
    if get(rule::STATELESS).is_some() {
        return add_mapping(config, nest, &found, (number, comment));
    }
    if let Some(attr) = get(rule::TO_LENGTH) {
        let text = "only stateless rules have an IPv4 prefix: give the last pool address";
        return Err(Refusal::new(EINVAL, text, attr));
    }
    let Some(to) = get(rule::TO) else {
        return Err(Refusal::new(EINVAL, "rule has no pool address", nest));
    };
    if let Some(attr) = get(rule::MAPPINGS) {
        return Err(Refusal::new(EINVAL, "mappings are counted, not set", attr));
    }
    let length = get(rule::FROM_LENGTH);
    let from = match get(rule::FROM).map(|attr| attr.bytes::<16>().unwrap_or_default()) {
        Some(addr) => Source6 {
            addr: addr.into(),
            len: length.and_then(|attr| attr.u8()).unwrap_or(128),
        },
        None => match length {
            Some(attr) => return Err(Refusal::new(EINVAL, "source length without a source", attr)),
            None => Source6::ANY,
        },
    };
    let port = |attr: Attr<'_>| attr.u16().unwrap_or(0);
    let ports = match (get(rule::PORT_MIN), get(rule::PORT_MAX)) {
        (Some(min), Some(max)) => Some((port(min), port(max))),
        (None, None) => None,
        (Some(attr), None) | (None, Some(attr)) => {
            return Err(Refusal::new(EINVAL, "port range has one end only", attr))
        }
    };
    let filter = match get(rule::FILTER).map(|attr| (attr.u8(), attr)) {
        None | Some((Some(filtering::NONE), _)) => Filtering::None,
        Some((Some(filtering::ADDRESS), _)) => Filtering::Address,
        Some((Some(filtering::PORT), _)) => Filtering::Port,
        Some((_, attr)) => return Err(Refusal::new(EINVAL, "unknown kind of filter", attr)),
    };
    let refresh = match get(rule::REFRESH).map(|attr| (attr.u8(), attr)) {
        None | Some((Some(refreshing::BOTH), _)) => Refresh::Both,
        Some((Some(refreshing::OUTBOUND), _)) => Refresh::Outbound,
        Some((_, attr)) => return Err(Refusal::new(EINVAL, "unknown kind of refresh", attr)),
    };
    let blocks = blocks(&found, from)?;
    let ports = ports.or(blocks.map(|_| Blocks::PORTS));
    let address = |attr: Attr<'_>| Ipv4Addr::from(attr.bytes::<4>().unwrap_or_default());
    let rule = Rule {
        from,
        to: Range4 {
            first: address(to),
            last: address(get(rule::TO_LAST).unwrap_or(to)),
        },
        ports,
        protos: get(rule::PROTOS).and_then(|attr| attr.u32()).unwrap_or(0),
        filter,
        refresh,
        fixed: fixed(&found)?,
        blocks,
    };
    rule.check().map_err(|e| {
        let wrong = match e {
            RuleError::SourceLength => rule::FROM_LENGTH,
            RuleError::SourceHostBits => rule::FROM,
            RuleError::PortZero | RuleError::PortsReversed => rule::PORT_MIN,
            RuleError::Protocols | RuleError::BlockProtocols => rule::PROTOS,
            RuleError::PoolReversed => rule::TO_LAST,
            RuleError::StaticHosts => rule::FROM,
            RuleError::StaticPorts => rule::PORT_MIN,
            RuleError::StaticProtocols if get(rule::PROTOS).is_some() => rule::PROTOS,
            RuleError::StaticProtocols => rule::PORT_MIN,
            RuleError::StaticPort6 => rule::PORT6,
            RuleError::BlockHosts => rule::BLOCK_HOST_LENGTH,
            RuleError::BlockPorts | RuleError::BlockRoom | RuleError::BlockStatic => {
                rule::BLOCK_SIZE
            }
            _ => rule::TO,
        };
        Refusal::new(EINVAL, e.text(), get(wrong).unwrap_or(nest))
    })?;
    let wrong = get(rule::NUMBER).unwrap_or(nest);
    let added = config.add_rule((number, comment), rule);
    added.map_err(|e| refused(e, wrong))
}

fn comment<'m>(found: &[Option<Attr<'m>>]) -> Result<Option<Comment>, Refusal<'m>> {
    let Some(attr) = at(found, rule::COMMENT) else {
        return Ok(None);
    };
    let comment = Comment::new(attr.text()).map_err(|text| Refusal::new(EINVAL, text, attr))?;
    Ok(Some(comment))
}

/// What makes a rule a deterministic one, if it is.
fn blocks<'m>(found: &[Option<Attr<'m>>], from: Source6) -> Result<Option<Blocks>, Refusal<'m>> {
    let length = at(found, rule::BLOCK_HOST_LENGTH);
    let Some(size) = at(found, rule::BLOCK_SIZE) else {
        return match length {
            Some(attr) => Err(Refusal::new(EINVAL, "hosts' length without a block", attr)),
            None => Ok(None),
        };
    };
    let length = length.and_then(|attr| attr.u8());
    Ok(Some(Blocks::new(size.u16().unwrap_or(0), length, &from)))
}

/// What makes a rule a static mapping, if it is one.
fn fixed<'m>(found: &[Option<Attr<'m>>]) -> Result<Option<Fixed>, Refusal<'m>> {
    let get = |kind| at(found, kind);
    match get(rule::BIDIR).map(|attr| (attr.u8(), attr)) {
        Some((Some(1), _)) => {}
        None | Some((Some(0), _)) => {
            for kind in [rule::PORT6, rule::PEER, rule::PEER_LENGTH] {
                if let Some(attr) = get(kind) {
                    return Err(Refusal::new(EINVAL, "only a static mapping has this", attr));
                }
            }
            return Ok(None);
        }
        Some((_, attr)) => return Err(Refusal::new(EINVAL, "bidir must be 0 or 1", attr)),
    }
    let port6 = match (get(rule::PORT6), get(rule::PORT_MIN)) {
        (Some(attr), None) => {
            let text = "a port of the host without one of the address";
            return Err(Refusal::new(EINVAL, text, attr));
        }
        (port6, port4) => port6.or(port4).and_then(|attr| attr.u16()).unwrap_or(0),
    };
    Ok(Some(Fixed {
        port6,
        peers: peers(found)?,
    }))
}

/// The IPv4 hosts that may open sessions of a static mapping.
fn peers<'m>(found: &[Option<Attr<'m>>]) -> Result<Range4, Refusal<'m>> {
    let get = |kind| at(found, kind);
    let length = get(rule::PEER_LENGTH);
    let Some(attr) = get(rule::PEER) else {
        return match length {
            Some(attr) => Err(Refusal::new(EINVAL, "peer length without a peer", attr)),
            None => Ok(Range4::ALL),
        };
    };
    let first = Ipv4Addr::from(attr.bytes::<4>().unwrap_or_default());
    let bits = length.and_then(|attr| attr.u8()).unwrap_or(32);
    match Range4::of_prefix(first, bits) {
        Some(range) => Ok(range),
        None if bits > 32 => {
            let text = "peer length must not be above 32";
            Err(Refusal::new(EINVAL, text, length.unwrap_or(attr)))
        }
        None => {
            let text = "peer has bits set beyond its length";
            Err(Refusal::new(EINVAL, text, attr))
        }
    }
}

/// A stateless rule: one whose IPv6 addresses are a translation prefix has the hosts under it.
fn add_mapping<'m>(
    config: &mut Draft,
    nest: Attr<'m>,
    found: &[Option<Attr<'m>>],
    place: (u32, Option<Comment>),
) -> Done<'m> {
    let get = |kind| at(found, kind);
    if let Some(attr) = get(rule::TO_LAST) {
        let text = "a stateless rule has an IPv4 prefix, no last address";
        return Err(Refusal::new(EINVAL, text, attr));
    }
    for kind in [rule::PORT_MIN, rule::PORT_MAX, rule::PROTOS, rule::MAPPINGS] {
        if let Some(attr) = get(kind) {
            let text = "a stateless rule is for all protocols and ports";
            return Err(Refusal::new(EINVAL, text, attr));
        }
    }
    for kind in [rule::BLOCK_SIZE, rule::BLOCK_HOST_LENGTH] {
        if let Some(attr) = get(kind) {
            return Err(Refusal::new(EINVAL, "a stateless rule has no blocks", attr));
        }
    }
    for kind in [rule::BIDIR, rule::PORT6, rule::PEER, rule::PEER_LENGTH] {
        if let Some(attr) = get(kind) {
            let text = "a stateless rule is no static mapping";
            return Err(Refusal::new(EINVAL, text, attr));
        }
    }
    for kind in [rule::FILTER, rule::REFRESH] {
        if let Some(attr) = get(kind) {
            let text = "a stateless rule has no sessions to filter or refresh";
            return Err(Refusal::new(EINVAL, text, attr));
        }
    }
    let (Some(from), Some(to)) = (get(rule::FROM), get(rule::TO)) else {
        return Err(Refusal::new(
            EINVAL,
            "a stateless rule needs addresses of both families",
            nest,
        ));
    };
    let hosts = match get(rule::STATELESS).and_then(|attr| attr.u8()) {
        Some(hosts::V6) => Side::V6,
        Some(hosts::V4) => Side::V4,
        _ => return Err(Refusal::new(EINVAL, "unknown place of hosts", nest)),
    };
    let length = |kind, whole| get(kind).and_then(|attr| attr.u8()).unwrap_or(whole);
    let v6 = (
        Ipv6Addr::from(from.bytes::<16>().unwrap_or_default()),
        length(rule::FROM_LENGTH, 128),
    );
    let v4 = (
        Ipv4Addr::from(to.bytes::<4>().unwrap_or_default()),
        length(rule::TO_LENGTH, 32),
    );
    let prefix = config
        .prefixes()
        .iter()
        .find(|it| (it.addr(), it.len()) == v6);
    let mapping = match (prefix, hosts) {
        (Some(prefix), Side::V6) => Eam::embedded(*prefix, v4),
        _ => Eam::explicit(hosts, v6, v4),
    };
    let mapping = mapping.map_err(|e| {
        let wrong = match e {
            EamError::Length6 | EamError::Suffix => rule::FROM_LENGTH,
            EamError::Length4 => rule::TO_LENGTH,
            EamError::HostBits6 | EamError::Martian6 | EamError::WellKnown => rule::FROM,
            EamError::HostBits4 | EamError::Martian4 => rule::TO,
        };
        Refusal::new(EINVAL, e.text(), get(wrong).unwrap_or(nest))
    })?;
    let wrong = get(rule::NUMBER).unwrap_or(nest);
    config
        .add_mapping(place, mapping)
        .map_err(|e| refused(e, wrong))
}

fn renumber<'m>(config: &mut Draft, nest: Attr<'m>) -> Done<'m> {
    let found = parse::<{ renum::LAST as usize + 1 }>(nest)?;
    let number = |kind| at(&found, kind).and_then(|attr| attr.u32());
    let (start, interval) = RENUM;
    let start = number(renum::START).unwrap_or(start);
    let interval = number(renum::INTERVAL).unwrap_or(interval);
    if interval == 0 {
        return Err(Refusal::new(EINVAL, "interval must not be 0", nest));
    }
    config
        .renumber(start, interval)
        .map_err(|e| refused(e, nest))
}

fn set<'m>(config: &mut Draft, nest: Attr<'m>) -> Done<'m> {
    let found = parse::<{ variable::LAST as usize + 1 }>(nest)?;
    let Some(name) = at(&found, variable::NAME) else {
        return Err(Refusal::new(EINVAL, "variable has no name", nest));
    };
    let Some(value) = at(&found, variable::VALUE) else {
        return Err(Refusal::new(EINVAL, "variable has no value", nest));
    };
    let number = value.u64().unwrap_or(0);
    match config.set(name.text(), number) {
        Ok(()) => Ok(()),
        Err(Unset::Memory(why)) => Err(why.into()),
        Err(Unset::Refused(options::Refused::Unknown)) => Err(Refusal::new(
            ENOENT,
            "there is no variable of this name",
            name,
        )),
        Err(Unset::Refused(options::Refused::Range)) => Err(Refusal::new(
            ERANGE,
            "value is out of the variable's range",
            value,
        )),
    }
}
