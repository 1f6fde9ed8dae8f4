// SPDX-License-Identifier: GPL-2.0
//! The IPv4 addresses that stand for IPv6 addresses (RFC 6535 section 4.4): a table in fixed
//! memory, without locks, which a fork copies unless processes share it. A slot's number is the
//! offset of its address.

use core::{
    net::{Ipv4Addr, Ipv6Addr},
    ptr::null_mut,
    sync::atomic::{
        fence, AtomicPtr, AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
};

use crate::holders::{Own, Processes};

/// Most slots that there can be.
pub const CAPACITY: usize = 1 << 16;

/// Number of times to try again when another thread was faster.
const PATIENCE: u32 = 1000;

/// Looks at a slot that is being written before it counts as abandoned: some without a pause, then
/// one each millisecond. Its writer may be the very thread that a signal handler interrupted, or gone.
const LOOKS: u32 = 1000;
const QUICK: u32 = 100;

/// The version of a slot that was abandoned. Nobody uses it, and its writer begins anew.
const ABANDONED: u32 = u32::MAX;

/// One address.
struct Slot {
    /// Zero: empty. Odd: being written. It grows with each new address.
    version: AtomicU32,
    /// Time when it was last asked for.
    used: AtomicU32,
    high: AtomicU64,
    low: AtomicU64,
    /// The processes with sockets that use it, if the table is shared.
    holders: AtomicU64,
    /// An IPv4 address that the host has as well; 0.0.0.0: none.
    native: AtomicU32,
}

/// The content of a slot.
enum Content {
    Empty,
    Abandoned,
    Addr(Ipv6Addr),
}

impl Slot {
    const fn empty() -> Slot {
        Slot {
            version: AtomicU32::new(0),
            used: AtomicU32::new(0),
            high: AtomicU64::new(0),
            low: AtomicU64::new(0),
            holders: AtomicU64::new(0),
            native: AtomicU32::new(0),
        }
    }

    /// The content, once nobody writes it any more.
    fn read(&self) -> Content {
        let mut looks = 0u32;
        loop {
            let version = self.version.load(SeqCst);
            match version {
                0 => return Content::Empty,
                ABANDONED => return Content::Abandoned,
                _ => {}
            }
            let high = u128::from(self.high.load(Relaxed));
            let low = u128::from(self.low.load(Relaxed));
            fence(Acquire);
            if version & 1 == 0 && self.version.load(Relaxed) == version {
                return Content::Addr(Ipv6Addr::from_bits((high << 64) | low));
            }
            looks = looks.wrapping_add(1);
            match looks {
                ..QUICK => yield_now(),
                QUICK..LOOKS => pause(),
                _ if version & 1 != 0 => {
                    let _ = self
                        .version
                        .compare_exchange(version, ABANDONED, SeqCst, Relaxed);
                }
                _ => {}
            }
        }
    }

    fn holds(&self, addr: Ipv6Addr) -> bool {
        matches!(self.read(), Content::Addr(held) if held == addr)
    }
}

fn yield_now() {
    // SAFETY: no arguments.
    unsafe { libc::sched_yield() };
}

fn pause() {
    let time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000,
    };
    // SAFETY: a time, and nobody wants to know what is left of it.
    crate::errno::keep(|| unsafe { libc::nanosleep(&time, null_mut()) });
}

/// What processes may share.
pub struct Table {
    /// Grows with each slot that is written: who looked before has to look again.
    changes: AtomicU32,
    clock: AtomicU32,
    /// First address and number of addresses; zero until one of them has chosen.
    range: AtomicU64,
    /// Stands for this host.
    own: AtomicU32,
    processes: Processes,
    slots: [Slot; CAPACITY],
}

impl Table {
    const fn new() -> Table {
        Table {
            changes: AtomicU32::new(0),
            clock: AtomicU32::new(0),
            range: AtomicU64::new(0),
            own: AtomicU32::new(0),
            processes: Processes::new(),
            slots: [const { Slot::empty() }; CAPACITY],
        }
    }
}

/// All of them.
pub struct AddressPool {
    /// Shared; null: there is this process's only.
    shared: AtomicPtr<Table>,
    table: Table,
    /// Number of sockets of this process that use a slot.
    users: [AtomicU32; CAPACITY],
    process: Own,
}

impl AddressPool {
    /// Nothing in it.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> AddressPool {
        AddressPool {
            shared: AtomicPtr::new(null_mut()),
            table: Table::new(),
            users: [const { AtomicU32::new(0) }; CAPACITY],
            process: Own::new(),
        }
    }

    /// Use a table that other processes use, too: zeroes at first.
    ///
    /// # Safety
    /// It stays where it is; nothing was asked of this pool before.
    pub unsafe fn share_table(&self, table: *mut Table) {
        self.shared.store(table, Release);
    }

    #[inline]
    fn table(&self) -> &Table {
        // SAFETY: null, or a table that stays.
        unsafe { self.shared.load(Acquire).as_ref() }.unwrap_or(&self.table)
    }

    /// The addresses, as first and number, and the one that stands for this host; None: not chosen yet.
    #[inline]
    pub fn range(&self) -> Option<(u32, u32)> {
        match self.table().range.load(Acquire) {
            0 => None,
            range => Some(((range >> 32) as u32, range as u32)),
        }
    }

    /// The address that stands for this host; 0.0.0.0: not chosen yet.
    #[inline]
    pub fn own(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.table().own.load(Relaxed))
    }

    /// Choose them, unless others have.
    pub fn choose(&self, first: u32, size: u32, own: Ipv4Addr) {
        let table = self.table();
        let _ = table
            .own
            .compare_exchange(0, own.to_bits(), Relaxed, Relaxed);
        let range = (u64::from(first) << 32) | u64::from(size);
        let _ = table.range.compare_exchange(0, range, Release, Relaxed);
    }

    /// The address of a slot.
    pub fn addr(&self, slot: u16) -> Option<Ipv6Addr> {
        match self.table().slots.get(usize::from(slot))?.read() {
            Content::Addr(addr) => Some(addr),
            Content::Empty | Content::Abandoned => None,
        }
    }

    /// The slot of `addr` among the first `size`, a new one if need be: an empty one, or the one
    /// that has been of no use for longest. None when sockets use all of them.
    pub fn slot(&self, size: u32, addr: Ipv6Addr) -> Option<u16> {
        // each round, another thread changed the table, or uses the slot since
        for _ in 0..PATIENCE {
            match self.look(size, addr)? {
                Place::Found(at) => {
                    self.touch(at);
                    return Some(at);
                }
                Place::Free(free) => {
                    let written = self.write(&free, addr)?;
                    self.touch(free.at);
                    if written {
                        return Some(free.at);
                    }
                }
            }
        }
        None
    }

    /// The slot that `addr` has among the first `size`.
    pub fn find(&self, size: u32, addr: Ipv6Addr) -> Option<u16> {
        match self.look(size, addr)? {
            Place::Found(at) => Some(at),
            Place::Free(_) => None,
        }
    }

    /// Do as `slot`, and take note of the IPv4 address that the host has as well, or of none.
    pub fn slot_with(&self, size: u32, addr: Ipv6Addr, native: Option<Ipv4Addr>) -> Option<u16> {
        // held, lest it becomes another's meanwhile
        let at = self.hold(size, addr)?;
        let native = native.unwrap_or(Ipv4Addr::UNSPECIFIED).to_bits();
        self.table()
            .slots
            .get(usize::from(at))?
            .native
            .store(native, Relaxed);
        self.release(at);
        Some(at)
    }

    /// The IPv4 address that the host of a slot has as well.
    pub fn native(&self, slot: u16) -> Option<Ipv4Addr> {
        let slot = self.table().slots.get(usize::from(slot))?;
        let native = slot.native.load(Relaxed);
        (native != 0).then(|| Ipv4Addr::from_bits(native))
    }

    /// One more socket uses `addr`.
    pub fn hold(&self, size: u32, addr: Ipv6Addr) -> Option<u16> {
        for _ in 0..PATIENCE {
            let at = self.slot(size, addr)?;
            self.share(at);
            if self.table().slots.get(usize::from(at))?.holds(addr) {
                return Some(at);
            }
            self.release(at);
        }
        None
    }

    /// One more descriptor uses the slot.
    pub fn share(&self, slot: u16) {
        let Some(users) = self.users.get(usize::from(slot)) else {
            return;
        };
        if users.fetch_add(1, SeqCst) == 0 {
            self.tell(slot);
        }
    }

    /// One descriptor less uses it.
    pub fn release(&self, slot: u16) {
        let Some(users) = self.users.get(usize::from(slot)) else {
            return;
        };
        if users.fetch_sub(1, SeqCst) == 1 {
            self.tell(slot);
        }
    }

    /// Let other processes know whether this one uses a slot.
    fn tell(&self, slot: u16) {
        if self.shared.load(Acquire).is_null() {
            return;
        }
        let table = self.table();
        let bury = |bit: u64| {
            for slot in &table.slots {
                slot.holders.fetch_and(!bit, SeqCst);
            }
        };
        let mark = |bit: u64| {
            for (slot, users) in table.slots.iter().zip(&self.users) {
                if users.load(SeqCst) != 0 {
                    slot.holders.fetch_or(bit, SeqCst);
                }
            }
        };
        let bit = self.process.bit(&table.processes, bury, mark);
        let at = usize::from(slot);
        if let (Some(slot), Some(users)) = (table.slots.get(at), self.users.get(at)) {
            if users.load(SeqCst) == 0 {
                slot.holders.fetch_and(!bit, SeqCst);
            }
            // another thread may use it since
            if users.load(SeqCst) != 0 {
                slot.holders.fetch_or(bit, SeqCst);
            }
        }
    }

    /// A fork child holds what its parent held.
    pub fn forked(&self) {
        let held = self.users.iter().position(|users| users.load(Relaxed) != 0);
        if let Some(slot) = held {
            self.tell(slot as u16);
        }
    }

    /// True if sockets use it, of this process or another.
    fn is_held(&self, at: u16) -> bool {
        let (at, table) = (usize::from(at), self.table());
        let own = self.users.get(at).map_or(0, |users| users.load(SeqCst));
        let others = table
            .slots
            .get(at)
            .map_or(0, |slot| slot.holders.load(SeqCst));
        own != 0 || (others != 0 && table.processes.living(others) != 0)
    }

    /// Give the slot to `addr`, if nobody has changed anything since, and nobody holds it.
    fn write(&self, free: &Free, addr: Ipv6Addr) -> Option<bool> {
        let table = self.table();
        let slot = table.slots.get(usize::from(free.at))?;
        let writing = free.version | 1;
        let swap = |place: &AtomicU32, before, after| {
            place
                .compare_exchange(before, after, SeqCst, Relaxed)
                .is_ok()
        };
        // a slot that has become another's since is not touched, lest it counts as abandoned meanwhile
        if table.changes.load(SeqCst) != free.changes || !swap(&slot.version, free.version, writing)
        {
            return Some(false);
        }
        if self.is_held(free.at)
            || !swap(&table.changes, free.changes, free.changes.wrapping_add(1))
        {
            swap(&slot.version, writing, free.version);
            return Some(false);
        }
        fence(Release);
        slot.high.store((addr.to_bits() >> 64) as u64, Relaxed);
        slot.low.store(addr.to_bits() as u64, Relaxed);
        slot.native.store(0, Relaxed);
        slot.holders.store(0, Relaxed);
        let next = match writing.wrapping_add(1) {
            // the greatest even number is next to ABANDONED
            0 | 0xffff_fffe => 2,
            next => next,
        };
        Some(swap(&slot.version, writing, next))
    }

    fn touch(&self, slot: u16) {
        let table = self.table();
        if let Some(slot) = table.slots.get(usize::from(slot)) {
            let now = table.clock.fetch_add(1, Relaxed).wrapping_add(1);
            slot.used.store(now, Relaxed);
        }
    }

    /// The place where `addr` is, or could be.
    fn look(&self, size: u32, addr: Ipv6Addr) -> Option<Place> {
        let table = self.table();
        let changes = table.changes.load(SeqCst);
        let slots = table.slots.get(..size as usize)?;
        let start = hash(addr).checked_rem(size)? as usize;
        let (before, after) = slots.split_at_checked(start)?;
        let now = table.clock.load(Relaxed);
        let free = |at, version| Free {
            at,
            version,
            changes,
        };
        let mut oldest = None;
        for (step, slot) in after.iter().chain(before).enumerate() {
            let at = start
                .wrapping_add(step)
                .checked_rem(slots.len())
                .unwrap_or(0);
            match slot.read() {
                Content::Empty => return Some(Place::Free(free(at as u16, 0))),
                Content::Addr(held) if held == addr => return Some(Place::Found(at as u16)),
                Content::Abandoned => {}
                Content::Addr(_) => {
                    let version = slot.version.load(Acquire);
                    let age = now.wrapping_sub(slot.used.load(Relaxed));
                    if version & 1 == 0
                        && oldest.is_none_or(|(_, _, oldest)| age > oldest)
                        && !self.is_held(at as u16)
                    {
                        oldest = Some((at as u16, version, age));
                    }
                }
            }
        }
        oldest.map(|(at, version, _)| Place::Free(free(at, version)))
    }
}

enum Place {
    Found(u16),
    Free(Free),
}

/// A slot that is to be had, if neither it nor the table has changed.
struct Free {
    at: u16,
    version: u32,
    changes: u32,
}

/// The slot to begin at when looking for `addr`.
fn hash(addr: Ipv6Addr) -> u32 {
    let bits = addr.to_bits();
    let folded = (bits >> 64) as u64 ^ (bits as u64).rotate_left(32);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
