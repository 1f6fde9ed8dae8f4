// SPDX-License-Identifier: GPL-2.0

//! Late answers: an unsolicited SYN waits for one of the other side, as two hosts may be opening the
//! connection at once, before its sender is told that nobody is there (RFC 6146 section 3.5.2.2).
//!
//! Whose connection is there after that time is told nothing: no one has to look for the SYN
//! when a session opens.

use super::{
    config::Config,
    counters::Event,
    filter::Filter,
    orphans::each,
    sweep::PAUSE,
    syns::{Added, Syn},
    translator::Translator,
};
use crate::{
    linux::{icmp, rcu, sys},
    nat::{options::Id, world::Key},
    xlate::{icmp::v4, proto, tuple::Tuple4, DropReason},
};

/// Seconds for which a SYN waits (RFC 5382 REQ-4, RFC 6146 TCP_INCOMING_SYN).
const WAIT: u32 = 6;

impl Translator {
    /// Has a SYN wait, of which these are the interface where it came in and the bytes at hand, unless
    /// it does already. Fails where too many do, or memory is short.
    #[cold]
    pub(crate) fn hold_syn(
        &self,
        config: &Config,
        tuple: &Tuple4,
        packet: (u32, &[u8]),
        guard: &rcu::Guard,
    ) -> Result<(), DropReason> {
        let hash = self.hash4(tuple, proto::TCP);
        let limits = (&self.key, &config.values);
        let added = self
            .syns
            .add(limits, (tuple, hash), packet, &self.memcg, guard)?;
        if added != Added::Known {
            self.counters.inc(Event::SynHeld, 1);
        }
        if added != Added::Known {
            // Nothing happens if it is to ring anyhow.
            self.sweep.bell.ring(PAUSE.saturating_mul(sys::hz()));
        }
        Ok(())
    }

    /// Answers the SYNs whose time is over; return after how many jiffies there are more. May sleep.
    pub(super) fn answer_syns(&self) -> Option<u32> {
        let wait = WAIT.saturating_mul(sys::hz());
        if self.syns.is_empty() {
            return None;
        }
        // As soon as somebody who is woken now has to be.
        let mut next = PAUSE.saturating_mul(sys::hz());
        each(&self.syns.table, |syn, guard| {
            let waited = sys::jiffies().wrapping_sub(syn.since);
            if waited <= wait {
                next = next.min(wait.wrapping_sub(waited).wrapping_add(1));
            } else if self.syns.remove(syn, guard) {
                self.answer(&syn, guard);
            }
        });
        self.syns.fit(&self.memcg);
        // Not one by one.
        (!self.syns.is_empty()).then_some(next.max(sys::hz() / 4))
    }

    /// Tells the sender of a SYN that nobody is there, unless somebody is now.
    fn answer(&self, syn: &Syn, guard: &rcu::Guard) {
        let config = self.config.read(guard);
        let key = Key::plain(syn.tuple, proto::TCP, syn.hash());
        let Tuple4 {
            saddr: pool,
            daddr: peer,
            sport: port,
            dport: of_peer,
        } = syn.tuple;
        let (peer, pool) = ((peer, of_peer), (pool, port));
        let has_come = self.find4(&key, guard).is_some()
            || sys::has_socket4(&self.net, peer, pool, proto::TCP, guard);
        if has_come || config.values.get(Id::IcmpErrors) == 0 {
            return;
        }
        let unreachable = (v4::UNREACHABLE, v4::PORT);
        icmp::answer4(&self.net, syn.iif, syn.quote(), unreachable, guard);
        self.counters.inc(Event::SynAnswered, 1);
    }

    /// Forgets the SYNs to pools that are not there any more; all, while translation is off. May sleep.
    pub(crate) fn forget_syns(&self, config: &Config) {
        self.drop_syns(|syn| !config.enabled || !config.is_pool(syn.tuple.saddr));
    }

    /// Forgets the SYNs that one of the filters is for. May sleep.
    pub(super) fn delete_syns(&self, filters: &[Filter]) {
        self.drop_syns(|syn| filters.iter().any(|it| it.has_syn(syn)));
    }

    fn drop_syns(&self, which: impl Fn(&Syn) -> bool) {
        if self.syns.is_empty() {
            return;
        }
        each(&self.syns.table, |syn, guard| {
            if which(&syn) {
                self.syns.remove(syn, guard);
            }
        });
    }
}
