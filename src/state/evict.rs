// SPDX-License-Identifier: GPL-2.0

//! Room for new sessions where there is none: those that are worth least are given up.

use super::{
    config::Config, counters::Event, events::End, life::Worth, mapping::BibEntry, session::Session,
    translator::Translator,
};
use crate::{
    linux::{rcu, sys, table::Linked},
    nat::{options::Id, rule::Source6},
    xlate::{proto, side::Side, DropReason},
};
use core::{cmp::Reverse, net::Ipv4Addr};

/// Most sessions that could make room, and most buckets, that are looked at for one that may go.
const SESSIONS: u32 = 32;
const BUCKETS: u32 = 512;

/// What somebody was refused, who would open a session.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) opener: Side,
    /// The pool address and port, 0 while it has none.
    pub(super) v4: (Ipv4Addr, u16),
    pub(super) proto: u8,
    /// Whose sessions count as one subscriber's.
    pub(super) network: Option<Source6>,
}

impl Want {
    /// Return true if the end of this session may make room: what a host has opened never goes for a
    /// stranger.
    fn fits(&self, why: DropReason, session: &Session) -> bool {
        let of_network = || {
            let network = self.network.as_ref();
            network.is_some_and(|it| it.contains(session.v6.saddr))
        };
        let v4 = &session.v4;
        (self.opener == Side::V6 || session.opener == Side::V4)
            && match why {
                DropReason::SessionLimit | DropReason::MappingLimit => true,
                DropReason::PortsExhausted => (v4.saddr, session.proto) == (self.v4.0, self.proto),
                DropReason::MappingSessions => {
                    ((v4.saddr, v4.sport), session.proto) == (self.v4, self.proto)
                }
                DropReason::HostSessions => of_network(),
                _ => false,
            }
    }

    /// Return true if the end of a session of this mapping and worth makes room.
    fn is_cure(&self, why: DropReason, mapping: &BibEntry, worth: Worth) -> bool {
        // For strangers no host loses what somebody has ever answered.
        let may_go = self.opener == Side::V6 || worth == Worth::Unanswered;
        match why {
            DropReason::MappingLimit => mapping.sessions() == 1 && may_go,
            DropReason::PortsExhausted => {
                // Of a port that was used, but for TCP's, others would have to wait.
                !mapping.is_fixed()
                    && mapping.sessions() == 1
                    && (mapping.host.proto == proto::TCP
                        || worth == Worth::Unanswered && !mapping.was_used())
            }
            _ => may_go,
        }
    }
}

impl Translator {
    /// Give up a session if one was refused for this reason. Return true if there is room now.
    #[cold]
    pub(super) fn make_room(
        &self,
        config: &Config,
        (why, want): (DropReason, &Want),
        guard: &rcu::Guard,
    ) -> bool {
        let is_no_room = match why {
            DropReason::SessionLimit | DropReason::MappingLimit | DropReason::PortsExhausted => {
                true
            }
            // What a host has too many of it has opened itself.
            DropReason::MappingSessions | DropReason::HostSessions => want.opener == Side::V4,
            _ => false,
        };
        if !is_no_room || config.values.get(Id::Evict) == 0 {
            return false;
        }
        let Some(session) = self.least_worth((why, want), guard) else {
            return false;
        };
        self.evict(config, session, guard)
    }

    /// Give up a session, if it may be.
    pub(super) fn evict(
        &self,
        config: &Config,
        session: Linked<'_, Session>,
        guard: &rcu::Guard,
    ) -> bool {
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
        (why, want): (DropReason, &Want),
        guard: &'g rcu::Guard,
    ) -> Option<Linked<'g, Session>> {
        let now = sys::jiffies();
        let (mut seen, mut best) = (0u32, None);
        let first = sys::random();
        let size = self.sessions.size(guard);
        for bucket in (0..BUCKETS.min(size)).map(|n| first.wrapping_add(n)) {
            self.sessions.visit((bucket, size), guard, |session| {
                if !want.fits(why, &session) {
                    return;
                }
                seen = seen.wrapping_add(1);
                let life = session.life.read();
                let Some(worth) = life.worth(session.proto, now) else {
                    return;
                };
                let rank = (worth, Reverse(life.idle(now)));
                let is_better = best.as_ref().is_none_or(|(other, _)| rank < *other);
                let mapping = || self.mapping_of(&session, guard);
                if is_better && mapping().is_some_and(|it| want.is_cure(why, &it, worth)) {
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
