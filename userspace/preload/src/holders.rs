// SPDX-License-Identifier: GPL-2.0
//! The processes that share a table: each has a bit, which tells what it holds. What a process held
//! that is no more, nobody holds.

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Relaxed, SeqCst},
};

use crate::errno;

/// Processes that have a bit of their own; all others have the last one, which stays.
const OWN: usize = 63;
const OTHERS: u64 = 1 << OWN;

/// In memory that they share.
pub struct Processes([AtomicU32; OWN]);

/// This process, and its bit; a fork child finds those of its parent.
pub struct Own {
    pid: AtomicU32,
    bit: AtomicU64,
}

impl Processes {
    /// None.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Processes {
        Processes([const { AtomicU32::new(0) }; OWN])
    }

    /// A place for `pid`, and its bit. `bury` takes a bit, that of the last who had it, off everything.
    fn enter(&self, pid: u32, bury: impl Fn(u64)) -> u64 {
        for (at, place) in self.0.iter().enumerate() {
            let before = place.load(SeqCst);
            if (before == 0 || !is_alive(before))
                && place.compare_exchange(before, pid, SeqCst, Relaxed).is_ok()
            {
                let bit = 1u64.wrapping_shl(at as u32);
                bury(bit);
                return bit;
            }
        }
        OTHERS
    }

    /// Of the bits in `held`, those of processes that are still there.
    pub fn living(&self, held: u64) -> u64 {
        let mut living = held;
        for (at, place) in self.0.iter().enumerate() {
            let bit = 1u64.wrapping_shl(at as u32);
            if held & bit != 0 && !is_alive(place.load(SeqCst)) {
                living &= !bit;
            }
        }
        living
    }
}

impl Own {
    /// Not known yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Own {
        Own {
            pid: AtomicU32::new(0),
            bit: AtomicU64::new(0),
        }
    }

    /// The bit of this process. When it gets one, `mark` puts it on all that it holds already.
    pub fn bit(&self, processes: &Processes, bury: impl Fn(u64), mark: impl Fn(u64)) -> u64 {
        // SAFETY: no arguments.
        let pid = unsafe { libc::getpid() } as u32;
        if self.pid.load(SeqCst) == pid {
            return self.bit.load(SeqCst);
        }
        let bit = processes.enter(pid, bury);
        self.bit.store(bit, SeqCst);
        self.pid.store(pid, SeqCst);
        mark(bit);
        bit
    }
}

fn is_alive(pid: u32) -> bool {
    // SAFETY: numbers; nothing is sent.
    errno::keep(|| unsafe { libc::kill(pid as i32, 0) == 0 || errno::get() != libc::ESRCH })
}
