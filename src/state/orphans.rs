// SPDX-License-Identifier: GPL-2.0

//! Mappings and sessions that end before their time: their rule or prefix was taken away, or
//! somebody has them ended.

use super::{
    config::Config, counters::Event, events::End, filter::Filter, session::Session,
    translator::Translator,
};
use crate::linux::{
    bh::BhGuard,
    rcu, sys,
    table::{HashEntry, Index, Linked, Table},
};

impl Translator {
    /// End the mappings whose rule or prefix is gone, or which a static one displaces, with their
    /// sessions. Nobody may read another
    /// configuration any more. May sleep.
    pub(crate) fn end_orphans(&self, config: &Config) {
        let mut found = false;
        each(&self.mappings, |mapping, _| {
            let (host, v4) = (&mapping.host, &mapping.v4);
            let allows = config.allows(mapping.rule, mapping.prefix)
                && !config.displaces((host, v4), mapping.rule, mapping.prefix);
            if !allows {
                let bh = BhGuard::new();
                // Who is just opening a session under it has done so before we look for them.
                let _lock = self.hosts.lock(mapping.links().hash(Index::V6), &bh);
                mapping.set_ends();
                found = true;
            }
        });
        if !found {
            return;
        }
        each(&self.sessions, |session, guard| {
            let mapping = self.mapping_of(&session, guard);
            if mapping.is_some_and(|mapping| mapping.ends()) {
                self.end(config, session, (Event::Removed, End::Removed), guard);
            }
        });
    }

    /// End the sessions that one of the filters is for. May sleep.
    pub(crate) fn end_sessions(&self, filters: &[Filter]) {
        self.delete_syns(filters);
        each(&self.sessions, |session, guard| {
            if filters
                .iter()
                .any(|it| it.has_session(self, &session, guard))
            {
                let config = self.config.read(guard);
                self.end(config, session, (Event::Deleted, End::Deleted), guard);
            }
        });
    }

    fn end(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        (event, why): (Event, End),
        guard: &rcu::Guard,
    ) {
        if session.life.end() {
            self.counters.inc(event, 1);
            self.close(config, session, (true, why), guard);
        }
    }
}

/// Visit all entries of a table. May sleep between them.
pub(super) fn each<T: HashEntry>(table: &Table<T>, mut f: impl FnMut(Linked<'_, T>, &rcu::Guard)) {
    let size = table.size(&rcu::read_lock());
    for bucket in 0..size {
        let guard = rcu::read_lock();
        table.visit((bucket, size), &guard, |entry| f(entry, &guard));
        drop(guard);
        sys::may_resched();
    }
}
