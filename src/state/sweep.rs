// SPDX-License-Identifier: GPL-2.0

//! Where expiry is, and how it is woken.

use crate::linux::{once::read_once, sys, work::Bell};
use kernel::sync::atomic::{ordering, Atomic};

/// Seconds until the table is looked at again at the latest: the shortest life of a new session.
pub(super) const PAUSE: u32 = 4;

/// The worker's place.
pub(crate) struct Sweep {
    /// The next group of buckets of the sessions.
    pub(super) group: Atomic<u32>,
    /// Jiffies until the first of the groups that were passed is due.
    pub(super) nearest: Atomic<u32>,
    /// 1 while the worker sleeps.
    pub(super) asleep: Atomic<u32>,
    /// When the next slice is due, in jiffies.
    pub(super) due: Atomic<u32>,
    /// 1 while a table has too few buckets, 2 while it has far too few.
    pub(super) crowded: Atomic<u32>,
    pub(super) bell: Bell,
}

impl Sweep {
    pub(crate) const fn new() -> Self {
        Self {
            group: Atomic::new(0),
            nearest: Atomic::new(u32::MAX),
            asleep: Atomic::new(1),
            due: Atomic::new(0),
            crowded: Atomic::new(0),
            bell: Bell::new(),
        }
    }

    /// A table has too few buckets: see to it that it gets more, if not at once, when what comes just
    /// now is there.
    #[inline]
    pub(super) fn make_room(&self, at_once: bool) {
        let (crowded, delay) = match at_once {
            true => (2, 0),
            false => (1, sys::hz() / 2),
        };
        if read_once(&self.crowded) < crowded
            && self.crowded.xchg(crowded, ordering::Full) < crowded
        {
            self.bell.ring(delay);
        }
    }

    /// There is a session: see to it that it ends one day.
    #[inline]
    pub(super) fn wake(&self) {
        if read_once(&self.asleep) == 0 {
            return;
        }
        // Before it is awake: it may be at work for others.
        let due = sys::jiffies().wrapping_add(PAUSE.saturating_mul(sys::hz()));
        self.due.store(due, ordering::Relaxed);
        if self.asleep.xchg(0, ordering::Full) != 0 {
            self.bell.ring(0);
        }
    }
}
