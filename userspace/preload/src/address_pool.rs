// SPDX-License-Identifier: GPL-2.0
//! The IPv4 addresses that stand for IPv6 addresses (RFC 6535 section 4.4): a table in fixed
//! memory, without locks, that a fork copies. A slot's number is the offset of its address.

use core::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::atomic::{
        fence, AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
};

/// Most slots that there can be.
pub const CAPACITY: usize = 1 << 16;

/// Number of times to make way for another thread that writes a slot, before the slot counts as
/// another's. It may be the very thread that a signal handler interrupted.
const PATIENCE: u32 = 1000;

/// One address.
struct Slot {
    /// Zero: empty. Odd: being written. It grows with each new address.
    version: AtomicU32,
    /// Number of sockets that use it.
    users: AtomicU32,
    /// Time when it was last asked for.
    used: AtomicU32,
    high: AtomicU64,
    low: AtomicU64,
    /// An IPv4 address that the host has as well; 0.0.0.0: none.
    native: AtomicU32,
}

/// The content of a slot.
enum Content {
    Empty,
    Busy,
    Addr(Ipv6Addr),
}

impl Slot {
    const fn empty() -> Slot {
        Slot {
            version: AtomicU32::new(0),
            users: AtomicU32::new(0),
            used: AtomicU32::new(0),
            high: AtomicU64::new(0),
            low: AtomicU64::new(0),
            native: AtomicU32::new(0),
        }
    }

    fn read(&self) -> Content {
        let version = self.version.load(SeqCst);
        if version == 0 {
            return Content::Empty;
        }
        let high = u128::from(self.high.load(Relaxed));
        let low = u128::from(self.low.load(Relaxed));
        fence(Acquire);
        if version & 1 != 0 || self.version.load(Relaxed) != version {
            return Content::Busy;
        }
        Content::Addr(Ipv6Addr::from_bits((high << 64) | low))
    }

    /// Do as `read`, once nobody writes it any more.
    fn settled(&self) -> Content {
        for _ in 0..PATIENCE {
            match self.read() {
                // SAFETY: no arguments.
                Content::Busy => unsafe { libc::sched_yield() },
                content => return content,
            };
        }
        Content::Busy
    }

    fn holds(&self, addr: Ipv6Addr) -> bool {
        matches!(self.settled(), Content::Addr(held) if held == addr)
    }

    /// Give it to `addr`, if nobody has changed it since `version`.
    fn write(&self, version: u32, addr: Ipv6Addr) -> bool {
        let writing = version | 1;
        if self
            .version
            .compare_exchange(version, writing, SeqCst, Relaxed)
            .is_err()
        {
            return false;
        }
        if self.users.load(SeqCst) != 0 {
            self.version.store(version, Release);
            return false;
        }
        fence(Release);
        self.high.store((addr.to_bits() >> 64) as u64, Relaxed);
        self.low.store(addr.to_bits() as u64, Relaxed);
        self.native.store(0, Relaxed);
        let next = match writing.wrapping_add(1) {
            0 => 2,
            next => next,
        };
        self.version.store(next, Release);
        true
    }
}

/// All of them.
pub struct AddressPool {
    clock: AtomicU32,
    slots: [Slot; CAPACITY],
}

impl AddressPool {
    /// Nothing in it.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> AddressPool {
        AddressPool {
            clock: AtomicU32::new(0),
            slots: [const { Slot::empty() }; CAPACITY],
        }
    }

    /// The address of a slot.
    pub fn addr(&self, slot: u16) -> Option<Ipv6Addr> {
        match self.slots.get(usize::from(slot))?.settled() {
            Content::Addr(addr) => Some(addr),
            Content::Empty | Content::Busy => None,
        }
    }

    /// The slot of `addr` among the first `size`, a new one if need be: an empty one, or the one
    /// that has been of no use for longest. None when sockets use all of them.
    pub fn slot(&self, size: u32, addr: Ipv6Addr) -> Option<u16> {
        // each round, another thread took the slot that was to be ours
        for _ in 0..PATIENCE {
            match self.look(size, addr)? {
                Place::Found(at) => {
                    self.touch(at);
                    return Some(at);
                }
                Place::Free(at, version) => {
                    if self.slots.get(usize::from(at))?.write(version, addr) {
                        self.touch(at);
                        return Some(at);
                    }
                }
            }
        }
        None
    }

    /// Do as `slot`, and take note of the IPv4 address that the host has as well, or of none.
    pub fn slot_with(&self, size: u32, addr: Ipv6Addr, native: Option<Ipv4Addr>) -> Option<u16> {
        // held, lest it becomes another's meanwhile
        let at = self.hold(size, addr)?;
        let native = native.unwrap_or(Ipv4Addr::UNSPECIFIED).to_bits();
        self.slots
            .get(usize::from(at))?
            .native
            .store(native, Relaxed);
        self.release(at);
        Some(at)
    }

    /// The IPv4 address that the host of a slot has as well.
    pub fn native(&self, slot: u16) -> Option<Ipv4Addr> {
        let native = self.slots.get(usize::from(slot))?.native.load(Relaxed);
        (native != 0).then(|| Ipv4Addr::from_bits(native))
    }

    /// One more socket uses `addr`.
    pub fn hold(&self, size: u32, addr: Ipv6Addr) -> Option<u16> {
        for _ in 0..PATIENCE {
            let at = self.slot(size, addr)?;
            let slot = self.slots.get(usize::from(at))?;
            slot.users.fetch_add(1, SeqCst);
            if slot.holds(addr) {
                return Some(at);
            }
            slot.users.fetch_sub(1, SeqCst);
        }
        None
    }

    /// One more descriptor uses the slot that another uses already.
    pub fn share(&self, slot: u16) {
        if let Some(slot) = self.slots.get(usize::from(slot)) {
            slot.users.fetch_add(1, SeqCst);
        }
    }

    /// One descriptor less uses it.
    pub fn release(&self, slot: u16) {
        if let Some(slot) = self.slots.get(usize::from(slot)) {
            slot.users.fetch_sub(1, SeqCst);
        }
    }

    fn touch(&self, slot: u16) {
        if let Some(slot) = self.slots.get(usize::from(slot)) {
            let now = self.clock.fetch_add(1, Relaxed).wrapping_add(1);
            slot.used.store(now, Relaxed);
        }
    }

    /// The place where `addr` is, or could be.
    fn look(&self, size: u32, addr: Ipv6Addr) -> Option<Place> {
        let slots = self.slots.get(..size as usize)?;
        let start = hash(addr).checked_rem(size)? as usize;
        let (before, after) = slots.split_at_checked(start)?;
        let now = self.clock.load(Relaxed);
        let mut oldest = None;
        for (step, slot) in after.iter().chain(before).enumerate() {
            let at = start
                .wrapping_add(step)
                .checked_rem(slots.len())
                .unwrap_or(0) as u16;
            match slot.settled() {
                Content::Empty => return Some(Place::Free(at, 0)),
                Content::Addr(held) if held == addr => return Some(Place::Found(at)),
                Content::Busy => {}
                Content::Addr(_) => {
                    let version = slot.version.load(Acquire);
                    let age = now.wrapping_sub(slot.used.load(Relaxed));
                    if version & 1 == 0
                        && slot.users.load(Relaxed) == 0
                        && oldest.is_none_or(|(_, _, oldest)| age > oldest)
                    {
                        oldest = Some((at, version, age));
                    }
                }
            }
        }
        oldest.map(|(at, version, _)| Place::Free(at, version))
    }
}

enum Place {
    Found(u16),
    /// To be had, if its version is still this.
    Free(u16, u32),
}

/// The slot to begin at when looking for `addr`.
fn hash(addr: Ipv6Addr) -> u32 {
    let bits = addr.to_bits();
    let folded = (bits >> 64) as u64 ^ (bits as u64).rotate_left(32);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
