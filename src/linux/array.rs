// SPDX-License-Identifier: GPL-2.0

//! Arrays. The kernel's vectors do their arithmetic with checks that panic.

use super::{
    bindings,
    memory::{Account, Charge},
};
use core::{
    mem,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    slice,
};
use kernel::{prelude::*, sync::atomic::Atomic};

/// A boxed slice.
///
/// # Invariants
///
/// `first` points to room for `room` elements, an allocation of our own unless they take no room;
/// the first `len` of them are initialised.
pub(crate) struct Array<T> {
    first: NonNull<T>,
    len: usize,
    room: usize,
    charge: Charge,
}

// SAFETY: An array owns its elements, nothing else.
unsafe impl<T: Send> Send for Array<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Array<T> {}

impl<T> Array<T> {
    /// An array of the first `len` items, or of all if there are fewer. May sleep.
    pub(crate) fn new(
        account: Account,
        len: usize,
        items: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        let mut array = Self::with_room(account, len, true)?;
        for item in items.into_iter().take(len) {
            let end = array.len;
            array.insert(end, item)?;
        }
        Ok(array)
    }

    fn with_room(account: Account, room: usize, may_sleep: bool) -> Result<Self> {
        let size = room.checked_mul(size_of::<T>()).ok_or(ENOMEM)?;
        let charge = account.hold(size)?;
        let first = if size == 0 {
            NonNull::dangling()
        } else {
            // SAFETY: The caller may sleep, or says that it may not.
            let memory = unsafe { bindings::natpt_alloc(size, may_sleep) };
            NonNull::new(memory).ok_or(ENOMEM)?.cast()
        };
        Ok(Self {
            first,
            len: 0,
            room,
            charge,
        })
    }

    /// Puts an item before the one at `place`, or else at the end. May sleep.
    pub(crate) fn insert(&mut self, place: usize, item: T) -> Result {
        if self.len == self.room {
            self.grow()?;
        }
        let place = place.min(self.len);
        let from = self.first.as_ptr().wrapping_add(place);
        let moved = self.len.wrapping_sub(place);
        // SAFETY: There is room for one element more, behind those that move.
        unsafe { from.copy_to(from.wrapping_add(1), moved) };
        // SAFETY: The place is free now.
        unsafe { from.write(item) };
        self.len = self.len.wrapping_add(1);
        Ok(())
    }

    /// Takes out the item at `place`, if there is one.
    pub(crate) fn remove(&mut self, place: usize) -> Option<T> {
        let behind = self.len.checked_sub(place)?.checked_sub(1)?;
        let gone = self.first.as_ptr().wrapping_add(place);
        // SAFETY: It is an element, and is not one any more from here on.
        let item = unsafe { gone.read() };
        // SAFETY: Those behind it are elements, and move to where it and they were.
        unsafe { gone.copy_from(gone.wrapping_add(1), behind) };
        self.len = self.len.wrapping_sub(1);
        Some(item)
    }

    /// Takes out the last item, if there is one.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.remove(self.len.checked_sub(1)?)
    }

    fn grow(&mut self) -> Result {
        let room = self.room.saturating_mul(2).max(4);
        let mut bigger = Self::with_room(self.charge.account(), room, true)?;
        // SAFETY: The items fit, and `self.len` tells that they are ours no more.
        unsafe { bigger.first.copy_from_nonoverlapping(self.first, self.len) };
        bigger.len = mem::take(&mut self.len);
        *self = bigger;
        Ok(())
    }
}

impl Array<u64> {
    /// An array of `len` zeroes, made where one may not sleep.
    pub(crate) fn zeroes(account: Account, len: usize) -> Result<Self> {
        let mut array = Self::with_room(account, len, false)?;
        // Fresh memory is zeroed, which is a value.
        array.len = len;
        Ok(array)
    }
}

impl<T> Array<Atomic<*mut T>> {
    /// An array of `len` null pointers. May sleep.
    pub(crate) fn nulls(account: Account, len: usize) -> Result<Self> {
        let mut array = Self::with_room(account, len, true)?;
        // Fresh memory is zeroed, which is null.
        array.len = len;
        Ok(array)
    }
}

impl<T: Clone> Array<T> {
    /// A copy of the items for which `keep` holds.
    pub(crate) fn filtered(&self, keep: impl Fn(&T) -> bool) -> Result<Self> {
        let items = self.iter().filter(|item| keep(item)).cloned();
        Self::new(self.charge.account(), self.len, items)
    }
}

impl<T> Deref for Array<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: By the type invariants.
        unsafe { slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Array<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: By the type invariants, and we are borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

impl<T> Drop for Array<T> {
    fn drop(&mut self) {
        for item in self.iter_mut() {
            // SAFETY: Each element is dropped once and not used again.
            unsafe { core::ptr::drop_in_place(item) };
        }
        if self.room != 0 && size_of::<T>() != 0 {
            // SAFETY: By the type invariants.
            unsafe { bindings::kvfree(self.first.as_ptr().cast()) };
        }
    }
}
