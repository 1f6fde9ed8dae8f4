// SPDX-License-Identifier: GPL-2.0

//! `monitor`: prints what happens, a line each.

use std::io::{self, Write};
use std::net::Ipv6Addr;

use natpt_core::xlate::addr;
use natpt_netlink::spec::{happening, Event, Filter, END, GROUPS};
use natpt_netlink::{Connection, Events, Heard};
use serde_json::json;

use crate::failure::Failure;
use crate::parser::Monitor;
use crate::say::say;
use crate::{protocol, xlate};

/// What an event of each group is about.
const SUBJECTS: [&str; 3] = ["mapping", "session", "limit"];

/// Print to the end of time, or of the reader.
pub fn monitor(kernel: Connection, what: &Monitor, as_json: bool) -> Result<(), Failure> {
    let all: Vec<_> = (0..GROUPS.len()).collect();
    let groups = match what.groups.is_empty() {
        true => &all,
        false => &what.groups,
    };
    let mut events = Events::listen(kernel, groups.iter().copied())?;
    say("natptconfig: listening");
    let mut out = io::stdout().lock();
    loop {
        let mut text = Vec::new();
        events.hear(|heard| {
            let line = match heard {
                Heard::Event(_, event) if !fits(&what.filter, &event) => return Ok(()),
                Heard::Event(group, event) if as_json => json(group, &event).to_string(),
                Heard::Event(group, event) => line(group, &event),
                Heard::Lost(group, lost) if as_json => {
                    json!({ "event": "overrun", "group": GROUPS[group], "lost": lost }).to_string()
                }
                Heard::Lost(group, lost) => {
                    format!("overrun: {lost} events about {} are lost", GROUPS[group])
                }
            };
            Ok::<_, Failure>(writeln!(text, "{line}")?)
        })?;
        out.write_all(&text)?;
        out.flush()?;
    }
}

/// All that is asked for is there.
fn fits(filter: &Filter, event: &Event) -> bool {
    let under = |host: Ipv6Addr| {
        let mask = addr::mask(u32::from(filter.host_length.unwrap_or(128)));
        event
            .source6
            .is_some_and(|source| (source.to_bits() ^ host.to_bits()) & mask == 0)
    };
    fn is<T: PartialEq>(wanted: Option<T>, value: Option<T>) -> bool {
        wanted.is_none() || wanted == value
    }
    is(filter.proto, event.proto)
        && filter.host.is_none_or(under)
        && is(filter.pool, event.source4)
        && is(filter.port, event.source_port4)
        && is(filter.peer, event.target4)
        && is(filter.rule, event.rule)
}

fn name(group: usize, event: &Event) -> String {
    let subject = SUBJECTS[group];
    match event.happening {
        Some(happening::OPENED) => format!("{subject} opened"),
        Some(_) => format!("{subject} closed"),
        None => subject.into(),
    }
}

fn end(event: &Event) -> Option<&'static str> {
    END.get(usize::from(event.end?)).copied()
}

/// `TIME session opened tcp HOST.PORT TARGET.PORT POOL.PORT PEER.PORT rule N`
fn line(group: usize, event: &Event) -> String {
    let mut line = format!(
        "{} {}",
        time(event.time.unwrap_or_default()),
        name(group, event)
    );
    let mut add = |text: String| {
        line.push(' ');
        line.push_str(&text);
    };
    if let Some(limit) = &event.limit {
        add(limit.clone());
    }
    add(protocol::name(event.proto));
    let port = |port: Option<u16>| port.map(|port| format!(".{port}")).unwrap_or_default();
    let ends = [
        (event.source6.map(|it| it.to_string()), event.source_port6),
        (event.target6.map(|it| it.to_string()), event.target_port),
        (event.source4.map(|it| it.to_string()), event.source_port4),
        (event.target4.map(|it| it.to_string()), event.target_port),
    ];
    for (address, number) in ends {
        if let Some(address) = address {
            add(address + &port(number));
        }
    }
    if let Some(rule) = event.rule {
        add(format!("rule {rule}"));
    }
    if let Some(state) = xlate::state(event.state) {
        add(format!("state {state}"));
    }
    if let Some(start) = event.start {
        add(format!("since {}", time(start * 1_000_000_000)));
    }
    if let Some(idle) = event.idle {
        add(format!("idle {idle}"));
    }
    if let Some(end) = end(event) {
        add(end.into());
    }
    if let Some(refused) = event.refused {
        add(format!("refused {refused}"));
    }
    line
}

/// The same names as in the netlink spec, without what is not there.
fn json(group: usize, event: &Event) -> serde_json::Value {
    let mut all = json!({
        "time": time(event.time.unwrap_or_default()),
        "event": name(group, event).replace(' ', "-"),
        "number": event.number,
        "proto": protocol::name(event.proto),
        "source6": event.source6,
        "source-port6": event.source_port6,
        "target6": event.target6,
        "source4": event.source4,
        "source-port4": event.source_port4,
        "target4": event.target4,
        "target-port": event.target_port,
        "rule": event.rule,
        "state": xlate::state(event.state),
        "start": event.start.map(|start| time(start * 1_000_000_000)),
        "idle": event.idle,
        "end": end(event),
        "limit": event.limit,
        "refused": event.refused,
    });
    if let Some(all) = all.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    all
}

/// Nanoseconds since 1970 as `2026-11-29T15:34:07.123456Z` (RFC 3339).
fn time(nanoseconds: u64) -> String {
    let (seconds, micros) = (nanoseconds / 1_000_000_000, nanoseconds / 1000 % 1_000_000);
    let (days, second) = (seconds / 86400, seconds % 86400);
    // Years that begin in March, in eras of 400 of them.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (951_868_800, "2000-03-01T00:00:00.000000Z"),
            (1_798_761_599, "2026-12-31T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(time(seconds * 1_000_000_000), text);
        }
        assert_eq!(time(1_234_567_891), "1970-01-01T00:00:01.234567Z");
    }

    fn closed() -> Event {
        Event {
            number: Some(5),
            time: Some(1_000_000_000),
            happening: Some(happening::CLOSED),
            proto: Some(6),
            source6: "2001:db8::7".parse().ok(),
            source_port6: Some(1095),
            target6: "2001:db8:64::c633:642a".parse().ok(),
            source4: "192.0.2.1".parse().ok(),
            source_port4: Some(32768),
            target4: "198.51.100.42".parse().ok(),
            target_port: Some(23),
            rule: Some(100),
            start: Some(0),
            state: Some(7),
            idle: Some(240),
            end: Some(0),
            ..Event::default()
        }
    }

    #[test]
    fn lines() {
        assert_eq!(
            line(1, &closed()),
            "1970-01-01T00:00:01.000000Z session closed tcp 2001:db8::7.1095 \
             2001:db8:64::c633:642a.23 192.0.2.1.32768 198.51.100.42.23 rule 100 state trans \
             since 1970-01-01T00:00:00.000000Z idle 240 expired"
        );
        let limit = Event {
            time: Some(0),
            proto: Some(17),
            source6: "2001:db8::7".parse().ok(),
            source4: "192.0.2.1".parse().ok(),
            limit: Some("host-rate".into()),
            refused: Some(12),
            ..Event::default()
        };
        assert_eq!(
            line(2, &limit),
            "1970-01-01T00:00:00.000000Z limit host-rate udp 2001:db8::7 192.0.2.1 refused 12"
        );
        let all = json(1, &closed());
        assert_eq!(all["event"], "session-closed");
        assert_eq!(all["end"], "expired");
        assert_eq!(all.get("limit"), None);
    }

    #[test]
    fn filters() {
        let filter = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            fits(&filter, &closed())
        };
        assert!(filter(|_| ()));
        assert!(filter(|it| it.proto = Some(6)));
        assert!(!filter(|it| it.proto = Some(17)));
        assert!(filter(|it| it.host = "2001:db8::7".parse().ok()));
        assert!(!filter(|it| it.host = "2001:db8::8".parse().ok()));
        assert!(filter(|it| {
            it.host = "2001:db8::".parse().ok();
            it.host_length = Some(32);
        }));
        assert!(filter(|it| it.rule = Some(100)));
        assert!(!filter(|it| it.peer = "198.51.100.43".parse().ok()));
    }
}
