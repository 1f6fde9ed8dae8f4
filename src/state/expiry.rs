// SPDX-License-Identifier: GPL-2.0

//! The worker that ends sessions whose time is over.

use super::{counters::Event, translator::Translator};
use crate::linux::{rcu, sys, work::Job};

/// Parts in which the table is walked; with four runs a second that takes four seconds.
const PARTS: u32 = 16;

impl Job for Translator {
    fn run(&self) -> u32 {
        let part = self.sessions.size().div_ceil(PARTS);
        let first = self.next_part().wrapping_mul(part);
        for bucket in first..first.saturating_add(part).min(self.sessions.size()) {
            let guard = rcu::read_lock();
            let config = self.config.read(&guard);
            self.sessions.visit(bucket, &guard, |session| {
                if self.expire(config, session, &guard) {
                    self.counters.inc(Event::Expired, 1);
                }
            });
        }
        sys::hz() / 4
    }
}

impl Translator {
    /// Number of the part whose turn it is.
    fn next_part(&self) -> u32 {
        self.sweep
            .fetch_add(1, kernel::sync::atomic::ordering::Relaxed)
            % PARTS
    }
}
