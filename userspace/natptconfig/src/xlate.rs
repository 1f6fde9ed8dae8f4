// SPDX-License-Identifier: GPL-2.0

//! The sessions: KAME's table, and their number by protocol and state.

use std::fmt::Display;
use std::io::{self, Write};

use natpt_netlink::spec::{session_state as state, Count, Session, SESSION_STATE};

use crate::parser::Width;
use crate::protocol;

/// Longest address that is not shortened.
const WHOLE: usize = 15;

pub fn header(width: Width) -> Vec<String> {
    let words: &[&str] = match width {
        Width::Short => &["Proto", "Local (src)", "Remote (src)", "Idle", "(state)"],
        Width::Trace => &["Proto", "Local (src)", "Remote (dst)", "Idle", "(state)"],
        Width::Regular | Width::Long => &[
            "Proto",
            "Local Address (src)",
            "Local Address (dst)",
            "Remote Address (src)",
            "Remote Address (dst)",
            "Idle",
            "(state)",
        ],
    };
    words.iter().map(|word| String::from(*word)).collect()
}

pub fn row(session: &Session, width: Width) -> Vec<String> {
    let [source6, target6, source4, target4] = addresses(session, width != Width::Long);
    let [proto, idle, state] = rest(session);
    match width {
        Width::Short => vec![proto, source6, source4, idle, state],
        Width::Trace => vec![proto, source6, target4, idle, state],
        Width::Regular | Width::Long => {
            vec![proto, source6, target6, source4, target4, idle, state]
        }
    }
}

/// Print in KAME's columns: a TCP session is opening (syn), open (estab), closing (fin) or closed.
/// Of these protocols, all if there are none.
pub fn print_counts(out: &mut impl Write, counts: &[Count], protos: &[u8]) -> io::Result<()> {
    let is_shown = |proto: u8| protos.is_empty() || protos.contains(&proto);
    let count = |proto: u8, states: &[u8]| -> u64 {
        let those = counts.iter().filter(|count| {
            let state = count.state.unwrap_or_default();
            count.proto == Some(proto) && (states.is_empty() || states.contains(&state))
        });
        those
            .map(|count| u64::from(count.sessions.unwrap_or_default()))
            .sum()
    };
    let fin = [
        state::V6_FIN_RCV,
        state::V4_FIN_RCV,
        state::V6_FIN_V4_FIN_RCV,
    ];
    let tcp = [
        count(6, &[]),
        count(6, &[state::NONE, state::TRANS]),
        count(6, &[state::ESTABLISHED]),
        count(6, &fin),
        count(6, &[state::V6_INIT, state::V4_INIT]),
    ];
    if is_shown(6) {
        writeln!(out, "proto:    count    close    estab      fin      syn")?;
        write!(out, "  tcp:")?;
        for number in tcp {
            write!(out, " {number:8}")?;
        }
        writeln!(out)?;
    }
    for (number, name) in [(17, "udp"), (1, "icmp")] {
        if is_shown(number) {
            writeln!(out, "{name:>5}: {:8}", count(number, &[]))?;
        }
    }
    for other in counts
        .iter()
        .filter(|it| !matches!(it.proto, Some(1 | 6 | 17)))
    {
        if protos.is_empty() {
            let sessions = other.sessions.unwrap_or_default();
            writeln!(out, "{:>5}: {sessions:8}", protocol::name(other.proto))?;
        }
    }
    Ok(())
}

/// Nothing for protocols without states.
pub fn state(number: Option<u8>) -> Option<&'static str> {
    match number {
        None | Some(state::NONE) => None,
        Some(state) => SESSION_STATE.get(usize::from(state)).copied(),
    }
}

/// The IPv6 host and its peer, the pool address and its peer; each with its port.
fn addresses(session: &Session, shorten: bool) -> [String; 4] {
    let peer = session.target_port;
    [
        end(session.source6, session.source_port6, shorten),
        end(session.target6, peer, shorten),
        end(session.source4, session.source_port4, false),
        end(session.target4, peer, false),
    ]
}

fn end(address: Option<impl Display>, port: Option<u16>, shorten: bool) -> String {
    let Some(address) = address else {
        return "?".into();
    };
    let mut text = address.to_string();
    if shorten && text.len() > WHOLE {
        text = format!("{}*{}", &text[..4], &text[text.len() - 9..]);
    }
    format!("{text}.{}", port.unwrap_or_default())
}

fn rest(session: &Session) -> [String; 3] {
    let idle = session.idle.unwrap_or_default();
    let idle = format!("{:02}:{:02}:{:02}", idle / 3600, idle / 60 % 60, idle % 60);
    let state = state(session.state).unwrap_or_default().to_uppercase();
    [protocol::name(session.proto), idle, state]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Widths;

    fn sessions() -> [Session; 2] {
        let tcp = Session {
            proto: Some(6),
            source6: "2001:db8:1:2:3:4:fe20:c157".parse().ok(),
            source_port6: Some(1095),
            target6: "2001:db8:64::c633:642a".parse().ok(),
            source4: "192.0.2.1".parse().ok(),
            source_port4: Some(32768),
            target4: "198.51.100.42".parse().ok(),
            target_port: Some(23),
            state: Some(state::ESTABLISHED),
            idle: Some(3700),
            expires: Some(7000),
        };
        let icmp = Session {
            proto: Some(1),
            source6: "2001:db8::7".parse().ok(),
            state: Some(state::NONE),
            target_port: Some(0),
            ..tcp.clone()
        };
        [tcp, icmp]
    }

    fn text(width: Width) -> String {
        let rows: Vec<_> = sessions().iter().map(|one| row(one, width)).collect();
        let mut widths = Widths::default();
        let all = || std::iter::once(header(width)).chain(rows.clone());
        let mut out = Vec::new();
        all().for_each(|row| widths.fit(&row));
        all().for_each(|row| widths.print(&mut out, &[], &row).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn tables() {
        assert_eq!(
            text(Width::Regular),
            "\
Proto  Local Address (src)  Local Address (dst)  Remote Address (src)  Remote Address (dst)  Idle      (state)
tcp    2001*fe20:c157.1095  2001*c633:642a.23    192.0.2.1.32768       198.51.100.42.23      01:01:40  ESTABLISHED
icmp   2001:db8::7.1095     2001*c633:642a.0     192.0.2.1.32768       198.51.100.42.0       01:01:40
"
        );
        assert_eq!(
            text(Width::Short),
            "\
Proto  Local (src)          Remote (src)     Idle      (state)
tcp    2001*fe20:c157.1095  192.0.2.1.32768  01:01:40  ESTABLISHED
icmp   2001:db8::7.1095     192.0.2.1.32768  01:01:40
"
        );
        assert_eq!(
            text(Width::Trace),
            "\
Proto  Local (src)          Remote (dst)      Idle      (state)
tcp    2001*fe20:c157.1095  198.51.100.42.23  01:01:40  ESTABLISHED
icmp   2001:db8::7.1095     198.51.100.42.0   01:01:40
"
        );
        assert!(text(Width::Long).contains(" 2001:db8:64::c633:642a.23 "));
    }

    #[test]
    fn counts() {
        let count = |proto, state, sessions| Count {
            proto: Some(proto),
            state: Some(state),
            sessions: Some(sessions),
        };
        let counts = [
            count(1, state::NONE, 1),
            count(6, state::ESTABLISHED, 20),
            count(6, state::V4_INIT, 3),
            count(6, state::V6_INIT, 4),
            count(6, state::TRANS, 5),
        ];
        let text = |protos: &[u8]| {
            let mut out = Vec::new();
            print_counts(&mut out, &counts, protos).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(&[17, 1]), "  udp:        0\n icmp:        1\n");
        assert!(text(&[6]).ends_with("  tcp:       32        5       20        0        7\n"));
        assert_eq!(
            text(&[]),
            "\
proto:    count    close    estab      fin      syn
  tcp:       32        5       20        0        7
  udp:        0
 icmp:        1
"
        );
    }
}
