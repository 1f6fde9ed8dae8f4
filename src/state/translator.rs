// SPDX-License-Identifier: GPL-2.0

//! The tables of a namespace, and how entries come and go.

use super::{
    config::Config,
    counters::Counters,
    events::{End, Events},
    hash::{self, Secret},
    ident::Identifiers,
    life::Fate,
    mapping::{BibEntry, Endpoint4, Host},
    peer::Peers,
    recent::Recent,
    session::Session,
    subscriber::Subscribers,
    sweep::Sweep,
    syns::Syns,
};
use crate::{
    linux::{
        bh::{BhGuard, Stripes},
        defrag::Defrag6,
        family::Family,
        fib::{Listener, Routes6},
        memory::{self, Account, Charge, Memcg},
        once::read_once,
        pernet::NetRef,
        rcu,
        route::{DstCache, Route, Use},
        snapshot::Snapshot,
        sys,
        table::{HashEntry as _, Index, Linked, Table, WIDE},
    },
    nat::{rule::Refresh, tcp, world::Key},
    xlate::{
        side::Side,
        tuple::{Tuple4, Tuple6},
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};
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
    pub(super) key: Secret,
    #[pin]
    pub(crate) sessions: Table<Session>,
    #[pin]
    pub(crate) mappings: Table<BibEntry>,
    /// Taken to change the mappings of a host's port and what is under them.
    #[pin]
    pub(super) hosts: Stripes,
    /// Taken before it to open a session of a protocol whose ports stay.
    #[pin]
    pub(super) alone: Stripes,
    #[pin]
    pub(super) subscribers: Subscribers,
    #[pin]
    pub(super) peers: Peers,
    #[pin]
    pub(super) syns: Syns,
    /// Networks for which nothing was found that would make room.
    pub(super) fruitless: Recent,
    /// Hosts that got an ICMP error.
    answered: Recent,
    pub(super) session_count: Atomic<u32>,
    pub(super) mapping_count: Atomic<u32>,
    /// The knowledge of routes that are longer than a prefix.
    native: Atomic<u32>,
    /// Grows when routes that sessions keep are not to be used any more.
    routes: Atomic<u32>,
    pub(super) sweep: Sweep,
    #[pin]
    pub(super) events: Events,
    /// The account of the one who switched translation on: it pays for what packets need.
    pub(super) memcg: Memcg,
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
    pub(crate) fn new(net: NetRef, config: Arc<Config>) -> Result<Arc<Self>> {
        let config = Snapshot::new(config);
        let account = Account::of(&net);
        let counters = Counters::new(account)?;
        let idents = Identifiers::new(account)?;
        let (fruitless, answered) = (Recent::new(account)?, Recent::new(account)?);
        let charge = account.hold(size_of::<Self>())?;
        Arc::pin_init(
            try_pin_init!(Self {
                net,
                config,
                counters,
                idents,
                defrag6: Defrag6::get().ok(),
                key: [sys::random_key(), sys::random_key()],
                sessions <- Table::new(account, WIDE),
                mappings <- Table::new(account, WIDE),
                hosts <- Stripes::new(static_lock_class!()),
                alone <- Stripes::new(static_lock_class!()),
                // Every one has several sessions.
                subscribers <- Subscribers::new(account),
                peers <- Peers::new(account),
                syns <- Syns::new(account),
                fruitless,
                answered,
                session_count: Atomic::new(0),
                mapping_count: Atomic::new(0),
                native: Atomic::new(SCANNING),
                routes: Atomic::new(0),
                sweep: Sweep::new(),
                events <- Events::new(),
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

    /// Has another configuration count from now on. May sleep.
    pub(crate) fn configure(&self, config: Arc<Config>) {
        let values = config.values;
        let was = self.config.read(&rcu::read_lock()).values;
        self.config.replace(config);
        self.forget_routes();
        if values != was {
            // Nobody opens one under the old timeouts any more.
            self.sessions.all_are_due(&rcu::read_lock());
        }
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

    /// Return true if this host, which met a limit, is to get an ICMP error. The kernel sends it few in
    /// a second, but takes as much time to say no as for a packet: so it is asked some times in a jiffy.
    pub(crate) fn may_answer(&self, host: Ipv6Addr) -> bool {
        let host = hash::host(&self.key, host);
        let may = sys::icmp6_interval(&self.net) == 0 || !self.answered.is_enough(host);
        self.answered.note(host);
        may
    }

    #[inline]
    pub(crate) fn session_count(&self) -> u32 {
        read_once(&self.session_count)
    }

    pub(crate) fn mapping_count(&self) -> u32 {
        read_once(&self.mapping_count)
    }

    /// Hash value of the IPv6 side of a session.
    #[inline(always)]
    pub(crate) fn hash6(&self, tuple: &Tuple6, proto: u8) -> u32 {
        hash::session6(&self.key, tuple, proto)
    }

    /// Hash value of the IPv4 side of a session.
    #[inline(always)]
    pub(crate) fn hash4(&self, tuple: &Tuple4, proto: u8) -> u32 {
        hash::session4(&self.key, tuple, proto)
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
        let hash = hash::mapping4(&self.key, tuple.saddr, tuple.sport, proto);
        self.mapping_at((tuple.saddr, tuple.sport, proto), hash, guard)
    }

    /// The mapping that has a port of a pool address, with its hash value.
    pub(super) fn mapping_at<'g>(
        &'g self,
        (addr, port, proto): (Ipv4Addr, u16, u8),
        hash: u32,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, BibEntry>> {
        self.mappings.find(Index::V4, hash, guard, |mapping| {
            mapping.v4.addr == addr && mapping.v4.port == port && mapping.host.proto == proto
        })
    }

    /// The mapping that a session is under.
    pub(super) fn mapping_of<'g>(
        &'g self,
        session: &Session,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, BibEntry>> {
        let host = Host::of(session);
        let v4 = Endpoint4 {
            addr: session.v4.saddr,
            port: session.v4.sport,
        };
        self.mappings
            .find(Index::V6, session.host, guard, |mapping| {
                mapping.host == host && mapping.v4 == v4
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
        session.life.is_current((side, flags), sys::jiffies())
            || self.step(config, session, (side, flags), guard)
    }

    #[inline(never)]
    fn step(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        (side, flags): (Side, Option<tcp::Flags>),
        guard: &rcu::Guard,
    ) -> bool {
        let (proto, now) = (session.proto, sys::jiffies());
        let life = session
            .life
            .advance(proto, &config.values, (side, flags), now);
        let Some(life) = life else {
            self.look(config, session, guard);
            return false;
        };
        if life.hastens(proto, &config.values) {
            self.note_due(config, &session, guard);
        }
        if (life.after.refresh, side) == (Refresh::Outbound, Side::V6) {
            if let Some(mapping) = self.mapping_of(&session, guard) {
                mapping.hear();
            }
        }
        true
    }

    /// Look at a session, and end it if its time is over.
    #[cold]
    pub(super) fn look(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        guard: &rcu::Guard,
    ) -> Fate {
        let fate = session
            .life
            .look(session.proto, &config.values, sys::jiffies());
        if fate == Fate::Over {
            self.close(config, session, (true, End::Expired), guard);
        }
        fate
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
