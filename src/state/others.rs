// SPDX-License-Identifier: GPL-2.0

//! Protocols whose ports, if they have any, stay as they are: hosts share an address as long as their
//! sessions differ on the IPv4 side, in peer or ports.

use super::{
    config::Config,
    life::{Fate, Worth},
    mapping::Host,
    place::Place,
    pool::Pool,
    rules::Stateful,
    session::Session,
    subscriber::Owner,
    translator::Translator,
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

/// Most addresses of a pool that are looked at.
const LOOKS: usize = 64;

impl Translator {
    /// As [`Translator::open6`]; two that could look alike come one after the other.
    #[cold]
    pub(super) fn open6_alone<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: &Stateful,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let Some(prefix) = config.prefix_to_open(key.tuple.daddr) else {
            return Ok(None);
        };
        let peer = prefix.target(key.tuple.daddr)?;
        let nobodys = (Ipv4Addr::UNSPECIFIED, key.tuple.sport);
        let alike = self.hash4(&key.tuple4(nobodys, peer), key.proto);
        let bh = BhGuard::new();
        let _alone = self.alone.lock(alike, &bh);
        self.open6_by(config, key, rule, guard)
    }

    /// A host may have its port at an address, as far as its peers are not others' there, too.
    fn may_have(
        &self,
        config: &Config,
        (host, hash): (&Host, u32),
        pool: &Pool,
        guard: &rcu::Guard,
    ) -> bool {
        // By another rule, or under another prefix: sessions would not know whose they are.
        let has_another = self.mappings.find(Index::V6, hash, guard, |it| {
            it.host == *host && it.v4.addr == pool.addr
        });
        // This host may speak the protocol itself at an address of its own.
        has_another.is_none()
            && !pool.is_own(&self.net)
            && (config.statics)
                .of4((pool.addr, host.port), host.proto)
                .is_none()
    }

    /// Finds an address of a rule where nobody has a host's port with the same peer, if the protocol is
    /// such a one: the address that the host has, if it can be. Fails with `PortsExhausted`.
    #[cold]
    pub(super) fn take_address<'a>(
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
        let range = &rule.rule.to;
        let pools = config.pools.of(range);
        let paired = self.subscribers.of(&self.key, owner, place.guard);
        let first = match paired.and_then(|it| it.pool(range)) {
            Some(addr) => addr.to_bits().wrapping_sub(range.first.to_bits()) as usize,
            None => owner.share_of(pools.len()),
        };
        for n in 0..LOOKS.min(pools.len()) {
            let at = first.wrapping_add(n).checked_rem(pools.len());
            let Some(pool) = at.and_then(|at| pools.get(at)) else {
                break;
            };
            let tuple = Tuple4 {
                saddr: pool.addr,
                daddr: place.peer.0,
                sport: host.port,
                dport: place.peer.1,
            };
            let hash4 = self.hash4(&tuple, host.proto);
            if !self.is_double(&tuple, (host.proto, hash4), place.guard)
                && self.may_have(config, (&host, hash), pool, place.guard)
            {
                return Ok((pool, host.port));
            }
        }
        Err(DropReason::PortsExhausted)
    }

    /// Ends the session for which a host was refused one, where it is over, or was never answered.
    #[cold]
    pub(super) fn end_double(
        &self,
        config: &Config,
        key: &Key<Tuple6>,
        addr: Ipv4Addr,
        guard: &rcu::Guard,
    ) -> bool {
        let Some(prefix) = config.prefix_to_open(key.tuple.daddr) else {
            return false;
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
        let may_have = |pool: &Arc<Pool>| self.may_have(config, (&host, hash), pool, guard);
        let addr = match known {
            Some(mapping) => mapping.v4.addr,
            None if config.pool(addr).is_some_and(may_have) => addr,
            None => return false,
        };
        let Ok(peer) = prefix.target(key.tuple.daddr) else {
            return false;
        };
        let tuple = key.tuple4((addr, host.port), peer);
        let hash4 = self.hash4(&tuple, key.proto);
        let Some(session) = self.find4(&Key::plain(tuple, key.proto, hash4), guard) else {
            return false;
        };
        if self.look(config, session, guard) == Fate::Over {
            return true;
        }
        let worth = session.life.read().worth(key.proto, sys::jiffies());
        worth == Some(Worth::Unanswered)
            && config.values.get(Id::Evict) != 0
            && self.evict(config, session, guard)
    }
}
