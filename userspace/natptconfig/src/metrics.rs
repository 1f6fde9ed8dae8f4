// SPDX-License-Identifier: GPL-2.0

//! The kernel's counters in Prometheus's text format, for node_exporter's textfile collector or
//! whatever asks for them.

use std::fmt::Display;
use std::io::{self, Write};

use natpt_netlink::spec::{Count, Counter, Rule, Status, Variable};

use crate::{protocol, xlate};

/// What is told of a namespace.
pub struct Metrics {
    pub status: Status,
    pub counters: Vec<Counter>,
    pub counts: Vec<Count>,
    pub rules: Vec<Rule>,
    pub variables: Vec<Variable>,
}

/// Counters of this name are of drops, for the reason behind it.
pub const DROP: &str = "drop-";

/// Most of what there may be, with the variable that says so.
const LIMITS: &[(&str, &str, &str)] = &[
    (
        "sessions_limit",
        "max-sessions",
        "Sessions that there may be at once.",
    ),
    (
        "mappings_limit",
        "max-mappings",
        "Mappings that there may be at once.",
    ),
];

impl Metrics {
    /// Print one family of metrics after the other, each with its meaning and kind.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let status = &self.status;
        let version = status.version.as_deref().unwrap_or_default();
        family(out, "info", "gauge", "Version of the module.")?;
        sample(out, "info", &[("version", version)], 1)?;
        for (name, value, help) in [
            (
                "enabled",
                status.enabled.map(u64::from),
                "Translation is on.",
            ),
            (
                "generation",
                status.generation.map(u64::from),
                "Changes of the configuration.",
            ),
            (
                "sessions",
                status.sessions.map(u64::from),
                "Sessions that there are.",
            ),
            (
                "mappings",
                status.mappings.map(u64::from),
                "Mappings that there are.",
            ),
        ] {
            family(out, name, "gauge", help)?;
            sample(out, name, &[], value.unwrap_or_default())?;
        }
        for (name, variable, help) in LIMITS {
            let named = |it: &&Variable| it.name.as_deref() == Some(*variable);
            if let Some(value) = self.variables.iter().find(named).and_then(|it| it.value) {
                family(out, name, "gauge", help)?;
                sample(out, name, &[], value)?;
            }
        }
        family(
            out,
            "state_sessions",
            "gauge",
            "Sessions by protocol and state.",
        )?;
        for it in &self.counts {
            let (proto, state) = (protocol::name(it.proto), xlate::state(it.state));
            let labels = [("proto", &*proto), ("state", state.unwrap_or("none"))];
            sample(
                out,
                "state_sessions",
                &labels,
                it.sessions.unwrap_or_default(),
            )?;
        }
        family(
            out,
            "rule_mappings_total",
            "counter",
            "Mappings that a rule has made.",
        )?;
        for rule in &self.rules {
            if let (Some(number), Some(mappings)) = (rule.number, rule.mappings) {
                let number = number.to_string();
                sample(out, "rule_mappings_total", &[("rule", &number)], mappings)?;
            }
        }
        self.print_counters(out)
    }

    fn print_counters(&self, out: &mut impl Write) -> io::Result<()> {
        let name = |it: &Counter| it.name.clone().unwrap_or_default();
        for it in self
            .counters
            .iter()
            .filter(|it| !name(it).starts_with(DROP))
        {
            let name = format!("{}_total", name(it).replace('-', "_"));
            family(out, &name, "counter", it.doc.as_deref().unwrap_or_default())?;
            sample(out, &name, &[], it.value.unwrap_or_default())?;
        }
        family(
            out,
            "drops_total",
            "counter",
            "Packets that were dropped, by reason.",
        )?;
        for it in &self.counters {
            if let Some(reason) = name(it).strip_prefix(DROP) {
                sample(
                    out,
                    "drops_total",
                    &[("reason", reason)],
                    it.value.unwrap_or_default(),
                )?;
            }
        }
        Ok(())
    }
}

fn family(out: &mut impl Write, name: &str, kind: &str, help: &str) -> io::Result<()> {
    let help = help.replace('\\', "\\\\").replace('\n', "\\n");
    writeln!(
        out,
        "# HELP natpt_{name} {help}\n# TYPE natpt_{name} {kind}"
    )
}

fn sample(
    out: &mut impl Write,
    name: &str,
    labels: &[(&str, &str)],
    value: impl Display,
) -> io::Result<()> {
    let quote = |it: &str| {
        it.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", quote(value)))
        .collect();
    let labels = match labels.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", labels.join(",")),
    };
    writeln!(out, "natpt_{name}{labels} {value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::tests::counter;

    #[test]
    fn each_family_stands_together_behind_its_meaning() {
        let metrics = Metrics {
            status: Status {
                enabled: Some(1),
                generation: Some(4),
                sessions: Some(7),
                mappings: Some(2),
                version: Some("0.1 \"x\"".into()),
            },
            counters: vec![
                counter("translated-6to4", 9, "to IPv4\\"),
                counter("drop-no-mapping", 3, "nobody's"),
                counter("drop-loop", 0, "a loop"),
            ],
            counts: vec![Count {
                proto: Some(6),
                state: Some(3),
                sessions: Some(5),
            }],
            rules: vec![Rule {
                number: Some(10),
                mappings: Some(6),
                ..Rule::default()
            }],
            variables: vec![Variable {
                name: Some("max-sessions".into()),
                value: Some(100),
                ..Variable::default()
            }],
        };
        let mut out = Vec::new();
        metrics.print(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                "natpt_info{version=\"0.1 \\\"x\\\"\"} 1",
                "natpt_enabled 1",
                "natpt_generation 4",
                "natpt_sessions 7",
                "natpt_mappings 2",
                "natpt_sessions_limit 100",
                "natpt_state_sessions{proto=\"tcp\",state=\"established\"} 5",
                "natpt_rule_mappings_total{rule=\"10\"} 6",
                "natpt_translated_6to4_total 9",
                "natpt_drops_total{reason=\"no-mapping\"} 3",
                "natpt_drops_total{reason=\"loop\"} 0",
            ]
        );
        assert!(text.contains("# HELP natpt_translated_6to4_total to IPv4\\\\\n# TYPE"));
        let mut family = "";
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(kind) => family = kind.split(' ').next().unwrap(),
                None if line.starts_with('#') => (),
                None => assert_eq!(line.split(['{', ' ']).next(), Some(family)),
            }
        }
    }
}
