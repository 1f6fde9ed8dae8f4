// SPDX-License-Identifier: GPL-2.0

//! `top`: what goes on, on one screen, again and again.

use std::cmp::Reverse;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant};

use natpt_netlink::spec::{Counter, Filter, Mapping, Rule, Session, Status, Variable};
use natpt_netlink::{Connection, Error};
use serde_json::{json, Value};
use terminal_size::{terminal_size, Height, Width};

use crate::failure::Failure;
use crate::hosts::{self, Host, Hosts};
use crate::json::{self, tenths};
use crate::metrics::DROP;
use crate::own::Own;
use crate::pool::{self, Pools};
use crate::table::{self, Align};
use crate::{statement, stats, value};

/// So many lines of drops, hosts and pools have room.
const DROPS: usize = 5;
const HOSTS: u32 = 10;
const POOLS: usize = 5;

/// The cursor goes to the first place, and what was there is gone.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// What is shown at once.
struct Screen {
    status: Status,
    /// How long things were counted.
    passed: Duration,
    max_sessions: Option<u64>,
    max_mappings: Option<u64>,
    /// Packets a second, to IPv4 and to IPv6, in tenths.
    translated: [u64; 2],
    /// ICMP errors likewise.
    errors: [u64; 2],
    /// Those that there were, the most first.
    drops: Vec<Dropped>,
    hosts: Vec<Host>,
    more_hosts: usize,
    pools: Pools,
}

/// Packets that were dropped for a reason.
#[derive(Debug, PartialEq, Eq)]
struct Dropped {
    reason: String,
    /// A second, in tenths.
    rate: u64,
    doc: String,
}

/// Show to the end of time, or of the reader.
pub fn top(
    kernel: &mut Connection,
    seconds: u32,
    as_json: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let is_terminal = io::stdout().is_terminal();
    let mut counters: Vec<Counter> = kernel.dump()?;
    let (mut since, mut generation, mut pools) = (Instant::now(), None, Pools::default());
    // The first screen is there soon.
    let mut wait = 1;
    loop {
        thread::sleep(Duration::from_secs(wait));
        wait = seconds.into();
        let status: Status = kernel.get()?;
        // There may be very many rules, and they seldom change.
        if generation != Some(status.generation) {
            let mut own = Own::new();
            pools = Pools::new(&kernel.dump::<Rule>()?, |addr| own.ports(addr));
            generation = Some(status.generation);
        }
        let (now, at) = (kernel.dump()?, Instant::now());
        let passed = at.duration_since(since);
        since = at;
        let mut screen = Screen::new(status, &stats::changes(&counters, &now), passed, pools);
        counters = now;
        screen.limits(&kernel.dump()?);
        screen.entries(kernel)?;
        match as_json {
            true => writeln!(out, "{}", object(&screen))?,
            false => {
                // As one piece, so that it does not flicker.
                let mut text = Vec::new();
                screen.print(&mut text, seconds)?;
                let text = String::from_utf8_lossy(&text);
                match (is_terminal, terminal_size()) {
                    (true, Some((Width(columns), Height(lines)))) => {
                        write!(out, "{CLEAR}{}", fit(&text, columns.into(), lines.into()))?;
                    }
                    (true, None) => write!(out, "{CLEAR}{text}")?,
                    (false, _) => writeln!(out, "{text}")?,
                }
            }
        }
        out.flush()?;
        pools = screen.pools;
    }
}

impl Screen {
    fn new(status: Status, changes: &[Counter], passed: Duration, pools: Pools) -> Self {
        let rate_of = |name: &str| {
            let named = |one: &&Counter| one.name.as_deref() == Some(name);
            let change = changes.iter().find(named).and_then(|one| one.value);
            rate(change.unwrap_or_default(), passed)
        };
        Self {
            status,
            passed,
            max_sessions: None,
            max_mappings: None,
            translated: ["translated-6to4", "translated-4to6"].map(rate_of),
            errors: ["icmp-errors-6to4", "icmp-errors-4to6"].map(rate_of),
            drops: drops(changes, passed),
            hosts: Vec::new(),
            more_hosts: 0,
            pools,
        }
    }

    fn limits(&mut self, variables: &[Variable]) {
        let value = |name: &str| {
            let named = |one: &&Variable| one.name.as_deref() == Some(name);
            variables.iter().find(named).and_then(|one| one.value)
        };
        self.max_sessions = value("max-sessions");
        self.max_mappings = value("max-mappings");
    }

    /// Count sessions and mappings, which are read once.
    fn entries(&mut self, kernel: &mut Connection) -> Result<(), Error> {
        let all = Filter::default();
        let mut hosts = Hosts::new(&all);
        self.pools.clear();
        kernel.each(&all, |session: Session| {
            hosts.session(&session);
            Ok::<_, Error>(())
        })?;
        kernel.each(&all, |mapping: Mapping| {
            hosts.mapping(&mapping);
            self.pools.mapping(&mapping);
            Ok::<_, Error>(())
        })?;
        (self.hosts, self.more_hosts) = hosts.most(Some(HOSTS));
        Ok(())
    }

    fn print(&self, out: &mut impl Write, seconds: u32) -> io::Result<()> {
        let status = &self.status;
        let version = status.version.as_deref().unwrap_or_default();
        let mapping = statement::mapping(status);
        writeln!(
            out,
            "natpt {version}, mapping: {mapping}, every {seconds} s"
        )?;
        let of = |now: Option<u32>, most: Option<u64>| {
            let now = u64::from(now.unwrap_or_default());
            let percent = most.and_then(|most| value::per_mille(now, most));
            let percent = value::show_tenths(percent.unwrap_or_default());
            format!("{now} of {} ({percent}%)", most.unwrap_or_default())
        };
        let both = |[to4, to6]: [u64; 2]| {
            let (to4, to6) = (value::show_tenths(to4), value::show_tenths(to6));
            format!("{to4} to IPv4, {to6} to IPv6")
        };
        let rows = [
            ("Sessions", of(status.sessions, self.max_sessions)),
            ("Mappings", of(status.mappings, self.max_mappings)),
            ("Packets/s", both(self.translated)),
            ("ICMP errors/s", both(self.errors)),
        ];
        let rows = rows.map(|(name, text)| [name.into(), text]);
        table::print(out, [Align::Left, Align::Left], &rows)?;
        if !self.drops.is_empty() {
            writeln!(out)?;
            self.print_drops(out)?;
        }
        if !self.hosts.is_empty() {
            writeln!(out)?;
            hosts::print(out, &self.hosts)?;
            more(out, self.more_hosts)?;
        }
        let (pools, others) = self.pools.fullest(POOLS);
        if !pools.is_empty() {
            writeln!(out)?;
            pool::print(out, pools, false)?;
            more(out, others)?;
        }
        Ok(())
    }

    fn print_drops(&self, out: &mut impl Write) -> io::Result<()> {
        let header = ["Drops/s", "Reason", "Meaning"].map(String::from);
        let rows = self.drops.iter().take(DROPS).map(|drop| {
            let rate = value::show_tenths(drop.rate);
            [rate, drop.reason.clone(), drop.doc.clone()]
        });
        let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
        table::print(out, [Align::Right, Align::Left, Align::Left], &rows)?;
        more(out, self.drops.len().saturating_sub(DROPS))
    }
}

/// What a terminal has room for; the cursor is in the line behind it.
fn fit(text: &str, columns: usize, lines: usize) -> String {
    let lines = text.lines().take(lines.saturating_sub(1));
    lines
        .flat_map(|line| line.chars().take(columns).chain(['\n']))
        .collect()
}

fn more(out: &mut impl Write, others: usize) -> io::Result<()> {
    match others {
        0 => Ok(()),
        others => writeln!(out, "and {others} more"),
    }
}

/// A screen as JSON.
fn object(screen: &Screen) -> Value {
    let status = &screen.status;
    let of = |now: Option<u32>, most: Option<u64>| {
        let now = u64::from(now.unwrap_or_default());
        let percent = most.and_then(|most| value::per_mille(now, most));
        json!({ "now": now, "most": most, "percent": percent.map(tenths) })
    };
    let both = |[to4, to6]: [u64; 2]| json!({ "to4": tenths(to4), "to6": tenths(to6) });
    let drops = screen
        .drops
        .iter()
        .map(|drop| json!({ "reason": drop.reason, "rate": tenths(drop.rate), "doc": drop.doc }));
    json!({
        "enabled": status.enabled.is_some_and(|enabled| enabled != 0),
        "version": status.version,
        "seconds": screen.passed.as_secs_f64(),
        "sessions": of(status.sessions, screen.max_sessions),
        "mappings": of(status.mappings, screen.max_mappings),
        "translated": both(screen.translated),
        "errors": both(screen.errors),
        "drops": drops.collect::<Value>(),
        "hosts": screen.hosts.iter().map(json::host).collect::<Value>(),
        "pools": screen.pools.iter().map(json::pool_sum).collect::<Value>(),
    })
}

/// So many a second, in tenths.
fn rate(change: u64, passed: Duration) -> u64 {
    let rate = (u128::from(change) * 10_000).checked_div(passed.as_millis());
    u64::try_from(rate.unwrap_or_default()).unwrap_or(u64::MAX)
}

/// What was dropped, the most first.
fn drops(changes: &[Counter], passed: Duration) -> Vec<Dropped> {
    let drops = changes.iter().filter_map(|one| {
        let reason = one.name.as_deref()?.strip_prefix(DROP)?;
        let change = one.value.filter(|change| *change != 0)?;
        Some(Dropped {
            reason: reason.into(),
            rate: rate(change, passed),
            doc: one.doc.clone().unwrap_or_default(),
        })
    });
    let mut drops: Vec<_> = drops.collect();
    drops.sort_by_key(|one| Reverse(one.rate));
    drops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str, value: u64) -> Counter {
        Counter {
            name: Some(name.into()),
            value: Some(value),
            doc: Some(format!("what {name} means")),
        }
    }

    fn screen() -> Screen {
        let changes = [
            counter("translated-6to4", 25),
            counter("translated-4to6", 20),
            counter("icmp-errors-4to6", 1),
            counter("claimed", 50),
            counter("drop-loop", 0),
            counter("drop-filtered", 1),
            counter("drop-no-mapping", 4),
        ];
        let status = Status {
            enabled: Some(1),
            generation: Some(4),
            sessions: Some(3),
            mappings: Some(2),
            version: Some("0.1".into()),
        };
        let rule = Rule {
            number: Some(100),
            to: "192.0.2.1".parse().ok(),
            ..Rule::default()
        };
        let pools = Pools::new(&[rule], |_| None);
        let mut screen = Screen::new(status, &changes, Duration::from_secs(2), pools);
        let variable = |name: &str, value| Variable {
            name: Some(name.into()),
            value: Some(value),
            ..Variable::default()
        };
        screen.limits(&[variable("max-sessions", 30), variable("max-mappings", 4)]);
        screen.hosts.push(Host {
            addr: "2001:db8::7".parse().unwrap(),
            sessions: [2, 1, 0, 0],
            mappings: Some(2),
        });
        screen.more_hosts = 1;
        screen
    }

    #[test]
    fn one_screen() {
        let mut out = Vec::new();
        screen().print(&mut out, 2).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
natpt 0.1, mapping: enable, every 2 s
Sessions       3 of 30 (10.0%)
Mappings       2 of 4 (50.0%)
Packets/s      12.5 to IPv4, 10.0 to IPv6
ICMP errors/s  0.0 to IPv4, 0.5 to IPv6

Drops/s  Reason      Meaning
    2.0  no-mapping  what drop-no-mapping means
    0.5  filtered    what drop-filtered means

Host         Sessions  tcp  udp  icmp  other  Mappings
2001:db8::7         3    2    1     0      0         2
and 1 more

Rules  Address    Ports  tcp  udp  icmp  other  Capacity  Used
100    192.0.2.1  all      0    0     0      -     65535  0.0%
"
        );
    }

    #[test]
    fn as_json() {
        let all = object(&screen());
        let keys: Vec<_> = all.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "drops",
                "enabled",
                "errors",
                "hosts",
                "mappings",
                "pools",
                "seconds",
                "sessions",
                "translated",
                "version",
            ]
        );
        assert_eq!(
            all["sessions"],
            json!({ "now": 3, "most": 30, "percent": 10.0 })
        );
        assert_eq!(all["translated"], json!({ "to4": 12.5, "to6": 10.0 }));
        assert_eq!(all["errors"], json!({ "to4": 0.0, "to6": 0.5 }));
        assert_eq!(all["seconds"], 2.0);
        assert_eq!(
            all["drops"][0],
            json!({
                "reason": "no-mapping",
                "rate": 2.0,
                "doc": "what drop-no-mapping means",
            })
        );
        assert_eq!(all["hosts"][0]["host"], "2001:db8::7");
        assert_eq!(all["pools"][0]["to"], "192.0.2.1");
    }

    #[test]
    fn long_lists_are_cut() {
        let mut screen = screen();
        let drops = (0..9).map(|number| Dropped {
            reason: format!("reason{number}"),
            rate: 90 - number,
            doc: String::new(),
        });
        screen.drops = drops.collect();
        screen.more_hosts = 0;
        let mut out = Vec::new();
        screen.print(&mut out, 2).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("reason").count(), DROPS);
        assert_eq!(text.matches("\nand 4 more\n").count(), 1);
    }

    #[test]
    fn a_terminal_has_room_for_so_much() {
        assert_eq!(fit("one\n\nthree\nfour\n", 4, 4), "one\n\nthre\n");
        assert_eq!(fit("one\ntwo\n", 80, 24), "one\ntwo\n");
        assert_eq!(fit("one\n", 80, 0), "");
    }

    #[test]
    fn rates() {
        let rate = |change, millis| value::show_tenths(rate(change, Duration::from_millis(millis)));
        assert_eq!(rate(3, 2000), "1.5");
        assert_eq!(rate(1, 100_000), "0.0");
        assert_eq!(rate(1_000_000, 1), "1000000000.0");
        assert_eq!(rate(5, 0), "0.0");
        assert_eq!(rate(0, 2000), "0.0");
    }
}
