// SPDX-License-Identifier: GPL-2.0

//! What the kernel holds, as statements that make it again.

use natpt_netlink::spec::{Prefix, Rule, Status, Variable, PROTOS};

/// `2001:db8:64::/96`
pub fn prefix(prefix: &Prefix) -> String {
    match (prefix.address, prefix.length) {
        (Some(address), Some(length)) => format!("{address}/{length}"),
        _ => String::new(),
    }
}

/// `from any6 to 192.0.2.1 port 1024 - 65535 proto tcp/udp`
pub fn rule(rule: &Rule) -> String {
    let mut text = format!("from {}", source(rule));
    if let Some(pool) = rule.to {
        text.push_str(&format!(" to {pool}"));
    }
    if let (Some(min), Some(max)) = (rule.port_min, rule.port_max) {
        text.push_str(&format!(" port {min} - {max}"));
    }
    let protos = protos(rule);
    if !protos.is_empty() {
        text.push_str(&format!(" proto {}", protos.join("/")));
    }
    text
}

/// `any6`, an address, or a prefix.
pub fn source(rule: &Rule) -> String {
    match (rule.from, rule.from_length) {
        (None, _) => "any6".into(),
        (Some(address), None | Some(128)) => address.to_string(),
        (Some(address), Some(length)) => format!("{address}/{length}"),
    }
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
    let mut lines = vec!["prefix flush".into(), "map flush".into()];
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
        let (name, value) = (one.name.as_ref()?, one.value?);
        Some(format!("set {name} = {value}"))
    }));
    lines.push(format!("map {}", mapping(&config.status)));
    lines
}

#[cfg(test)]
mod tests {
    use natpt_netlink::spec::Statement;

    use super::*;
    use crate::source;

    /// Lines that come back as they are.
    #[test]
    fn round_trip() {
        let text = "\
prefix flush
map flush
prefix 2001:db8:64::/96
prefix 2001:db8:100::/40
map 0 from 2001:db8::7 to 192.0.2.3 proto icmp
map 10 from 2001:db8:1::/48 to 192.0.2.1 port 1024 - 65535 proto tcp/udp
map 4294967295 from any6 to 192.0.2.2
set udp-timeout = 300
map enable
";
        let mut made = Config::default();
        for placed in source::parse(text.as_bytes()).unwrap() {
            match placed.change.statement {
                Statement::PrefixAdd(one) => made.prefixes.push(one),
                Statement::MapAdd(one) => made.rules.push(one),
                Statement::Set(one) => made.variables.push(one),
                Statement::Enable(one) => made.status.enabled = Some(one),
                _ => (),
            }
        }
        assert_eq!(config(&made).join("\n") + "\n", text);
    }
}
