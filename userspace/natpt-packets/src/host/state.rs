// SPDX-License-Identifier: GPL-2.0
//! Mappings and sessions, without their timers.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::{
    nat::tcp::Flags,
    xlate::{
        addr, l4,
        tuple::{Tuple4, Tuple6},
        Reason,
    },
};

use super::{Config, Outcome};

/// A port of an IPv6 host and the one that stands for it.
#[derive(Clone, Copy)]
struct Mapping {
    protocol: u8,
    host: (Ipv6Addr, u16),
    pool: (Ipv4Addr, u16),
    target: Ipv6Addr,
}

/// One conversation; `v4` is what the IPv6 host's packets become.
#[derive(Clone, Copy)]
pub struct Session {
    pub protocol: u8,
    pub v6: Tuple6,
    pub v4: Tuple4,
}

#[derive(Clone, Default)]
pub struct State {
    mappings: Vec<Mapping>,
    pub(super) sessions: Vec<Session>,
}

impl State {
    /// The session of an IPv6 packet.
    pub fn find6(&self, protocol: u8, tuple: &Tuple6) -> Option<Session> {
        let same = |it: &&Session| it.protocol == protocol && it.v6 == *tuple;
        self.sessions.iter().find(same).copied()
    }

    /// The session of an IPv4 packet, its tuple turned round.
    pub fn find4(&self, protocol: u8, tuple: &Tuple4) -> Option<Session> {
        let same = |it: &&Session| it.protocol == protocol && it.v4 == *tuple;
        self.sessions.iter().find(same).copied()
    }

    /// A session for an IPv6 packet.
    pub fn open6(
        &mut self,
        config: &Config,
        protocol: u8,
        tuple: &Tuple6,
        transport: &[u8],
    ) -> Result<Session, Outcome> {
        if addr::illegal_source6(tuple.saddr) {
            return Err(Reason::MartianSource.into());
        }
        if config.prefix_of(tuple.saddr).is_some() {
            return Err(Reason::SourceInPrefix.into());
        }
        let prefix = config.prefix_of(tuple.daddr).ok_or(Outcome::Untouched)?;
        let peer = prefix.target(tuple.daddr)?;
        let pool = match config.pool_for(tuple.saddr) {
            None if config.is_stateless() && config.rules.is_empty() => {
                return Err(Reason::UnmappedSource.into())
            }
            pool => pool.ok_or(Outcome::Untouched)?,
        };
        opens(protocol, transport)?;
        let host = (tuple.saddr, tuple.sport);
        let known = |it: &&Mapping| it.protocol == protocol && it.host == host;
        let mapping = match self.mappings.iter().find(known) {
            Some(mapping) => *mapping,
            None => {
                // Another one than the host's own, as the module's mostly are.
                let port = 40000 + self.mappings.len() as u16;
                let pool = (pool, port);
                let mapping = Mapping {
                    protocol,
                    host,
                    pool,
                    target: tuple.daddr,
                };
                self.mappings.push(mapping);
                mapping
            }
        };
        let (saddr, sport) = mapping.pool;
        let dport = if protocol == l4::ICMP {
            sport
        } else {
            tuple.dport
        };
        let v4 = Tuple4 {
            saddr,
            daddr: peer,
            sport,
            dport,
        };
        Ok(self.add(protocol, *tuple, v4))
    }

    /// A session for an IPv4 packet (tuple turned round) to a mapping; none if there is no mapping.
    pub fn open4(
        &mut self,
        config: &Config,
        protocol: u8,
        tuple: &Tuple4,
        transport: &[u8],
    ) -> Result<Session, Outcome> {
        let pool = (tuple.saddr, tuple.sport);
        let hit = |it: &&Mapping| it.protocol == protocol && it.pool == pool;
        let mapping = *self
            .mappings
            .iter()
            .find(hit)
            .ok_or(Outcome::Dropped("no-mapping"))?;
        let prefix = config
            .prefix_of(mapping.target)
            .ok_or(Outcome::Dropped("no-prefix"))?;
        opens(protocol, transport)?;
        let daddr = prefix.source(tuple.daddr)?;
        let (saddr, sport) = mapping.host;
        let dport = if protocol == l4::ICMP {
            sport
        } else {
            tuple.dport
        };
        let v6 = Tuple6 {
            saddr,
            daddr,
            sport,
            dport,
        };
        Ok(self.add(protocol, v6, *tuple))
    }

    fn add(&mut self, protocol: u8, v6: Tuple6, v4: Tuple4) -> Session {
        let session = Session { protocol, v6, v4 };
        self.sessions.push(session);
        session
    }
}

fn opens(protocol: u8, transport: &[u8]) -> Result<(), Outcome> {
    match Flags::read(protocol, transport) {
        Some(flags) if !flags.opens() => Err(Outcome::Dropped("no-session")),
        _ => Ok(()),
    }
}
