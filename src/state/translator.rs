// SPDX-License-Identifier: GPL-2.0

//! The tables of a namespace, and how entries come and go.

use super::{
    config::{Config, Stateful},
    counters::{Counters, Event},
    ident::Identifiers,
    mapping::{self, BibEntry, Host},
    session::{self, Secret, Session},
};
use crate::{
    linux::{
        bh::{BhGuard, Stripes},
        defrag::Defrag6,
        family::Family,
        fib::{Listener, Routes6},
        memory::{self, Account, Charge, Charging, Memcg},
        once::read_once,
        pernet::NetRef,
        rcu,
        route::{DstCache, Route, Use},
        snapshot::Snapshot,
        sys,
        table::{HashEntry as _, Index, Linked, Table},
    },
    nat::{options::Id, tcp, world::Key},
    xlate::{
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};
use core::net::Ipv6Addr;
use kernel::{
    prelude::*,
    static_lock_class,
    sync::{
        atomic::{ordering, Atomic},
        Arc,
    },
};

/// The machinery of translation in one namespace, from the first `map enable` on.
#[pin_data]
pub(crate) struct Translator {
    pub(crate) net: NetRef,
    pub(crate) config: Snapshot<Config>,
    pub(crate) counters: Counters,
    pub(crate) idents: Identifiers,
    /// Absent where the kernel has no IPv6 reassembly to lend.
    pub(crate) defrag6: Option<Defrag6>,
    key: Secret,
    #[pin]
    pub(crate) sessions: Table<Session>,
    #[pin]
    pub(crate) mappings: Table<BibEntry>,
    /// Taken to change the mappings of a host's port and what is under them.
    #[pin]
    hosts: Stripes,
    session_count: Atomic<u32>,
    mapping_count: Atomic<u32>,
    /// The knowledge of routes that are longer than a prefix.
    native: Atomic<u32>,
    /// Grows when routes that sessions keep are not to be used any more.
    routes: Atomic<u32>,
    /// Where expiry is.
    pub(super) sweep: Atomic<u32>,
    /// The account of the one who switched translation on: it pays for what packets need.
    memcg: Memcg,
    _charge: Charge,
}

/// No route is longer than the prefix that it is under.
const NONE: u32 = 0;
/// There is, or was, one.
const SOME: u32 = 1;
/// The routes are being looked at.
const SCANNING: u32 = 2;

impl Listener for Translator {
    fn route6(&self, addr: Ipv6Addr, len: u8) {
        // One of another table may go before those that are kept, which do not know.
        self.forget_routes();
        let guard = rcu::read_lock();
        let prefix = self.config.read(&guard).prefix_of(addr);
        if prefix.is_some_and(|prefix| len > prefix.len()) {
            self.native.store(SOME, ordering::Relaxed);
        }
    }

    fn rule(&self) {
        self.forget_routes();
    }
}

impl Translator {
    pub(crate) fn new(net: NetRef, config: Arc<Config>, bits: u32) -> Result<Arc<Self>> {
        let config = Snapshot::new(config);
        let account = Account::of(&net);
        let counters = Counters::new(account)?;
        let idents = Identifiers::new(account)?;
        let charge = account.hold(size_of::<Self>())?;
        Arc::pin_init(
            try_pin_init!(Self {
                net,
                config,
                counters,
                idents,
                defrag6: Defrag6::get().ok(),
                key: [sys::random_key(), sys::random_key()],
                sessions <- Table::new(account, bits),
                mappings <- Table::new(account, bits),
                hosts <- Stripes::new(static_lock_class!()),
                session_count: Atomic::new(0),
                mapping_count: Atomic::new(0),
                native: Atomic::new(SCANNING),
                routes: Atomic::new(0),
                sweep: Atomic::new(0),
                memcg: Memcg::of_caller(),
                _charge: charge,
            }),
            memory::flags(),
        )
    }

    /// Return true if a destination under a prefix may have a route of its own.
    #[inline]
    pub(crate) fn may_be_native(&self) -> bool {
        read_once(&self.native) != NONE
    }

    /// Has sessions look up their routes anew.
    pub(crate) fn forget_routes(&self) {
        self.routes.add(1, ordering::Relaxed);
    }

    /// Which routes that sessions keep are good.
    #[inline]
    pub(crate) fn routes(&self) -> u32 {
        read_once(&self.routes)
    }

    /// Looks at all routes anew, and from then on at those that come.
    pub(crate) fn watch_routes(self: &Arc<Self>) -> Option<Pin<KBox<Routes6<Self>>>> {
        self.native.store(SCANNING, ordering::Relaxed);
        self.forget_routes();
        let routes = Routes6::start(self.net, self.clone()).ok()?;
        let _ = self.native.cmpxchg(SCANNING, NONE, ordering::Relaxed);
        Some(routes)
    }

    pub(crate) fn session_count(&self) -> u32 {
        self.session_count.load(ordering::Relaxed)
    }

    pub(crate) fn mapping_count(&self) -> u32 {
        self.mapping_count.load(ordering::Relaxed)
    }

    /// Hash value of the IPv6 side of a session.
    #[inline(always)]
    pub(crate) fn hash6(&self, tuple: &Tuple6, proto: u8) -> u32 {
        session::hash6(&self.key, tuple, proto)
    }

    /// Hash value of the IPv4 side of a session.
    #[inline(always)]
    pub(crate) fn hash4(&self, tuple: &Tuple4, proto: u8) -> u32 {
        session::hash4(&self.key, tuple, proto)
    }

    /// The session of an IPv6 packet.
    #[inline(always)]
    pub(crate) fn find6<'g>(
        &'g self,
        key: &Key<Tuple6>,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Session>> {
        let same = |session: &Session| session.v6 == key.tuple && session.proto == key.proto;
        self.sessions.find(Index::V6, key.hash, guard, same)
    }

    /// The session of an IPv4 packet, whose tuple is turned round: the pool is its source.
    #[inline(always)]
    pub(crate) fn find4<'g>(
        &'g self,
        key: &Key<Tuple4>,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Session>> {
        let same = |session: &Session| session.v4 == key.tuple && session.proto == key.proto;
        self.sessions.find(Index::V4, key.hash, guard, same)
    }

    /// The mapping that has a port of a pool address.
    pub(crate) fn mapping4<'g>(
        &'g self,
        tuple: &Tuple4,
        proto: u8,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, BibEntry>> {
        let hash = mapping::hash4(&self.key, tuple.saddr, tuple.sport, proto);
        self.mappings.find(Index::V4, hash, guard, |mapping| {
            mapping.addr == tuple.saddr
                && mapping.port == tuple.sport
                && mapping.host.proto == proto
        })
    }

    /// Move a session on by a packet from `side`. Return false if its time was over and it is gone.
    #[inline(always)]
    pub(crate) fn advance(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        side: Side,
        flags: Option<tcp::Flags>,
        guard: &rcu::Guard,
    ) -> bool {
        let (proto, now) = (session.proto, sys::jiffies());
        let goes_on = session
            .life
            .advance(proto, &config.values, (side, flags), now);
        if !goes_on {
            self.expire(config, session, guard);
        }
        goes_on
    }

    /// End a session if its time is over. Return true if it was.
    #[cold]
    pub(super) fn expire(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        guard: &rcu::Guard,
    ) -> bool {
        let is_over = session
            .life
            .end(session.proto, &config.values, sys::jiffies());
        if is_over {
            self.close(config, session, guard);
        }
        is_over
    }

    /// Opens a session for an IPv6 packet by its rule; nothing if there is none.
    pub(crate) fn open6<'g>(
        &'g self,
        config: &Config,
        key: &Key<Tuple6>,
        rule: Option<&Stateful>,
        guard: &'g rcu::Guard,
    ) -> Result<Option<Linked<'g, Session>>, DropReason> {
        let Key { tuple, proto, .. } = *key;
        let host = Host {
            addr: tuple.saddr,
            port: tuple.sport,
            proto,
        };
        let Some(prefix) = config.prefix_of(tuple.daddr) else {
            return Ok(None);
        };
        let peer = prefix.target(tuple.daddr)?;
        let Some(rule) = rule else {
            return Ok(None);
        };
        let state = key.first_state(Side::V6)?;

        let bh = BhGuard::new();
        let hash = host.hash(&self.key);
        let _lock = self.hosts.lock(hash, &bh);
        // Another CPU may have been here first.
        if let Some(session) = self.find6(key, guard) {
            return Ok(Some(session));
        }
        let known = self
            .mappings
            .find(Index::V6, hash, guard, |mapping| mapping.host == host);
        self.reserve(config)?;
        let charging = self.memcg.charging(&bh);
        let mapping = match known {
            Some(mapping) => mapping,
            None => self
                .open_mapping(rule, host, &tuple, &bh, &charging, guard)
                .inspect_err(|_| self.unreserve())?,
        };
        let v4 = key.tuple4((mapping.addr, mapping.port), peer);
        let hashes = (key.hash, self.hash4(&v4, proto), hash);
        let ident = self.idents.slot(v4.saddr, v4.daddr, proto);
        let session = Session::new(hashes, ident, tuple, v4, proto, state, sys::jiffies());
        self.add(config, mapping, session, &bh, &charging, guard)
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
        let Key { tuple, proto, .. } = *key;
        let Some(mapping) = self.mapping4(&tuple, proto, guard) else {
            return Ok(None);
        };
        let prefix = config
            .prefix_of(mapping.target)
            .or(config.prefixes.first())
            .ok_or(DropReason::NoPrefix)?;
        let state = key.first_state(Side::V4)?;
        let host = mapping.host;

        let bh = BhGuard::new();
        let hash = mapping.links().hash(Index::V6);
        let _lock = self.hosts.lock(hash, &bh);
        if let Some(session) = self.find4(key, guard) {
            return Ok(Some(session));
        }
        if mapping.links().is_dead() {
            return Ok(None);
        }
        let target = prefix.source(tuple.daddr)?;
        self.reserve(config)?;
        let charging = self.memcg.charging(&bh);
        let v6 = key.tuple6((host.addr, host.port), target);
        let hashes = (self.hash6(&v6, proto), key.hash, hash);
        let ident = self.idents.slot(tuple.saddr, tuple.daddr, proto);
        let session = Session::new(hashes, ident, v6, tuple, proto, state, sys::jiffies());
        self.add(config, mapping, session, &bh, &charging, guard)
            .map(Some)
    }

    /// Counts a session that is to be made, if there may be one more.
    fn reserve(&self, config: &Config) -> Result<(), DropReason> {
        let before = self.session_count.fetch_add(1, ordering::Relaxed);
        if before >= config.values.get(Id::MaxSessions) {
            self.unreserve();
            return Err(DropReason::SessionLimit);
        }
        Ok(())
    }

    fn unreserve(&self) {
        self.session_count.fetch_sub(1, ordering::Relaxed);
    }

    fn open_mapping<'g>(
        &'g self,
        rule: &Stateful,
        host: Host,
        tuple: &Tuple6,
        bh: &BhGuard,
        charging: &Charging<'_>,
        guard: &'g rcu::Guard,
    ) -> Result<Linked<'g, BibEntry>, DropReason> {
        let (pool, ports) = (&rule.pool, rule.rule.ports);
        let port = pool
            .take(&self.net, ports, host.proto, host.port, bh, charging)?
            .ok_or(DropReason::PortsExhausted)?;
        let mapping = BibEntry::new(&self.key, host, pool.addr, port, tuple.daddr);
        let mapping = self
            .mappings
            .insert(mapping, bh, charging, guard)
            .inspect_err(|_| pool.give(host.proto, port, bh))?;
        self.mapping_count.add(1, ordering::Relaxed);
        self.counters.inc(Event::Mapping, 1);
        rule.mappings.add(1, ordering::Relaxed);
        Ok(mapping)
    }

    fn add<'g>(
        &'g self,
        config: &Config,
        mapping: Linked<'_, BibEntry>,
        session: Session,
        bh: &BhGuard,
        charging: &Charging<'_>,
        guard: &'g rcu::Guard,
    ) -> Result<Linked<'g, Session>, DropReason> {
        let session = self.sessions.insert(session, bh, charging, guard);
        let session = session.map_err(|why| {
            self.unreserve();
            self.close_unused(config, mapping, bh, guard);
            DropReason::from(why)
        })?;
        mapping.set_sessions(mapping.sessions().saturating_add(1));
        self.counters.inc(Event::Session, 1);
        Ok(session)
    }

    /// Ends a session, and its mapping with the last one.
    fn close(&self, config: &Config, session: Linked<'_, Session>, guard: &rcu::Guard) {
        let host = Host::of(&session);
        let hash = session.host;
        let bh = BhGuard::new();
        let _lock = self.hosts.lock(hash, &bh);
        if !self.sessions.remove(session, &bh, guard) {
            return;
        }
        self.unreserve();
        let mapping = self
            .mappings
            .find(Index::V6, hash, guard, |mapping| mapping.host == host);
        if let Some(mapping) = mapping {
            mapping.set_sessions(mapping.sessions().saturating_sub(1));
            self.close_unused(config, mapping, &bh, guard);
        }
    }

    fn close_unused(
        &self,
        config: &Config,
        mapping: Linked<'_, BibEntry>,
        bh: &BhGuard,
        guard: &rcu::Guard,
    ) {
        if mapping.sessions() == 0 && self.mappings.remove(mapping, bh, guard) {
            self.mapping_count.fetch_sub(1, ordering::Relaxed);
            if let Some(pool) = config.pool(mapping.addr) {
                pool.give(mapping.host.proto, mapping.port, bh);
            }
        }
    }

    /// Keeps a route for the packets of a session.
    pub(crate) fn keep_route<F: Family>(
        &self,
        session: &Session,
        cache: &DstCache<F>,
        route: Route<F>,
        usage: Use,
    ) {
        let bh = BhGuard::new();
        let lock = self.hosts.lock(session.host, &bh);
        // A session that has left the table must not hold anything any more, and none may where
        // nobody would tell us of new rules.
        let watched = read_once(&self.native) != SCANNING;
        if watched && !session.links().is_dead() {
            cache.put(route, usage, &lock);
        }
    }
}
