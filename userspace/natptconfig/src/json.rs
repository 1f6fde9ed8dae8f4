// SPDX-License-Identifier: GPL-2.0

//! The kernel's state, as JSON with the names of the netlink spec.

use natpt_core::nat::block::Block;
use natpt_netlink::spec::{Count, Counter, Prefix, Rule, Session, Status, Variable};
use serde_json::{json, Value};

use crate::hosts::Host;
use crate::pool::{Pool, Use};
use crate::protocol::KINDS;
use crate::statement::Config;
use crate::{block, protocol, statement, value, xlate};

pub fn prefix(prefix: &Prefix) -> Value {
    json!({ "address": prefix.address, "length": prefix.length })
}

pub fn status(status: &Status) -> Value {
    json!({
        "enabled": status.enabled.is_some_and(|enabled| enabled != 0),
        "generation": status.generation,
        "sessions": status.sessions,
        "mappings": status.mappings,
        "version": status.version,
    })
}

pub fn rule(rule: &Rule) -> Value {
    json!({
        "number": rule.number,
        "from": statement::source(rule),
        "to": statement::target(rule),
        "port-min": rule.port_min,
        "port-max": rule.port_max,
        "protos": statement::protos(rule),
        "stateless": statement::stateless(rule),
        "filter": statement::filter(rule),
        "refresh": statement::refresh(rule),
        "bidir": statement::is_static(rule),
        "port6": rule.port6,
        "peer": statement::peer(rule),
        "block-size": rule.block_size,
        "block-host-length": rule.block_host_length,
        "mappings": rule.mappings,
        "comment": rule.comment,
    })
}

/// A block of ports, of the rule with a number.
pub fn block((number, block): &(u32, Block)) -> Value {
    json!({
        "rule": number,
        "host": block::host(block),
        "address": block.addr,
        "port-min": block.ports.0,
        "port-max": block.ports.1,
    })
}

pub fn variable(variable: &Variable) -> Value {
    let number = |number: Option<u64>| match variable.unit.as_deref() {
        Some("address") => number.map(|bits| value::show(bits, Some("address"))).into(),
        _ => json!(number),
    };
    json!({
        "name": variable.name,
        "value": number(variable.value),
        "default": number(variable.default),
        "min": number(variable.min),
        "max": number(variable.max),
        "unit": variable.unit,
        "doc": variable.doc,
    })
}

pub fn counter(counter: &Counter) -> Value {
    json!({ "name": counter.name, "value": counter.value, "doc": counter.doc })
}

pub fn session(session: &Session) -> Value {
    json!({
        "proto": protocol::name(session.proto),
        "source6": session.source6,
        "source-port6": session.source_port6,
        "target6": session.target6,
        "source4": session.source4,
        "source-port4": session.source_port4,
        "target4": session.target4,
        "target-port": session.target_port,
        "state": xlate::state(session.state),
        "idle": session.idle,
        "expires": session.expires,
    })
}

/// The number of sessions by protocol and state.
pub fn counts(counts: &[Count]) -> Value {
    let mut all = json!({});
    for count in counts {
        let state = xlate::state(count.state).unwrap_or("none");
        all[protocol::name(count.proto)][state] = count.sessions.into();
    }
    all
}

/// A host, and how many sessions and mappings it has.
pub fn host(host: &Host) -> Value {
    let mut all = json!({
        "host": host.addr,
        "sessions": host.all(),
        "mappings": host.mappings,
    });
    for (kind, sessions) in KINDS.iter().zip(host.sessions) {
        all[kind] = sessions.into();
    }
    all
}

/// A pool, and what is in use of it.
pub fn pool(pool: &Pool) -> Value {
    let mut all = pool_sum(pool);
    let list = pool.each().map(|(addr, of)| {
        let mut one = usage(&of);
        one["address"] = json!(addr);
        one
    });
    all["list"] = list.collect();
    all
}

/// The same without its addresses.
pub fn pool_sum(pool: &Pool) -> Value {
    let mut all = usage(&pool.sum());
    all["rules"] = json!(pool.rules);
    all["to"] = json!(pool.to);
    all["ports"] = json!(pool.ports);
    all["protos"] = json!(pool.protos());
    all["addresses"] = json!(pool.addresses());
    all
}

fn usage(of: &Use) -> Value {
    json!({
        "used": by_kind(of.used),
        "capacity": by_kind(of.capacity),
        "percent": of.per_mille().map(tenths),
    })
}

fn by_kind<T: Into<Value>>(numbers: [T; KINDS.len()]) -> Value {
    let mut all = json!({});
    for (kind, number) in KINDS.iter().zip(numbers) {
        all[kind] = number.into();
    }
    all
}

pub fn tenths(number: u64) -> f64 {
    number as f64 / 10.0
}

pub fn config(config: &Config) -> Value {
    json!({
        "prefixes": config.prefixes.iter().map(prefix).collect::<Value>(),
        "rules": config.rules.iter().map(rule).collect::<Value>(),
        "variables": config.variables.iter().map(variable).collect::<Value>(),
        "status": status(&config.status),
    })
}

#[cfg(test)]
mod tests {
    use natpt_netlink::spec::Statement;

    use super::*;
    use crate::source;

    #[test]
    fn static_mappings() {
        let made = |line: &str| {
            let mut placed = source::parse(line.as_bytes()).unwrap();
            match placed.remove(0).change.statement {
                Statement::MapAdd(made) => made,
                other => panic!("{line}: {other:?}"),
            }
        };
        let fields = |made: Rule| {
            let made = rule(&made);
            [
                "from", "to", "bidir", "port-min", "port-max", "port6", "peer",
            ]
            .map(|name| made[name].clone())
        };
        assert_eq!(
            fields(made("map from 2001:db8::/120 to 192.0.2.0/24 bidir")),
            [
                json!("2001:db8::/120"),
                json!("192.0.2.0/24"),
                json!(true),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ]
        );
        assert_eq!(
            fields(made(
                "map from 203.0.113.0/24 daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 80"
            )),
            [
                json!("2001:db8::7"),
                json!("192.0.2.9"),
                json!(true),
                json!(1),
                json!(9),
                json!(80),
                json!("203.0.113.0/24"),
            ]
        );
        assert_eq!(
            fields(Rule {
                bidir: Some(0),
                ..made("map from any6 to 192.0.2.9")
            }),
            [
                json!("any6"),
                json!("192.0.2.9"),
                json!(false),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ]
        );
    }
}
