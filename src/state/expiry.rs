// SPDX-License-Identifier: GPL-2.0

//! The worker that ends sessions whose time is over, and has doubtful ones probed.
//!
//! It goes through the groups of the table in slices, looks at the sessions of those that are due,
//! and goes through them again when the next one is. Where there are no sessions it sleeps until
//! somebody opens one.

use super::{
    config::Config, counters::Event, life::Fate, session::Session, sweep::PAUSE,
    translator::Translator,
};
use crate::linux::{
    once::read_once,
    rcu, sys,
    work::{Bell, Job},
};
use kernel::sync::atomic::ordering;

/// Slices in which the table is gone through, of at least so many groups.
const SLICES: u32 = 64;
const SLICE: u32 = 16;

impl Job for Translator {
    fn run(&self) -> Option<u32> {
        match (self.answer_syns(), self.sweep_if_due()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn bell(&self) -> &Bell {
        &self.sweep.bell
    }
}

impl Translator {
    /// Go on with the table of sessions if it is time; return after how many jiffies it is again.
    fn sweep_if_due(&self) -> Option<u32> {
        if self.sweep.asleep.load(ordering::Acquire) != 0 {
            return None;
        }
        let left = self
            .sweep
            .due
            .load(ordering::Relaxed)
            .wrapping_sub(sys::jiffies()) as i32;
        self.fit_crowded();
        if left > 0 {
            return Some(left as u32);
        }
        let next = self.sweep_slice()?;
        let due = sys::jiffies().wrapping_add(next);
        self.sweep.due.store(due, ordering::Relaxed);
        Some(next)
    }

    /// End sessions of the next slice whose time is over; return after how many jiffies there is
    /// more to do.
    fn sweep_slice(&self) -> Option<u32> {
        let groups = self.sessions.groups(&rcu::read_lock());
        let first = self.sweep.group.load(ordering::Relaxed);
        let last = first.saturating_add(SLICE.max(groups / SLICES)).min(groups);
        let mut nearest = self.sweep.nearest.load(ordering::Relaxed);
        for group in first..last {
            let left = || self.sessions.left(group, &rcu::read_lock());
            if left() == 0 {
                self.sweep_group(group);
                sys::may_resched();
            }
            nearest = nearest.min(left());
        }
        if last < groups {
            self.sweep.group.store(last, ordering::Relaxed);
            self.sweep.nearest.store(nearest, ordering::Relaxed);
            return Some(1);
        }
        self.sweep.group.store(0, ordering::Relaxed);
        self.fit_tables();
        self.sweep.crowded.store(0, ordering::Relaxed);
        self.sweep.nearest.store(u32::MAX, ordering::Relaxed);
        let is_idle = self.session_count() == 0;
        (!is_idle || !self.sleep()).then_some(nearest.clamp(sys::hz() / 2, PAUSE * sys::hz()))
    }

    fn sweep_group(&self, group: u32) {
        self.sessions.take_up(group, |session, guard| {
            let config = self.config.read(guard);
            match self.look(config, session, guard) {
                Fate::Over => {
                    self.counters.inc(Event::Expired, 1);
                    return None;
                }
                Fate::Probe if config.enabled => self.probe(&session, guard),
                Fate::Probe | Fate::Lives => {}
            }
            Some(session.due(&config.values))
        });
    }

    /// See to it that a session is looked at when its time is over; after it was made, or changed so that
    /// this is sooner.
    #[inline]
    pub(super) fn note_due(&self, config: &Config, session: &Session, guard: &rcu::Guard) {
        self.sessions
            .note_due(session, || session.due(&config.values), guard);
    }

    /// Give the tables the buckets that they need, if somebody has seen that they have too few.
    fn fit_crowded(&self) {
        // Where there is no memory it is tried again with each slice.
        if read_once(&self.sweep.crowded) != 0 && self.fit_tables() {
            self.sweep.crowded.store(0, ordering::Relaxed);
        }
    }

    fn fit_tables(&self) -> bool {
        let sessions = self.sessions.fit(self.session_count(), &self.memcg);
        let mappings = self.mappings.fit(self.mapping_count(), &self.memcg);
        self.subscribers.fit(&self.memcg) | self.peers.fit(&self.memcg) | sessions | mappings
    }

    /// Sleep, unless somebody has just opened a session.
    fn sleep(&self) -> bool {
        // Before the count is looked at, as it is raised before somebody looks whether we sleep.
        self.sweep.asleep.xchg(1, ordering::Full);
        self.session_count() == 0 || self.sweep.asleep.xchg(0, ordering::Full) == 0
    }
}
