// SPDX-License-Identifier: GPL-2.0
//! Our knowledge of each descriptor: one word, without locks. The table is zero pages until used,
//! needs no set-up, and a fork copies it.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use libc::c_int;

use crate::process;

/// Descriptors from here on are left alone.
pub const LIMIT: usize = 1 << 18;

static WORDS: [AtomicU32; LIMIT] = [const { AtomicU32::new(0) }; LIMIT];

/// The highest descriptor that was ever ours, so that closing a range need not look further.
static HIGHEST: AtomicU32 = AtomicU32::new(0);

const OURS: u32 = 1;
const FIXED: u32 = 1 << 1;
const OWN: u32 = 1 << 2;
const MAPPED: u32 = 1 << 3;
const SLOT_SHIFT: u32 = 8;

/// Our knowledge of one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(u32);

impl Word {
    /// Not one of ours.
    pub const FOREIGN: Word = Word(0);
    /// An AF_INET6 socket that the program takes for an AF_INET one.
    pub const OURS: Word = Word(OURS);
    /// An AF_INET6 socket of the program's own that reaches IPv4 nodes, too.
    pub const MAPPED: Word = Word(MAPPED);

    /// True if this is one of ours.
    #[inline(always)]
    pub fn is_ours(self) -> bool {
        self.0 & OURS != 0
    }

    /// True if it is the program's own, and reaches IPv4 nodes.
    #[inline(always)]
    pub fn is_mapped(self) -> bool {
        self.0 & MAPPED != 0
    }

    /// True if it is bound to an IPv4 address, and so can only speak IPv4.
    pub fn is_fixed(self) -> bool {
        self.0 & FIXED != 0
    }

    /// True if it is bound to the address that stands for this host.
    pub fn is_own(self) -> bool {
        self.0 & OWN != 0
    }

    /// The same, bound to an IPv4 address.
    pub fn fixed(self) -> Word {
        Word(self.0 | FIXED)
    }

    /// The same, bound to the address that stands for this host.
    pub fn own(self) -> Word {
        Word(self.0 | OWN)
    }

    /// The same, in use of a slot of the library's table.
    pub fn with_slot(self, slot: Option<u16>) -> Word {
        let slot = slot.map_or(0, |slot| u32::from(slot).wrapping_add(1));
        Word((self.0 & ((1 << SLOT_SHIFT) - 1)) | (slot << SLOT_SHIFT))
    }

    /// The slot of the library's table that is in use.
    pub fn slot(self) -> Option<u16> {
        (self.0 >> SLOT_SHIFT)
            .checked_sub(1)
            .map(|slot| slot as u16)
    }
}

/// Our knowledge of `fd`.
#[inline(always)]
pub fn get(fd: c_int) -> Word {
    match WORDS.get(fd as usize) {
        Some(word) => Word(word.load(Relaxed)),
        None => Word::FOREIGN,
    }
}

/// True if `fd` can be one of ours.
pub fn fits(fd: c_int) -> bool {
    (fd as usize) < LIMIT
}

/// Replace what is known of `fd`; return what was. A vfork child changes nothing.
pub fn set(fd: c_int, word: Word) -> Word {
    match WORDS.get(fd as usize) {
        Some(place) if process::owns_memory() => {
            HIGHEST.fetch_max(fd as u32, Relaxed);
            Word(place.swap(word.0, Relaxed))
        }
        _ => Word::FOREIGN,
    }
}

/// Those from `first` to `last` that something is known of.
pub fn known(first: u32, last: u32) -> impl Iterator<Item = c_int> {
    (first..=last.min(HIGHEST.load(Relaxed)))
        .map(|fd| fd as c_int)
        .filter(|fd| get(*fd) != Word::FOREIGN)
}
