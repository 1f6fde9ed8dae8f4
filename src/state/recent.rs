// SPDX-License-Identifier: GPL-2.0

//! What was done for a host a moment ago, some times, and need not be done for each packet of a flood.

use crate::linux::{
    array::Array,
    memory::Account,
    once::{read_once, write_once},
    sys,
};
use kernel::{prelude::*, sync::atomic::Atomic};

const SLOTS: usize = 256;

/// Times in a jiffy that are enough.
const ENOUGH: u8 = 8;

/// Hosts, the last one of each slot: 32 bits of its hash value, 24 of the jiffies when it was there, and
/// how many times. What two CPUs do at once may count once.
pub(crate) struct Recent(Array<Atomic<u64>>);

impl Recent {
    pub(crate) fn new(account: Account) -> Result<Self> {
        let never = (0..SLOTS).map(|_| Atomic::new(0));
        Ok(Self(Array::new(account, SLOTS, never)?))
    }

    /// The slot of a host, and what stands there in this jiffy but for the number of times.
    fn slot(&self, host: u64) -> (Option<&Atomic<u64>>, u64) {
        let now = u64::from(sys::jiffies()) << 8 & 0xffff_ff00;
        (self.0.get(host as usize % SLOTS), host << 32 | now)
    }

    /// How many times the host was there in this jiffy.
    fn times(slot: &Atomic<u64>, word: u64) -> u8 {
        match read_once(slot) ^ word {
            times @ 0..=0xff => times as u8,
            _ => 0,
        }
    }

    /// Return true if the host was there so often in this jiffy that it is enough.
    pub(crate) fn is_enough(&self, host: u64) -> bool {
        let (slot, word) = self.slot(host);
        slot.is_some_and(|slot| Self::times(slot, word) >= ENOUGH)
    }

    /// It is there once more.
    pub(crate) fn note(&self, host: u64) {
        let (slot, word) = self.slot(host);
        if let Some(slot) = slot {
            let times = Self::times(slot, word).saturating_add(1);
            write_once(slot, word | u64::from(times));
        }
    }
}
