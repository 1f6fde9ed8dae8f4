// SPDX-License-Identifier: GPL-2.0

//! Room for new sessions where there is none: those that are worth least are given up.

use super::{
    config::Config, counters::Event, events::End, life::Worth, mapping::BibEntry, session::Session,
    translator::Translator,
};
use crate::{
    linux::{rcu, sys, table::Linked},
    nat::options::Id,
    xlate::{proto, side::Side, DropReason},
};
use core::{cmp::Reverse, net::Ipv4Addr};

/// Most sessions, and most buckets, that are looked at for one that can be given up.
const SESSIONS: u32 = 32;
const BUCKETS: u32 = 512;

impl Translator {
    /// Give up a session if one of this side was refused for this reason, which wanted a port of a
    /// pool address and protocol. Return true if there is room now.
    #[cold]
    pub(super) fn make_room(
        &self,
        config: &Config,
        why: DropReason,
        (opener, wanted): (Side, (Ipv4Addr, u8)),
        guard: &rcu::Guard,
    ) -> bool {
        let is_cure = |mapping: &BibEntry, worth: Worth| match why {
            // For strangers no host loses what somebody has ever answered.
            DropReason::SessionLimit => opener == Side::V6 || worth == Worth::Unanswered,
            DropReason::MappingLimit => {
                mapping.sessions() == 1 && (opener == Side::V6 || worth == Worth::Unanswered)
            }
            DropReason::PortsExhausted => {
                // Of a port that was used, but for TCP's, others would have to wait.
                (mapping.v4.addr, mapping.host.proto) == wanted
                    && !mapping.is_fixed()
                    && mapping.sessions() == 1
                    && (mapping.host.proto == proto::TCP
                        || worth == Worth::Unanswered && !mapping.was_used())
            }
            _ => false,
        };
        let is_no_room = matches!(
            why,
            DropReason::SessionLimit | DropReason::MappingLimit | DropReason::PortsExhausted
        );
        if !is_no_room || config.values.get(Id::Evict) == 0 {
            return false;
        }
        let may_go = |session: &Session, worth: Worth| {
            let mapping = self.mapping_of(session, guard);
            mapping.is_some_and(|mapping| is_cure(&mapping, worth))
        };
        let Some(session) = self.least_worth(may_go, guard) else {
            return false;
        };
        let Some(worth) = session.life.give_up(session.proto, sys::jiffies()) else {
            return false;
        };
        self.counters.inc(Event::Evicted, 1);
        let holds = worth != Worth::Unanswered;
        self.close(config, session, (holds, End::Evicted), guard);
        true
    }

    /// The session that is worth least, of some from anywhere in the table.
    fn least_worth<'g>(
        &'g self,
        may_go: impl Fn(&Session, Worth) -> bool,
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Session>> {
        let now = sys::jiffies();
        let (mut seen, mut best) = (0u32, None);
        let first = sys::random();
        let size = self.sessions.size(guard);
        for bucket in (0..BUCKETS.min(size)).map(|n| first.wrapping_add(n)) {
            self.sessions.visit((bucket, size), guard, |session| {
                seen = seen.wrapping_add(1);
                let life = session.life.read();
                let Some(worth) = life.worth(session.proto, now) else {
                    return;
                };
                let rank = (worth, Reverse(life.idle(now)));
                let is_better = best.as_ref().is_none_or(|(other, _)| rank < *other);
                if is_better && may_go(&session, worth) {
                    best = Some((rank, session));
                }
            });
            if seen >= SESSIONS {
                break;
            }
        }
        best.map(|(_, session)| session)
    }
}
