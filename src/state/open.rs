// SPDX-License-Identifier: GPL-2.0

//! How sessions and mappings come and go.

use super::{
    config::Config,
    counters::Event,
    events::{End, Happening, Limited},
    evict::Want,
    fixed::Target,
    hash,
    mapping::{BibEntry, Endpoint4, Host},
    place::Place,
    pool::Pool,
    rules::Stateful,
    session::Session,
    subscriber::{Item, Owner},
    translator::Translator,
};
use crate::{
    linux::{
        bh::BhGuard,
        rcu, sys,
        table::{HashEntry as _, Index, Linked},
    },
    nat::{
        options::{Id, Values},
        world::Key,
    },
    xlate::{
        l4, proto,
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};
use core::net::Ipv6Addr;
use kernel::sync::{
    atomic::{ordering, Atomic},
    Arc,
};

/// Sessions in a bucket that are too many even for a moment.
const DENSE: u32 = 8;

/// Most rules that are asked for a port when the pool of the first has none.
const MORE_RULES: usize = 4;

impl Translator {
    /// Opens a session for an IPv6 packet by its rule; nothing if there is none.
    pub(crate) fn open6<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: Option<&Stateful>,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let Some(rule) = rule else {
            return Ok(None);
        };
        match l4::has_pool_ports(key.proto) {
            true => self.open6_by(config, key, rule, guard),
            false => self.open6_alone(config, key, rule, guard),
        }
    }

    /// Opens a session for an IPv6 packet by a rule, or one behind it.
    #[inline(always)]
    pub(super) fn open6_by<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: &Stateful,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        match self.try_open6(config, key, rule, guard) {
            Err(why) => self.open6_yet(config, key, rule, why, guard),
            opened => opened,
        }
    }

    /// Tries other rules, and to make room, where a session was not opened.
    #[cold]
    fn open6_yet<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: &Stateful,
        why: DropReason,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let (host, proto) = (key.tuple.saddr, key.proto);
        if matches!(why, DropReason::PortsExhausted) {
            // Where a pool has no port left the next rule may have one.
            for (_, other) in (0..MORE_RULES).zip(config.rules_behind(rule, host, proto)) {
                let by_other = self.try_open6(config, key, other, guard);
                if by_other.is_ok() {
                    return by_other;
                }
            }
        }
        let owner = self.owner_of(host, &config.values);
        let addr = self.address_for(rule, &owner, guard);
        // What others have to give is in blocks of their own.
        let helps = rule.rule.blocks.is_none() || !matches!(why, DropReason::PortsExhausted);
        let want = Want {
            opener: Side::V6,
            v4: (addr, 0),
            proto,
            network: None,
        };
        let who = owner.network_id(&self.key);
        let has_room = match why {
            DropReason::PortsExhausted if !l4::has_pool_ports(proto) => {
                self.end_double(config, key, addr, guard)
            }
            _ => helps && self.find_room(config, (why, &want), who, guard),
        };
        match has_room {
            true => self.try_open6(config, key, rule, guard),
            false => Err(why),
        }
        .inspect_err(|why| {
            let met = Limited {
                why: *why,
                proto,
                host: Some(host),
                pool: addr,
                refused: 0,
            };
            self.tell_limit(config, met, guard);
        })
    }

    /// As [`Translator::make_room`], unless that was in vain for the same one often enough.
    #[cold]
    fn find_room(
        &self,
        config: &Config,
        what: (DropReason, &Want),
        who: u64,
        guard: &rcu::Guard,
    ) -> bool {
        let has_room = !self.fruitless.is_enough(who) && self.make_room(config, what, guard);
        if !has_room {
            self.fruitless.note(who);
        }
        has_room
    }

    pub(super) fn owner_of(&self, host: Ipv6Addr, values: &Values) -> Owner {
        Owner::new(&self.key, host, values.get(Id::HostPrefix) as u8)
    }

    fn try_open6<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: &Stateful,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let Key { tuple, proto, .. } = *key;
        let host = Host {
            addr: tuple.saddr,
            port: tuple.sport,
            proto,
        };
        let Some(prefix) = config.prefix_to_open(tuple.daddr) else {
            return Ok(None);
        };
        let peer = prefix.target(tuple.daddr)?;
        let state = key.first_state(Side::V6)?;

        let bh = BhGuard::new();
        let values = &config.values;
        let mut owner = self.owner_of(host.addr, values);
        let hash = owner.hash(&self.key, host.port, proto);
        let _lock = self.hosts.lock(hash, &bh);
        // Another CPU may have been here first.
        if let Some(session) = self.find6(key, guard) {
            return Ok(Some(session));
        }
        let known = self.mappings.find(Index::V6, hash, guard, |mapping| {
            mapping.host == host
                && mapping.prefix == prefix.id()
                && !config.keeps_rule(mapping.rule)
        });
        if known.is_some_and(|mapping| mapping.ends()) {
            return Err(DropReason::NoMapping);
        }
        let place = Place {
            peer: (peer, tuple.dport),
            values,
            bh: &bh,
            charging: &self.memcg.charging(&bh),
            guard,
        };
        if let Some(mapping) = known {
            owner.len = mapping.subscriber;
        }
        let v4 = match known {
            Some(mapping) => Some((mapping.v4.addr, mapping.v4.port)),
            None => rule.rule.fixed4((host.addr, host.port)),
        };
        if let Some((addr, port)) = v4 {
            let is_taken =
                |pool: &Arc<Pool>| pool.is_taken(&self.net, (proto, port), place.peer, guard);
            if config.pool(addr).is_some_and(is_taken) {
                return Err(DropReason::PortTaken);
            }
        }
        let item = Item {
            opener: Side::V6,
            mapping: known.is_none() && rule.rule.fixed.is_none(),
        };
        // Its own limits come first: others make no room for one that may have no more.
        self.open_item((owner, item), &place)?;
        let opened = || {
            let mapping = match known {
                Some(mapping) => self.reserve_session(values, Side::V6).map(|()| mapping)?,
                None if rule.rule.fixed.is_some() => {
                    let whose = (&owner, prefix.id());
                    self.open_static(config, rule, (host, hash), whose, Side::V6, &place)?
                }
                None => {
                    let whose = (&owner, prefix.id());
                    let host = (host, hash);
                    let mapping = self.open_mapping(config, rule, host, whose, &place)?;
                    self.tell(config, Happening::MappingOpened(&mapping), &bh, guard);
                    mapping
                }
            };
            let v4 = key.tuple4((mapping.v4.addr, mapping.v4.port), peer);
            let hashes = (key.hash, self.hash4(&v4, proto), hash);
            let has_pool_ports = l4::has_pool_ports(proto);
            if (prefix.len() != 96 || !has_pool_ports)
                && self.is_double(&v4, (proto, hashes.1), guard)
            {
                self.unreserve_session();
                self.close_unused(config, mapping, &bh, guard);
                return Err(match has_pool_ports {
                    true => DropReason::PortTaken,
                    false => DropReason::PortsExhausted,
                });
            }
            let ident = self.idents.slot(v4.saddr, v4.daddr, proto);
            let first = (Side::V6, state);
            let life = (sys::jiffies(), mapping.refresh);
            let session = || Session::new(hashes, ident, tuple, v4, proto, first, life);
            self.add(config, mapping, session, (&v4, proto), &place)
        };
        opened()
            .inspect_err(|_| self.undo_item((owner, item), &place))
            .map(Some)
    }

    /// Opens a session for an IPv4 packet that hits a mapping; nothing if there is none.
    #[cold]
    pub(crate) fn open4<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple4>,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let opened = self.try_open4(config, key, guard);
        let mut want = Want {
            opener: Side::V4,
            v4: (key.tuple.saddr, key.tuple.sport),
            proto: key.proto,
            network: None,
        };
        match opened {
            Err(why) => {
                let owner = self.owner4(config, key, guard);
                want.network = owner.map(|owner| owner.range());
                let who = owner.map_or(0, |owner| owner.network_id(&self.key));
                match self.find_room(config, (why, &want), who, guard) {
                    true => self.try_open4(config, key, guard),
                    false => Err(why),
                }
            }
            _ => opened,
        }
        .inspect_err(|why| {
            let met = Limited {
                why: *why,
                proto: key.proto,
                host: None,
                pool: key.tuple.saddr,
                refused: 0,
            };
            self.tell_limit(config, met, guard);
        })
    }

    /// There is a session with this IPv4 side: one to the same peer by another suffix of its address.
    #[cold]
    pub(super) fn is_double(
        &self,
        v4: &Tuple4,
        (proto, hash): (u8, u32),
        guard: &rcu::Guard,
    ) -> bool {
        self.find4(&Key::plain(*v4, proto, hash), guard).is_some()
    }

    /// The host that a packet of an IPv4 host is for.
    #[cold]
    fn owner4(&self, config: &Config, key: &Key<Tuple4>, guard: &rcu::Guard) -> Option<Owner> {
        match self.target4(config, &key.tuple, key.proto, guard)? {
            Target::Mapping(mapping) => Some(self.owner(&mapping)),
            Target::Static(_, _, host) => Some(self.owner_of(host.addr, &config.values)),
        }
    }

    fn try_open4<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple4>,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let Key { tuple, proto, .. } = *key;
        let values = &config.values;
        let Some(target) = self.target4(config, &tuple, proto, guard) else {
            return Ok(None);
        };
        let (host, prefix, filter) = match target {
            Target::Mapping(mapping) => {
                let prefix = config.prefix(mapping.prefix);
                (
                    mapping.host,
                    prefix.ok_or(DropReason::NoPrefix)?,
                    mapping.filter,
                )
            }
            Target::Static(rule, prefix, host) => (host, prefix, rule.rule.filter),
        };
        let state = key.first_state(Side::V4)?;
        let knows_sender = || self.peers.has(&self.key, (&tuple, proto), guard);
        if !filter.admits(knows_sender) {
            return Err(DropReason::Filtered);
        }
        let mut owner = match target {
            Target::Mapping(mapping) => self.owner(&mapping),
            Target::Static(..) => self.owner_of(host.addr, values),
        };

        let bh = BhGuard::new();
        let hash = owner.hash(&self.key, host.port, proto);
        let _lock = self.hosts.lock(hash, &bh);
        if let Some(session) = self.find4(key, guard) {
            return Ok(Some(session));
        }
        let known = match target {
            Target::Mapping(mapping) => Some(mapping),
            Target::Static(..) => {
                let v4 = (tuple.saddr, tuple.sport, proto);
                let hash4 = hash::mapping4(&self.key, v4.0, v4.1, proto);
                self.mapping_at(v4, hash4, guard)
            }
        };
        let is_gone = |it: Linked<'_, BibEntry>| {
            let is_other = it.host != host || it.prefix != prefix.id();
            is_other || it.links().is_dead() || it.ends()
        };
        if known.is_some_and(is_gone) {
            return Ok(None);
        }
        if let Some(mapping) = known {
            // To which its sessions are given back.
            owner.len = mapping.subscriber;
            // Servers are there for strangers, up to what their host may have.
            let most = values.get(Id::MappingSessions);
            if mapping.sessions() >= most && !mapping.is_fixed() {
                return Err(DropReason::MappingSessions);
            }
        }
        let from = prefix.source(tuple.daddr)?;
        let place = Place {
            peer: (tuple.daddr, tuple.dport),
            values,
            bh: &bh,
            charging: &self.memcg.charging(&bh),
            guard,
        };
        let item = Item {
            opener: Side::V4,
            mapping: false,
        };
        let item = (owner, item);
        self.open_item(item, &place)?;
        let opened = || {
            let mapping = match (known, target) {
                (Some(mapping), _) | (None, Target::Mapping(mapping)) => {
                    self.reserve_session(values, Side::V4).map(|()| mapping)?
                }
                (None, Target::Static(rule, ..)) => {
                    let whose = (&owner, prefix.id());
                    self.open_static(config, rule, (host, hash), whose, Side::V4, &place)?
                }
            };
            let v6 = key.tuple6((host.addr, host.port), from);
            let hashes = (self.hash6(&v6, proto), key.hash, hash);
            let ident = self.idents.slot(tuple.saddr, tuple.daddr, proto);
            let first = (Side::V4, state);
            let life = match proto {
                proto::TCP => (sys::jiffies(), mapping.refresh),
                _ => (mapping.guest_since(), mapping.refresh),
            };
            let session = || Session::new(hashes, ident, v6, tuple, proto, first, life);
            self.add(config, mapping, session, (&tuple, proto), &place)
        };
        opened()
            .inspect_err(|_| self.undo_item(item, &place))
            .map(Some)
    }

    fn owner(&self, mapping: &BibEntry) -> Owner {
        Owner::new(&self.key, mapping.host.addr, mapping.subscriber)
    }

    #[inline]
    fn open_item(&self, item: (Owner, Item), place: &Place<'_, '_>) -> Result<(), DropReason> {
        self.subscribers.open(
            (&self.key, place.values),
            item,
            place.bh,
            place.charging,
            place.guard,
        )
    }

    /// Takes back what [`Translator::open_item`] did.
    fn undo_item(&self, item: (Owner, Item), place: &Place<'_, '_>) {
        self.subscribers
            .undo(&self.key, item, place.bh, place.guard);
    }

    #[inline(always)]
    pub(super) fn reserve_session(&self, values: &Values, opener: Side) -> Result<(), DropReason> {
        let all = values.get(Id::MaxSessions);
        let most = match opener {
            Side::V6 => all,
            // The last ones are for hosts, whatever strangers send.
            Side::V4 => all.wrapping_sub(all / 1024),
        };
        if !reserve(&self.session_count, most) {
            return Err(DropReason::SessionLimit);
        }
        self.sweep.wake();
        Ok(())
    }

    pub(super) fn unreserve_session(&self) {
        self.session_count.fetch_sub(1, ordering::Relaxed);
    }

    pub(super) fn reserve_mapping(&self, values: &Values) -> Result<(), DropReason> {
        match reserve(&self.mapping_count, values.get(Id::MaxMappings)) {
            true => Ok(()),
            false => Err(DropReason::MappingLimit),
        }
    }

    pub(super) fn unreserve_mapping(&self) {
        self.mapping_count.fetch_sub(1, ordering::Relaxed);
    }

    /// Opens a mapping, and reserves its first session.
    fn open_mapping<'g>(
        &'g self,
        config: &Config,
        rule: &Stateful,
        (host, hash): (Host, u32),
        (owner, prefix): (&Owner, u16),
        place: &Place<'_, 'g>,
    ) -> Result<Linked<'g, BibEntry>, DropReason> {
        self.reserve_session(place.values, Side::V6)?;
        self.reserve_mapping(place.values)
            .and_then(|()| {
                self.add_mapping(config, rule, (host, hash), (owner, prefix), place)
                    .inspect_err(|_| self.unreserve_mapping())
            })
            .inspect_err(|_| self.unreserve_session())
    }

    fn add_mapping<'g>(
        &'g self,
        config: &Config,
        rule: &Stateful,
        (host, hash): (Host, u32),
        (owner, prefix): (&Owner, u16),
        place: &Place<'_, 'g>,
    ) -> Result<Linked<'g, BibEntry>, DropReason> {
        let (values, bh, charging) = (place.values, place.bh, place.charging);
        let (net, guard, means) = (&*self.net, place.guard, (bh, charging));
        let wanted = ((host.proto, host.port), place.peer);
        let ports = (rule.rule.ports, &config.statics);
        let taken = match config.pools.of(&rule.rule.to) {
            [pool] if rule.rule.blocks.is_none() => pool
                .take(net, ports, wanted, values, means, guard)?
                .map(|port| (pool, port)),
            _ => self.take_of_several(config, rule, (host, owner), place)?,
        };
        let (pool, port) = match taken {
            Some(taken) => taken,
            None => self.take_address(config, rule, (host, hash), owner, place)?,
        };
        let v4 = Endpoint4 {
            addr: pool.addr,
            port,
        };
        // Nobody looks for one of several that have the same port.
        let hash4 = match l4::has_pool_ports(host.proto) {
            true => hash::mapping4(&self.key, v4.addr, port, host.proto),
            false => hash,
        };
        let hashes = (hash, hash4);
        // A static one that ends may have the port yet.
        if config.knows_statics
            && l4::has_pool_ports(host.proto)
            && self.has_port((v4, host.proto), hashes.1, place.guard)
        {
            pool.give(host.proto, port, bh);
            return Err(DropReason::PortTaken);
        }
        let (number, manner) = (rule.id, (rule.rule.filter, rule.rule.refresh));
        let mapping = || BibEntry::new(hashes, host, v4, (number, prefix, owner.len), manner);
        let mapping = self
            .mappings
            .insert(mapping, bh, charging, place.guard)
            .inspect_err(|_| pool.give(host.proto, port, bh))?;
        self.counters.inc(Event::Mapping, 1);
        rule.mappings.add(1, ordering::Relaxed);
        Ok(mapping)
    }

    /// Adds a session that was reserved.
    #[inline]
    fn add<'g>(
        &'g self,
        config: &Config,
        mapping: Linked<'_, BibEntry>,
        session: impl FnOnce() -> Session,
        v4: (&Tuple4, u8),
        place: &Place<'_, 'g>,
    ) -> Result<Linked<'g, Session>, DropReason> {
        let (bh, charging, guard) = (place.bh, place.charging, place.guard);
        let session = self
            .open_peer(mapping, v4, place)
            .and_then(|()| {
                let session = self.sessions.insert(session, bh, charging, guard);
                Ok(session.inspect_err(|_| self.close_peer(mapping, v4, bh, guard))?)
            })
            .inspect_err(|_| {
                self.unreserve_session();
                self.close_unused(config, mapping, bh, guard);
            })?;
        self.note_due(config, &session, guard);
        // Mappings are no more than sessions.
        let count = self.session_count();
        if self.sessions.is_crowded(count, guard) {
            let is_dense = |count| self.sessions.is_crowded(count / DENSE, guard);
            // Looked at now and then.
            self.sweep.make_room(count % 64 == 0 && is_dense(count));
        }
        mapping.set_sessions(mapping.sessions().saturating_add(1));
        self.counters.inc(Event::Session, 1);
        self.tell(
            config,
            Happening::SessionOpened(&session, &mapping),
            bh,
            guard,
        );
        Ok(session)
    }

    /// Takes note of the peer of a session that a mapping gets, where that wants to know.
    #[inline]
    fn open_peer(
        &self,
        mapping: Linked<'_, BibEntry>,
        v4: (&Tuple4, u8),
        place: &Place<'_, '_>,
    ) -> Result<(), DropReason> {
        if !mapping.asks_for_peers() {
            return Ok(());
        }
        let (bh, charging) = (place.bh, place.charging);
        Ok(self.peers.open(&self.key, v4, bh, charging, place.guard)?)
    }

    /// Takes back what [`Translator::open_peer`] did.
    fn close_peer(
        &self,
        mapping: Linked<'_, BibEntry>,
        v4: (&Tuple4, u8),
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) {
        if mapping.asks_for_peers() {
            self.peers.close(&self.key, v4, bh, guard);
        }
    }

    /// Ends a session that is over, for a reason, and its mapping with the last one; `holds`: the
    /// mapping's port waits then.
    pub(super) fn close(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        (holds, why): (bool, End),
        guard: &rcu::Guard,
    ) {
        let bh = BhGuard::new();
        let _lock = self.hosts.lock(session.host, &bh);
        if !self.sessions.remove(session, &bh, guard) {
            return;
        }
        let Some(mapping) = self.mapping_of(&session, guard) else {
            return self.unreserve_session();
        };
        self.unreserve_session();
        mapping.set_sessions(mapping.sessions().saturating_sub(1));
        self.close_peer(mapping, (&session.v4, session.proto), &bh, guard);
        let closed = Happening::SessionClosed(&session, &mapping, why);
        self.tell(config, closed, &bh, guard);
        if holds {
            mapping.set_used();
        }
        let has_ended = self.close_unused(config, mapping, &bh, guard);
        let item = Item {
            opener: session.opener,
            mapping: has_ended && !mapping.is_fixed(),
        };
        let item = (self.owner(&mapping), item);
        self.subscribers.close(&self.key, item, &bh, guard);
    }

    /// Ends a mapping without sessions. Return false if it has some, or has ended.
    fn close_unused(
        &self,
        config: &Config,
        mapping: Linked<'_, BibEntry>,
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) -> bool {
        if mapping.sessions() != 0 || !self.mappings.remove(mapping, bh, guard) {
            return false;
        }
        self.unreserve_mapping();
        self.tell(config, Happening::MappingClosed(&mapping), bh, guard);
        if mapping.is_fixed() {
            return true;
        }
        let (host, port) = (mapping.host, mapping.v4.port);
        match config.pool(mapping.v4.addr) {
            Some(pool) if mapping.was_used() => pool.hold(host.proto, port, &config.values, bh),
            Some(pool) => pool.give(host.proto, port, bh),
            None => {}
        }
        true
    }
}

/// Counts one more, if there may be.
fn reserve(count: &Atomic<u32>, most: u32) -> bool {
    // In full order, so that expiry either sees it or is woken.
    let may = count.fetch_add(1, ordering::Full) < most;
    if !may {
        count.fetch_sub(1, ordering::Relaxed);
    }
    may
}
