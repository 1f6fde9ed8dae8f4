// SPDX-License-Identifier: GPL-2.0

//! Arrays of a length that is known when they are made.
//!
//! The kernel's vectors grow, with arithmetic that panics; nothing of ours needs to.

use core::{
    alloc::Layout,
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
/// `first` points to `len` initialised elements in an allocation of `layout` by [`KVmalloc`].
pub(crate) struct Array<T> {
    first: NonNull<T>,
    len: usize,
    layout: Layout,
}

// SAFETY: An array owns its elements, nothing else.
unsafe impl<T: Send> Send for Array<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Array<T> {}

impl<T> Array<T> {
    /// An array of the first `len` items, or of all if there are fewer. May sleep.
    pub(crate) fn new(len: usize, items: impl IntoIterator<Item = T>) -> Result<Self> {
        let layout = Layout::array::<T>(len).map_err(|_| ENOMEM)?;
        let memory = KVmalloc::alloc(layout, GFP_KERNEL, NumaNode::NO_NODE)?;
        let mut array = Self {
            first: memory.cast(),
            len: 0,
            layout,
        };
        for item in items.into_iter().take(len) {
            let place = array.first.as_ptr().wrapping_add(array.len);
            // SAFETY: There is room for `len` elements, and this is one of them.
            unsafe { place.write(item) };
            array.len = array.len.wrapping_add(1);
        }
        Ok(array)
    }
}

impl<T: Clone> Array<T> {
    /// A copy with one more item, at `place` or else at the end.
    pub(crate) fn with(&self, place: usize, item: T) -> Result<Self> {
        let (head, tail) = self.split_at_checked(place).unwrap_or((self, &[]));
        let items = Iterator::chain(head.iter().cloned(), [item]);
        let len = self.len.saturating_add(1);
        Self::new(len, Iterator::chain(items, tail.iter().cloned()))
    }

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
