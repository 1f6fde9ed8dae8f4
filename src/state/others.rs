// SPDX-License-Identifier: GPL-2.0

//! Protocols whose ports, if they have any, stay as they are: hosts share an address as long as their
//! sessions differ on the IPv4 side, in peer or ports.

use super::{
    config::Config, events::Limited, life::Worth, mapping::Host, place::Place, pool::Pool,
    rules::Stateful, session::Session, subscriber::Owner, translator::Translator,
};
use crate::{
    linux::{
        bh::BhGuard,
        rcu, sys,
        table::{Index, Linked},
    },
    nat::{options::Id, world::Key},
    xlate::{
        l4,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};
use core::net::Ipv4Addr;
use kernel::{prelude::*, sync::Arc};

impl Translator {
    /// As [`Translator::open6`], one at a time: two that look alike cannot come at once.
    #[cold]
    pub(super) fn open6_alone<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: &Stateful,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let bh = BhGuard::new();
        let _alone = self.alone.lock(&bh);
        if let Some(session) = self.find6(key, guard) {
            return Ok(Some(session));
        }
        let Some(prefix) = config.prefix_to_open(key.tuple.daddr) else {
            return Ok(None);
        };
        let host = Host {
            addr: key.tuple.saddr,
            port: key.tuple.sport,
            proto: key.proto,
        };
        let owner = self.owner_of(host.addr, &config.values);
        let hash = owner.hash(&self.key, host.port, host.proto);
        let known = self.mappings.find(Index::V6, hash, guard, |it| {
            it.host == host && it.prefix == prefix.id() && !config.keeps_rule(it.rule)
        });
        // It has an address for all its peers, where others may be.
        if let Some(mapping) = known {
            if self.is_double_at(config, key, mapping.v4.addr, guard) {
                let why = DropReason::PortsExhausted;
                let met = Limited {
                    why,
                    proto: key.proto,
                    host: Some(host.addr),
                    pool: mapping.v4.addr,
                    refused: 0,
                };
                self.tell_limit(config, met, guard);
                return Err(why);
            }
        }
        self.open6_by(config, key, rule, guard)
    }

    /// Finds an address of a rule where nobody has a host's port with the same peer, if the protocol is
    /// such a one. Fails with `PortsExhausted`.
    #[cold]
    pub(super) fn take_kept<'a>(
        &self,
        config: &'a Config,
        rule: &Stateful,
        (host, hash): (Host, u32),
        owner: &Owner,
        place: &Place<'_, '_>,
    ) -> Result<(&'a Arc<Pool>, u16), DropReason> {
        if l4::has_pool_ports(host.proto) {
            return Err(DropReason::PortsExhausted);
        }
        let is_free = |pool: &Pool| {
            let tuple = Tuple4 {
                saddr: pool.addr,
                daddr: place.peer.0,
                sport: host.port,
                dport: place.peer.1,
            };
            let hash4 = self.hash4(&tuple, host.proto);
            // By another rule, or under another prefix: sessions would not know whose they are.
            let has_another = self.mappings.find(Index::V6, hash, place.guard, |it| {
                it.host == host && it.v4.addr == pool.addr
            });
            // This host may speak the protocol itself at an address of its own.
            !pool.is_own(&self.net)
                && config
                    .statics
                    .of4((pool.addr, host.port), host.proto)
                    .is_none()
                && has_another.is_none()
                && !self.is_double(&tuple, (host.proto, hash4), place.guard)
        };
        let take = |pool: &Pool| Ok(is_free(pool).then_some(host.port));
        match config.pools.of(&rule.rule.to) {
            [pool] => is_free(pool).then_some((pool, host.port)),
            pools => self.take_paired(
                (rule, pools, &config.statics),
                (owner, host.proto),
                take,
                (place.bh, place.guard),
            )?,
        }
        .ok_or(DropReason::PortsExhausted)
    }

    /// Another host has a session that looks the same from this address, and it is not one that was never
    /// answered, which makes room.
    #[cold]
    pub(super) fn is_double_at(
        &self,
        config: &Config,
        key: &Key<Tuple6>,
        addr: Ipv4Addr,
        guard: &rcu::Guard,
    ) -> bool {
        let prefix = config.prefix_to_open(key.tuple.daddr);
        let Some(Ok(peer)) = prefix.map(|it| it.target(key.tuple.daddr)) else {
            return false;
        };
        let tuple = key.tuple4((addr, key.tuple.sport), peer);
        let hash = self.hash4(&tuple, key.proto);
        let Some(session) = self.find4(&Key::plain(tuple, key.proto, hash), guard) else {
            return false;
        };
        let worth = session.life.read().worth(key.proto, sys::jiffies());
        worth != Some(Worth::Unanswered)
            || config.values.get(Id::Evict) == 0
            || !self.evict(config, session, guard)
    }
}
