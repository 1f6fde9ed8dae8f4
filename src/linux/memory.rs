// SPDX-License-Identifier: GPL-2.0

//! Who pays for memory: the memory cgroup that asked for it, and a ceiling over all user namespaces.

use super::{bh::BhGuard, bindings, once::read_once, pernet::Net};
use core::{ffi::c_void, marker::PhantomData, ptr::NonNull};
use kernel::{
    alloc::Flags,
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

/// How memory is allocated where one may sleep: charged to the caller, and silent when there is
/// none.
#[inline]
pub(crate) fn flags() -> Flags {
    GFP_KERNEL_ACCOUNT | __GFP_NOWARN
}

/// The error at the ceiling: nothing else here fails with it, so that it can be told from a shortage.
pub(crate) const CEILING: Error = EMFILE;

/// Bytes that the network namespaces of user namespaces hold.
static HELD: Atomic<usize> = Atomic::new(0);

/// On whose account a network namespace's memory is.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    /// True if it is another user namespace than the initial one, for which there is no ceiling.
    limited: bool,
}

impl Account {
    pub(crate) fn of(net: &Net) -> Self {
        // SAFETY: `net` is a live namespace.
        let limited = unsafe { bindings::natpt_net_is_user(net.as_ptr()) };
        Self { limited }
    }

    /// Return true if the namespace's owner may configure it: the module's parameter says so at
    /// this moment.
    pub(crate) fn may_configure(self) -> bool {
        // SAFETY: The function only reads a variable.
        !self.limited || unsafe { bindings::natpt_userns_allowed() }
    }

    /// Counts memory that is going to be allocated, if the ceiling lets it.
    pub(crate) fn take(self, size: usize) -> Result {
        if !self.limited || size == 0 {
            return Ok(());
        }
        // SAFETY: The function only reads a variable.
        let ceiling = unsafe { bindings::natpt_userns_ceiling() };
        let held = HELD.fetch_add(size, ordering::Relaxed);
        if held.saturating_add(size) > ceiling {
            self.give(size);
            return Err(CEILING);
        }
        Ok(())
    }

    /// The memory is free again.
    pub(crate) fn give(self, size: usize) {
        if self.limited {
            HELD.fetch_sub(size, ordering::Relaxed);
        }
    }

    /// As [`Account::take`], for as long as the charge lives.
    pub(crate) fn hold(self, size: usize) -> Result<Charge> {
        self.take(size)?;
        Ok(Charge {
            account: self,
            size,
        })
    }
}

/// Memory that is counted.
pub(crate) struct Charge {
    account: Account,
    size: usize,
}

impl Charge {
    pub(crate) fn account(&self) -> Account {
        self.account
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give(self.size);
    }
}

/// The memory cgroup that pays for what packets need: in softirq there is no other to be found.
pub(crate) struct Memcg(*mut c_void);

// SAFETY: Memory cgroups are counted references that any CPU may use.
unsafe impl Send for Memcg {}
// SAFETY: As above.
unsafe impl Sync for Memcg {}

impl Memcg {
    /// The caller's.
    pub(crate) fn of_caller() -> Self {
        // SAFETY: Process context, as for every constructor of per-namespace state.
        Self(unsafe { bindings::natpt_memcg_get() })
    }

    /// Charges to it what this CPU allocates, until the guard goes.
    pub(crate) fn charging<'a>(&'a self, _: &'a BhGuard) -> Charging<'a> {
        // SAFETY: We hold a reference for longer than the guard lives, or the pointer is null.
        let before = unsafe { bindings::natpt_memcg_set(self.0) };
        Charging {
            before,
            life: PhantomData,
        }
    }

    /// Charges to it what `f` allocates in process context.
    pub(crate) fn pays<R>(&self, f: impl FnOnce() -> R) -> R {
        // SAFETY: We hold a reference while `f` runs, or the pointer is null.
        let before = unsafe { bindings::natpt_memcg_set(self.0) };
        let result = f();
        // SAFETY: What was there before is valid for whoever put it there.
        unsafe { bindings::natpt_memcg_set(before) };
        result
    }
}

impl Drop for Memcg {
    fn drop(&mut self) {
        // SAFETY: The reference is ours, or the pointer is null.
        unsafe { bindings::natpt_memcg_put(self.0) };
    }
}

/// Proof that allocations are charged to a memory cgroup.
pub(crate) struct Charging<'a> {
    before: *mut c_void,
    life: PhantomData<&'a BhGuard>,
}

impl Drop for Charging<'_> {
    fn drop(&mut self) {
        // SAFETY: What was there before is valid for whoever put it there.
        unsafe { bindings::natpt_memcg_set(self.before) };
    }
}

/// A slab cache for objects of one type, to be put in a static.
pub(crate) struct Cache<T> {
    raw: Atomic<*mut c_void>,
    objects: PhantomData<fn() -> T>,
}

impl<T> Cache<T> {
    pub(crate) const fn new() -> Self {
        Self {
            raw: Atomic::new(core::ptr::null_mut()),
            objects: PhantomData,
        }
    }

    /// Makes the cache. There are no objects before, and none may be left when it goes.
    pub(crate) fn create(&'static self, name: &'static CStr) -> Result<Created> {
        let (size, align) = (size_of::<T>() as u32, align_of::<T>() as u32);
        // SAFETY: The name is static; process context.
        let raw = unsafe { bindings::natpt_cache_create(name.as_char_ptr(), size, align) };
        let raw = NonNull::new(raw).ok_or(ENOMEM)?;
        self.raw.store(raw.as_ptr(), ordering::Release);
        Ok(Created(raw))
    }

    /// Memory in which an object is made, to be freed by `kvfree_call_rcu`. May not sleep.
    #[inline]
    pub(super) fn put(&self, object: impl FnOnce() -> T, _: &Charging<'_>) -> Result<NonNull<T>> {
        let raw = read_once(&self.raw);
        // SAFETY: A cache, or null.
        let place = unsafe { bindings::natpt_cache_alloc(raw) };
        let place = NonNull::new(place).ok_or(ENOMEM)?.cast::<T>();
        // SAFETY: The place is ours alone, big enough and aligned.
        unsafe { place.write(object()) };
        Ok(place)
    }
}

/// A cache that is there.
pub(crate) struct Created(NonNull<c_void>);

// SAFETY: Any task may let a cache go.
unsafe impl Send for Created {}
// SAFETY: There is nothing to do with a reference.
unsafe impl Sync for Created {}

impl Drop for Created {
    fn drop(&mut self) {
        // SAFETY: Made in `create`; waits for objects that are freed after a grace period.
        unsafe { bindings::natpt_cache_destroy(self.0.as_ptr()) };
    }
}
