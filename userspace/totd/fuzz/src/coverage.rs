// SPDX-License-Identifier: GPL-2.0

//! Edges of totd that an input has reached. LLVM's sancov pass calls for it, see
//! tests/fuzz/totd; without that pass there are no counters, and all inputs look alike.

use std::slice;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::Mutex;

static COUNTERS: Mutex<Vec<&'static [AtomicU8]>> = Mutex::new(Vec::new());

/// Called by the constructor of each instrumented object.
#[no_mangle]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *const AtomicU8, end: *const AtomicU8) {
    let len = end as usize - start as usize;
    // SAFETY: the pass hands in its section of counters, bytes that live as long as the program
    // and that only one thread touches.
    let counters = unsafe { slice::from_raw_parts(start, len) };
    COUNTERS
        .lock()
        .expect("no panic before main")
        .push(counters);
}

/// Remembers which edges were reached how often, in powers of two.
#[derive(Default)]
pub struct Coverage {
    seen: Vec<u8>,
    edges: usize,
}

impl Coverage {
    pub fn edges(&self) -> usize {
        self.edges
    }

    /// Forget what was counted so far.
    pub fn clear() {
        for counter in COUNTERS
            .lock()
            .expect("one thread")
            .iter()
            .copied()
            .flatten()
        {
            counter.store(0, Relaxed);
        }
    }

    /// True if something was reached for the first time since, or more often than ever.
    pub fn is_new(&mut self) -> bool {
        let counters = COUNTERS.lock().expect("one thread");
        self.seen
            .resize(counters.iter().map(|one| one.len()).sum(), 0);
        let mut new = false;
        let all = counters.iter().copied().flatten();
        for (seen, counter) in self.seen.iter_mut().zip(all) {
            let count = counter.load(Relaxed);
            if count != 0 {
                let class = 1u8 << count.ilog2();
                self.edges += usize::from(*seen == 0);
                new |= *seen & class == 0;
                *seen |= class;
            }
        }
        new
    }
}
