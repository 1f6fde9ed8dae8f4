// SPDX-License-Identifier: GPL-2.0

//! The kernel's state, as statements that make it again.

use std::net::Ipv4Addr;

use natpt_netlink::spec::{
    filtering, hosts, refreshing, Prefix, Rule, Status, Variable, FILTERING, HOSTS, PROTOS,
    REFRESHING,
};

use crate::value;

/// `2001:db8:64::/96`
pub fn prefix(prefix: &Prefix) -> String {
    match (prefix.address, prefix.length) {
        (Some(address), Some(length)) => format!("{address}/{length}"),
        _ => String::new(),
    }
}

/// `from any6 to 192.0.2.1 port 1024 - 65535 proto tcp/udp`
pub fn rule(rule: &Rule) -> String {
    let is_inbound = is_static(rule) && (rule.port_min.is_some() || rule.peer.is_some());
    let mut text = match is_inbound {
        true => inbound(rule),
        false => format!("from {} to {}", source(rule), target(rule)),
    };
    if rule.stateless.is_some() {
        text.push_str(" stateless");
    }
    if let (false, Some(min), Some(max)) = (is_inbound, rule.port_min, rule.port_max) {
        text.push_str(&format!(" port {min} - {max}"));
    }
    if let Some(size) = rule.block_size {
        text.push_str(&format!(" block {size}"));
        if let Some(length) = rule.block_host_length {
            text.push_str(&format!(" per /{length}"));
        }
    }
    let protos = protos(rule);
    if !protos.is_empty() {
        text.push_str(&format!(" proto {}", protos.join("/")));
    }
    if is_static(rule) && !is_inbound {
        text.push_str(" bidir");
    }
    if let Some(filter) = filter(rule).filter(|_| rule.filter != Some(filtering::NONE)) {
        text.push_str(&format!(" filter {filter}"));
    }
    if let Some(refresh) = refresh(rule).filter(|_| rule.refresh != Some(refreshing::BOTH)) {
        text.push_str(&format!(" refresh {refresh}"));
    }
    if let Some(comment) = &rule.comment {
        text.push_str(&format!(" comment \"{comment}\""));
    }
    text
}

/// `from 203.0.113.0/24 daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 8080`
fn inbound(rule: &Rule) -> String {
    let mut text = String::from("from ");
    if let Some(peer) = peer(rule) {
        text.push_str(&format!("{peer} "));
    }
    let (mut dport, mut dport6) = (String::new(), String::new());
    if let (Some(min), Some(max)) = (rule.port_min, rule.port_max) {
        let first = rule.port6.unwrap_or(min);
        let last = first.saturating_add(max.saturating_sub(min));
        dport = format!(" dport {}", value::show_ports(min, max));
        dport6 = format!(" dport {}", value::show_ports(first, last));
    }
    let (to, from) = (addresses4(rule), addresses6(rule));
    text.push_str(&format!("daddr {to}{dport} to daddr {from}{dport6}"));
    text
}

/// KAME's short form: `masquerade any 192.0.2.1 1024-65535 tcp/udp`, which no statement reads.
pub fn short(rule: &Rule) -> String {
    let (v6, v4) = (addresses6(rule), addresses4(rule));
    let v6 = v6
        .strip_suffix('6')
        .filter(|any| *any == "any")
        .unwrap_or(&v6);
    let range = |first, last| value::show_ports(first, last).replace(' ', "");
    let ports = rule.port_min.zip(rule.port_max);
    let mut text = match (is_static(rule), ports) {
        (true, Some((min, max))) => {
            let first = rule.port6.unwrap_or(min);
            let last = first.saturating_add(max.saturating_sub(min));
            format!(
                "redirect {v4} {} {v6} {}",
                range(min, max),
                range(first, last)
            )
        }
        (true, None) if rule.peer.is_some() => format!("static 4to6 {v4} {v6}"),
        (true, None) => format!("static bidir {v6} {v4}"),
        (false, _) if rule.stateless.is_some() => format!("static bidir {v6} {v4}"),
        (false, None) => format!("masquerade {v6} {v4}"),
        (false, Some((min, max))) => format!("masquerade {v6} {v4} {min}-{max}"),
    };
    let protos = protos(rule);
    if !protos.is_empty() {
        text.push_str(&format!(" {}", protos.join("/")));
    }
    if let Some(peer) = peer(rule) {
        text.push_str(&format!(" from {peer}"));
    }
    text
}

/// Whether hosts and addresses stand for each other, whoever speaks first.
pub fn is_static(rule: &Rule) -> bool {
    rule.bidir.is_some_and(|bidir| bidir != 0)
}

/// The IPv4 hosts that may open sessions of a static mapping: an address, or a prefix.
pub fn peer(rule: &Rule) -> Option<String> {
    let address = rule.peer?;
    Some(match rule.peer_length {
        None | Some(32) => address.to_string(),
        Some(length) => format!("{address}/{length}"),
    })
}

/// The hosts: `any6`, an address, or a prefix.
pub fn source(rule: &Rule) -> String {
    match rule.stateless {
        Some(hosts::V4) => addresses4(rule),
        _ => addresses6(rule),
    }
}

/// The addresses that the hosts appear as.
pub fn target(rule: &Rule) -> String {
    match rule.stateless {
        Some(hosts::V4) => addresses6(rule),
        _ => addresses4(rule),
    }
}

fn addresses6(rule: &Rule) -> String {
    match (rule.from, rule.from_length) {
        (None, _) => "any6".into(),
        (Some(address), None | Some(128)) => address.to_string(),
        (Some(address), Some(length)) => format!("{address}/{length}"),
    }
}

fn addresses4(rule: &Rule) -> String {
    let Some(first) = rule.to else {
        return "?".into();
    };
    match (rule.to_length, rule.to_last) {
        (Some(length), _) if length < 32 => format!("{first}/{length}"),
        (_, Some(last)) => pool(first, last),
        _ => first.to_string(),
    }
}

/// A prefix if it is one, else the first and the last address.
fn pool(first: Ipv4Addr, last: Ipv4Addr) -> String {
    let rest = first.to_bits() ^ last.to_bits();
    let is_prefix = rest & rest.wrapping_add(1) == 0 && first.to_bits() & rest == 0;
    match is_prefix {
        true => format!("{first}/{}", rest.leading_zeros()),
        false => format!("{first} - {last}"),
    }
}

/// `v6` or `v4`: where a stateless rule's hosts are.
pub fn stateless(rule: &Rule) -> Option<&'static str> {
    HOSTS.get(usize::from(rule.stateless?)).copied()
}

/// Which packets of IPv4 hosts open sessions of a stateful rule.
pub fn filter(rule: &Rule) -> Option<&'static str> {
    FILTERING.get(usize::from(rule.filter?)).copied()
}

/// Whose packets keep sessions of a stateful rule alive.
pub fn refresh(rule: &Rule) -> Option<&'static str> {
    REFRESHING.get(usize::from(rule.refresh?)).copied()
}

/// None are all of them.
pub fn protos(rule: &Rule) -> Vec<&'static str> {
    let mask = rule.protos.unwrap_or(0);
    let names = PROTOS.iter().zip(0u32..);
    let chosen = names.filter(|(_, bit)| mask & (1 << bit) != 0);
    chosen.map(|(name, _)| *name).collect()
}

/// `enable` or `disable`
pub fn mapping(status: &Status) -> &'static str {
    match status.enabled {
        Some(0) | None => "disable",
        Some(_) => "enable",
    }
}

/// A whole configuration.
#[derive(Default)]
pub struct Config {
    pub prefixes: Vec<Prefix>,
    pub rules: Vec<Rule>,
    pub variables: Vec<Variable>,
    pub status: Status,
}

/// A file that makes this configuration, whatever was there before.
pub fn config(config: &Config) -> Vec<String> {
    // Prefixes with a stateless rule's hosts are not removed before the rule.
    let mut lines = vec!["map flush".into(), "prefix flush".into()];
    lines.extend(
        config
            .prefixes
            .iter()
            .map(|one| format!("prefix {}", prefix(one))),
    );
    lines.extend(config.rules.iter().map(|one| {
        let number = one.number.unwrap_or_default();
        format!("map {number} {}", rule(one))
    }));
    lines.extend(config.variables.iter().filter_map(|one| {
        let (name, unit) = (one.name.as_ref()?, one.unit.as_deref());
        Some(format!("set {name} = {}", value::show(one.value?, unit)))
    }));
    lines.push(format!("map {}", mapping(&config.status)));
    lines
}

#[cfg(test)]
mod tests {
    use natpt_netlink::spec::Statement;

    use super::*;
    use crate::source;

    // KAME's own examples, in addresses of today.
    #[test]
    fn short_forms() {
        let made = |line: &str| {
            let placed = source::parse(line.as_bytes()).unwrap();
            match &placed[0].change.statement {
                Statement::MapAdd(rule) => short(rule),
                other => panic!("{line}: {other:?}"),
            }
        };
        for (line, text) in [
            (
                "map from daddr 192.0.2.9 dport 8080 to daddr 2001:db8::1 dport 80 proto tcp",
                "redirect 192.0.2.9 8080 2001:db8::1 80 tcp",
            ),
            (
                "map from 203.0.113.0/24 daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::1",
                "redirect 192.0.2.9 1-9 2001:db8::1 1-9 tcp/udp from 203.0.113.0/24",
            ),
            (
                "map from 203.0.113.7 daddr 192.0.2.9 to daddr 2001:db8::1",
                "static 4to6 192.0.2.9 2001:db8::1 from 203.0.113.7",
            ),
            (
                "map from 2001:db8::1 to 192.0.2.9 proto icmp bidir",
                "static bidir 2001:db8::1 192.0.2.9 icmp",
            ),
            (
                "map from 2001:db8::/120 to 192.0.2.0/24 stateless",
                "static bidir 2001:db8::/120 192.0.2.0/24",
            ),
            (
                "map from 2001:db8::/48 to 192.0.2.9 port 28672 - 32767 proto udp/tcp/icmp",
                "masquerade 2001:db8::/48 192.0.2.9 28672-32767 icmp/tcp/udp",
            ),
            ("map from any6 to 192.0.2.9", "masquerade any 192.0.2.9"),
            (
                "map from any6 to 192.0.2.1 - 192.0.2.2 port 9 - 9",
                "masquerade any 192.0.2.1 - 192.0.2.2 9-9",
            ),
        ] {
            assert_eq!(made(line), text, "{line}");
        }
    }

    /// Lines that come back as they are.
    // req: B-031 B-032 C-016
    #[test]
    fn round_trip() {
        let text = "\
map flush
prefix flush
prefix 2001:db8:64::/96
prefix 2001:db8:100::/40
map 0 from 2001:db8::7 to 192.0.2.3 proto icmp
map 10 from 2001:db8:1::/48 to 192.0.2.1 port 1024 - 65535 proto tcp/udp comment \"the lab\"
map 20 from 2001:db8:d::a to 192.0.2.4 stateless
map 30 from 2001:db8:e::/120 to 198.51.100.0/24 stateless
map 40 from 192.0.0.1 to 2001:db8:c1a7::1 stateless comment \"CLAT # 1\"
map 50 from 203.0.113.0/24 to 2001:db8:f::/64 stateless
map 60 from any6 to 192.0.2.2 filter address
map 70 from any6 to 192.0.2.2 port 1 - 9 filter port refresh outbound comment \"café; $X\"
map 80 from any6 to 192.0.2.2 proto icmp/udp refresh outbound
map 90 from any6 to 192.0.2.0/26
map 91 from 2001:db8::/32 to 192.0.2.0/31 port 1 - 9 filter address
map 92 from any6 to 192.0.2.1 - 192.0.2.2
map 93 from 2001:db8::7 to 192.0.2.0 - 192.0.2.2 proto tcp
map 94 from 2001:db8:1::/56 to 192.0.2.0/29 port 1024 - 65535 block 1000 per /64
map 95 from 2001:db8:2::/124 to 192.0.2.8 port 2048 - 4095 block 128 per /128 proto udp filter port
map 100 from 2001:db8::7 to 192.0.2.9 bidir
map 110 from 2001:db8::/120 to 192.0.2.0/24 proto tcp bidir filter address
map 120 from 2001:db8::10/124 to 192.0.2.16/28 bidir refresh outbound comment \"bidir\"
map 130 from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 8080 proto tcp
map 131 from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 80 proto tcp/udp
map 140 from 203.0.113.0/24 daddr 192.0.2.9 dport 8000 - 8099 to daddr 2001:db8::7 dport 80 - 179 proto tcp/udp
map 141 from 198.51.100.7 daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 1 - 9 proto udp filter port
map 150 from 198.51.100.7 daddr 192.0.2.9 to daddr 2001:db8::7 comment \"/\"
map 151 from 128.0.0.0/1 daddr 192.0.2.9 to daddr 2001:db8::7 proto icmp refresh outbound
map 4294967295 from any6 to 192.0.2.2
set udp-timeout = 300
set error-source = 192.0.2.9
map enable
";
        let mut made = Config::default();
        for placed in source::parse(text.as_bytes()).unwrap() {
            match placed.change.statement {
                Statement::PrefixAdd(one) => made.prefixes.push(one),
                Statement::MapAdd(one) => made.rules.push(one),
                Statement::Set(mut one) => {
                    // As the kernel says it.
                    let address = placed.change.notation == value::Notation::Address;
                    one.unit = address.then(|| "address".into());
                    made.variables.push(one);
                }
                Statement::Enable(one) => made.status.enabled = Some(one),
                _ => (),
            }
        }
        assert_eq!(config(&made).join("\n") + "\n", text);
    }
}
