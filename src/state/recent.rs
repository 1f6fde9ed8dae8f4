// SPDX-License-Identifier: GPL-2.0

//! What was done for a host just now, and need not be done for each packet of a flood.

use crate::linux::{
    array::Array,
    memory::Account,
    once::{read_once, write_once},
    sys,
};
use kernel::{prelude::*, sync::atomic::Atomic};

const SLOTS: usize = 256;

/// Hosts, by their hash values, and the jiffies when each was the last of its slot. What two CPUs do
/// at once may be done twice.
pub(crate) struct Recent(Array<Atomic<u64>>);

impl Recent {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let never = (0..SLOTS).map(|_| Atomic::new(0));
        Ok(Self(Array::new(account, SLOTS, never)?))
    }

    /// The slot of a host, and what stands there in this jiffy.
    fn slot(&self, host: u64) -> (Option<&Atomic<u64>>, u64) {
        let now = u64::from(sys::jiffies());
        (self.0.get(host as usize % SLOTS), host << 32 | now)
    }

    /// Return true if it was the host's turn in this jiffy.
    pub(crate) fn has(&self, host: u64) -> bool {
        let (slot, word) = self.slot(host);
        slot.is_some_and(|slot| read_once(slot) == word)
    }

    /// It is the host's turn.
    pub(crate) fn note(&self, host: u64) {
        let (slot, word) = self.slot(host);
        if let Some(slot) = slot {
            write_once(slot, word);
        }
    }
}
