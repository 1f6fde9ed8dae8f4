// SPDX-License-Identifier: GPL-2.0

//! `show hosts`: who has how many sessions and mappings.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};
use std::net::Ipv6Addr;

use natpt_netlink::spec::{Filter, Mapping, Session};
use natpt_netlink::{Connection, Error};

use crate::protocol::{self, ByKind, KINDS};
use crate::table::{self, Align};

/// What a host has.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    pub addr: Ipv6Addr,
    /// By protocol.
    pub sessions: ByKind,
    /// None: nobody can tell.
    pub mappings: Option<u64>,
}

/// Counts sessions and mappings by host, and keeps none of them: there may be millions.
pub struct Hosts {
    each: HashMap<Ipv6Addr, Counts>,
    has_mappings: bool,
}

#[derive(Default)]
struct Counts {
    sessions: ByKind,
    mappings: u64,
}

impl Hosts {
    pub fn new(filter: &Filter) -> Self {
        Self {
            each: HashMap::new(),
            // Mappings have no peer and no state.
            has_mappings: filter.peer.is_none() && filter.state.is_none(),
        }
    }

    pub fn session(&mut self, session: &Session) {
        if let Some(addr) = session.source6 {
            let host = self.each.entry(addr).or_default();
            host.sessions[protocol::kind(session.proto)] += 1;
        }
    }

    pub fn mapping(&mut self, mapping: &Mapping) {
        if let Some(addr) = mapping.address6 {
            self.each.entry(addr).or_default().mappings += 1;
        }
    }

    /// Those with the most sessions, and how many others there are.
    pub fn most(self, limit: Option<u32>) -> (Vec<Host>, usize) {
        let mut hosts: Vec<_> = self.each.into_iter().collect();
        hosts.sort_unstable_by_key(|(addr, host)| {
            let sessions: u64 = host.sessions.iter().sum();
            (Reverse(sessions), Reverse(host.mappings), *addr)
        });
        let most = limit.and_then(|limit| usize::try_from(limit).ok());
        let most = most.unwrap_or(usize::MAX);
        let others = hosts.len().saturating_sub(most);
        let hosts = hosts.into_iter().take(most).map(|(addr, host)| Host {
            addr,
            sessions: host.sessions,
            mappings: self.has_mappings.then_some(host.mappings),
        });
        (hosts.collect(), others)
    }
}

impl Host {
    /// All of its sessions.
    pub fn all(&self) -> u64 {
        self.sessions.iter().sum()
    }
}

/// Those who have what fits; a limit is of hosts, not of what they have.
pub fn read(kernel: &mut Connection, filter: &Filter) -> Result<Vec<Host>, Error> {
    let mut hosts = Hosts::new(filter);
    let asked = Filter {
        limit: None,
        ..filter.clone()
    };
    kernel.each(&asked, |session: Session| {
        hosts.session(&session);
        Ok::<_, Error>(())
    })?;
    if hosts.has_mappings {
        kernel.each(&asked, |mapping: Mapping| {
            hosts.mapping(&mapping);
            Ok::<_, Error>(())
        })?;
    }
    let (hosts, _) = hosts.most(filter.limit);
    Ok(hosts)
}

/// The sessions, all of them and by protocol, and the mappings.
pub fn print(out: &mut impl Write, hosts: &[Host]) -> io::Result<()> {
    let [tcp, udp, icmp, other] = KINDS;
    let header = ["Host", "Sessions", tcp, udp, icmp, other, "Mappings"].map(String::from);
    let rows = hosts.iter().map(|host| {
        let [tcp, udp, icmp, other] = host.sessions.map(|count| count.to_string());
        let mappings = host.mappings.map_or("-".into(), |count| count.to_string());
        let (addr, all) = (host.addr.to_string(), host.all().to_string());
        [addr, all, tcp, udp, icmp, other, mappings]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let (left, right) = (Align::Left, Align::Right);
    table::print(out, [left, right, right, right, right, right, right], &rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json;

    fn addr(last: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
    }

    /// Sessions and mappings, each of a host and a protocol.
    fn count(filter: &Filter, sessions: &[(u16, u8)], mappings: &[(u16, u8)]) -> Hosts {
        let mut hosts = Hosts::new(filter);
        for &(host, proto) in sessions {
            hosts.session(&Session {
                proto: Some(proto),
                source6: Some(addr(host)),
                ..Session::default()
            });
        }
        for &(host, proto) in mappings {
            hosts.mapping(&Mapping {
                proto: Some(proto),
                address6: Some(addr(host)),
                ..Mapping::default()
            });
        }
        hosts
    }

    const SESSIONS: [(u16, u8); 7] = [(7, 6), (8, 17), (8, 17), (8, 1), (9, 132), (9, 6), (9, 6)];
    const MAPPINGS: [(u16, u8); 5] = [(7, 6), (8, 17), (9, 132), (9, 6), (5, 6)];

    fn text(hosts: &[Host]) -> String {
        let mut out = Vec::new();
        print(&mut out, hosts).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn those_with_the_most_come_first() {
        let (hosts, others) = count(&Filter::default(), &SESSIONS, &MAPPINGS).most(None);
        assert_eq!(others, 0);
        assert_eq!(
            text(&hosts),
            "\
Host         Sessions  tcp  udp  icmp  other  Mappings
2001:db8::9         3    2    0     0      1         2
2001:db8::8         3    0    2     1      0         1
2001:db8::7         1    1    0     0      0         1
2001:db8::5         0    0    0     0      0         1
"
        );
    }

    #[test]
    fn as_json() {
        let (hosts, _) = count(&Filter::default(), &SESSIONS, &MAPPINGS).most(Some(1));
        assert_eq!(
            json::host(&hosts[0]),
            json!({
                "host": "2001:db8::9",
                "sessions": 3,
                "tcp": 2,
                "udp": 0,
                "icmp": 0,
                "other": 1,
                "mappings": 2,
            })
        );
    }

    #[test]
    fn no_more_than_so_many() {
        let (hosts, others) = count(&Filter::default(), &SESSIONS, &MAPPINGS).most(Some(1));
        let hosts: Vec<_> = hosts.iter().map(|host| host.addr).collect();
        assert_eq!((hosts, others), (vec![addr(9)], 3));
        let (hosts, others) = count(&Filter::default(), &[], &[]).most(Some(1));
        assert_eq!((hosts, others), (vec![], 0));
    }

    #[test]
    fn mappings_have_no_peer() {
        let filter = Filter {
            peer: "198.51.100.1".parse().ok(),
            ..Filter::default()
        };
        let (hosts, _) = count(&filter, &SESSIONS[..1], &[]).most(None);
        assert_eq!(hosts[0].mappings, None);
        assert!(text(&hosts).ends_with("         1    1    0     0      0         -\n"));
    }
}
