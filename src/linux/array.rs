// SPDX-License-Identifier: GPL-2.0

//! Arrays. The kernel's vectors do their arithmetic with checks that panic.

use core::{
    alloc::Layout,
    mem,
    ops::{Deref, DerefMut},
    ptr::NonNull,
    slice,
};
use kernel::{
    alloc::{allocator::KVmalloc, Allocator, NumaNode},
    prelude::*,
};

/// A boxed slice.
///
/// # Invariants
///
/// `first` points to room for `room` elements, an allocation of `layout` by [`KVmalloc`]; the first
/// `len` of them are initialised.
pub(crate) struct Array<T> {
    first: NonNull<T>,
    len: usize,
    room: usize,
    layout: Layout,
}

// SAFETY: An array owns its elements, nothing else.
unsafe impl<T: Send> Send for Array<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Array<T> {}

impl<T> Array<T> {
    /// An array of the first `len` items, or of all if there are fewer. May sleep.
    pub(crate) fn new(len: usize, items: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut array = Self::with_room(len)?;
        for item in items.into_iter().take(len) {
            let end = array.len;
            array.insert(end, item)?;
        }
        Ok(array)
    }

    fn with_room(len: usize) -> Result<Self> {
        let layout = Layout::array::<T>(len).map_err(|_| ENOMEM)?;
        let memory = KVmalloc::alloc(layout, GFP_KERNEL, NumaNode::NO_NODE)?;
        Ok(Self {
            first: memory.cast(),
            len: 0,
            room: len,
            layout,
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

    fn grow(&mut self) -> Result {
        let mut bigger = Self::with_room(self.room.saturating_mul(2).max(4))?;
        // SAFETY: The items fit, and `self.len` tells that they are ours no more.
        unsafe { bigger.first.copy_from_nonoverlapping(self.first, self.len) };
        bigger.len = mem::take(&mut self.len);
        *self = bigger;
        Ok(())
    }
}

impl<T: Clone> Array<T> {
    /// A copy of the items for which `keep` holds.
    pub(crate) fn filtered(&self, keep: impl Fn(&T) -> bool) -> Result<Self> {
        Self::new(self.len, self.iter().filter(|item| keep(item)).cloned())
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
        // SAFETY: By the type invariants.
        unsafe { KVmalloc::free(self.first.cast(), self.layout) };
    }
}
