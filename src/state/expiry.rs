// SPDX-License-Identifier: GPL-2.0

//! The worker that ends sessions whose time is over, and has doubtful ones probed.
//!
//! It goes through the table in slices, and again when the next session may be over. Where there
//! are none it sleeps until somebody opens one.

use super::{counters::Event, life::Fate, sweep::PAUSE, translator::Translator};
use crate::linux::{
    once::read_once,
    rcu, sys,
    work::{Bell, Job},
};
use kernel::sync::atomic::ordering;

/// Slices in which the table is gone through, of at least so many buckets.
const SLICES: u32 = 64;
const SLICE: u32 = 1024;

/// Buckets after which others may have the processor.
const BATCH: u32 = 64;

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
        let size = self.sessions.size(&rcu::read_lock());
        let first = self.sweep.bucket.load(ordering::Relaxed);
        let last = first.saturating_add(SLICE.max(size / SLICES)).min(size);
        for bucket in first..last {
            self.sweep_bucket(bucket, size);
            if bucket % BATCH == 0 {
                sys::may_resched();
            }
        }
        if last < size {
            self.sweep.bucket.store(last, ordering::Relaxed);
            return Some(1);
        }
        self.sweep.bucket.store(0, ordering::Relaxed);
        self.fit_tables();
        self.sweep.crowded.store(0, ordering::Relaxed);
        let nearest = self.sweep.nearest.xchg(u32::MAX, ordering::Relaxed);
        let is_idle = self.session_count() == 0;
        (!is_idle || !self.sleep()).then_some(nearest.clamp(sys::hz() / 2, PAUSE * sys::hz()))
    }

    fn sweep_bucket(&self, bucket: u32, size: u32) {
        let guard = rcu::read_lock();
        let config = self.config.read(&guard);
        self.sessions.visit((bucket, size), &guard, |session| {
            match self.look(config, session, &guard) {
                Fate::Lives(left) => {
                    let nearest = self.sweep.nearest.load(ordering::Relaxed);
                    self.sweep
                        .nearest
                        .store(nearest.min(left), ordering::Relaxed);
                }
                Fate::Probe if !config.enabled => {}
                Fate::Probe => self.probe(&session, &guard),
                Fate::Over => self.counters.inc(Event::Expired, 1),
            }
        });
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
