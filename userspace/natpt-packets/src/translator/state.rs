// SPDX-License-Identifier: GPL-2.0
//! Mappings and sessions, without their timers.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::{
    nat::{rule::Filtering, world::Key},
    xlate::{
        checksum::Delta,
        l4::Ports,
        rewrite::Rewrite,
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};

use super::config::{Config, Rule};

/// A port of an IPv6 host and the one that stands for it.
#[derive(Clone, Copy)]
struct Mapping {
    protocol: u8,
    host: (Ipv6Addr, u16),
    pool: (Ipv4Addr, u16),
    target: Ipv6Addr,
    filter: Filtering,
}

/// One conversation; `v4` is what the IPv6 host's packets become.
#[derive(Clone, Copy)]
pub struct Session {
    pub protocol: u8,
    pub v6: Tuple6,
    pub v4: Tuple4,
}

impl Session {
    /// What packets of the IPv6 host turn into.
    pub(super) fn to_v4(self) -> Rewrite<Ipv4Addr> {
        Rewrite {
            saddr: self.v4.saddr,
            daddr: self.v4.daddr,
            ports: Some(Ports {
                sport: self.v4.sport,
                dport: self.v4.dport,
            }),
            finished: Delta::of(self.v6.sum(), self.v4.sum()),
            partial: Delta::NONE,
        }
    }

    /// What packets to the IPv6 host turn into.
    pub(super) fn to_v6(self) -> Rewrite<Ipv6Addr> {
        Rewrite {
            saddr: self.v6.daddr,
            daddr: self.v6.saddr,
            ports: Some(Ports {
                sport: self.v6.dport,
                dport: self.v6.sport,
            }),
            finished: Delta::of(self.v4.sum(), self.v6.sum()),
            partial: Delta::NONE,
        }
    }
}

#[derive(Clone, Default)]
pub struct State {
    mappings: Vec<Mapping>,
    pub(super) sessions: Vec<Session>,
}

impl State {
    pub(super) fn find6(&self, tuple: &Tuple6, protocol: u8) -> Option<Session> {
        let same = |it: &&Session| it.protocol == protocol && it.v6 == *tuple;
        self.sessions.iter().find(same).copied()
    }

    pub(super) fn find4(&self, tuple: &Tuple4, protocol: u8) -> Option<Session> {
        let same = |it: &&Session| it.protocol == protocol && it.v4 == *tuple;
        self.sessions.iter().find(same).copied()
    }

    fn mapping4(&self, tuple: &Tuple4, protocol: u8) -> Option<Mapping> {
        let pool = (tuple.saddr, tuple.sport);
        let hit = |it: &&Mapping| it.protocol == protocol && it.pool == pool;
        self.mappings.iter().find(hit).copied()
    }

    pub(super) fn has_mapping4(&self, tuple: &Tuple4, protocol: u8) -> bool {
        self.mapping4(tuple, protocol).is_some()
    }

    pub(super) fn open6(
        &mut self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: Option<Rule>,
    ) -> Result<Option<Session>, DropReason> {
        let Key { tuple, proto, .. } = *key;
        let Some(prefix) = config.prefix_of(tuple.daddr) else {
            return Ok(None);
        };
        let peer = prefix.target(tuple.daddr)?;
        let Some(Rule { pool, filter, .. }) = rule else {
            return Ok(None);
        };
        key.first_state(Side::V6)?;
        let host = (tuple.saddr, tuple.sport);
        let known = |it: &&Mapping| it.protocol == proto && it.host == host;
        let mapping = self.mappings.iter().find(known).copied();
        let mapping = mapping.unwrap_or_else(|| {
            // Another port than the host's own, as the module's mostly are.
            let port = 40000 + self.mappings.len() as u16;
            let mapping = Mapping {
                protocol: proto,
                host,
                pool: (pool, port),
                target: tuple.daddr,
                filter,
            };
            self.mappings.push(mapping);
            mapping
        });
        let v4 = key.tuple4(mapping.pool, peer);
        Ok(Some(self.add(proto, tuple, v4)))
    }

    pub(super) fn open4(
        &mut self,
        config: &Config,
        key: &Key<Tuple4>,
    ) -> Result<Option<Session>, DropReason> {
        let Some(mapping) = self.mapping4(&key.tuple, key.proto) else {
            return Ok(None);
        };
        let prefix = config
            .prefix_of(mapping.target)
            .ok_or(DropReason::NoPrefix)?;
        key.first_state(Side::V4)?;
        let v4 = key.tuple;
        let ends = |it: &Session| (it.protocol, it.v4.saddr, it.v4.sport, it.v4.daddr);
        let knows_sender = || {
            let mut sessions = self.sessions.iter();
            sessions.any(|it| ends(it) == (key.proto, v4.saddr, v4.sport, v4.daddr))
        };
        if !mapping.filter.admits(knows_sender) {
            return Err(DropReason::Filtered);
        }
        let v6 = key.tuple6(mapping.host, prefix.source(key.tuple.daddr)?);
        Ok(Some(self.add(key.proto, v6, key.tuple)))
    }

    fn add(&mut self, protocol: u8, v6: Tuple6, v4: Tuple4) -> Session {
        let session = Session { protocol, v6, v4 };
        self.sessions.push(session);
        session
    }
}
