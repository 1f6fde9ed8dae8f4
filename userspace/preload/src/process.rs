// SPDX-License-Identifier: GPL-2.0
//! The owner of this memory. A vfork child writes into its parent's, and must not forget the
//! parent's descriptors when it closes its own.

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

use crate::errno;

/// A page that a fork child finds empty, and a vfork child finds as it was.
#[repr(C, align(4096))]
struct Page {
    owner: AtomicI32,
    rest: [u8; 4092],
}

static PAGE: Page = Page {
    owner: AtomicI32::new(0),
    rest: [0; 4092],
};

/// True if the memory belongs to this process alone.
pub fn owns_memory() -> bool {
    // SAFETY: no arguments.
    let pid = unsafe { libc::getpid() };
    match PAGE.owner.load(Relaxed) {
        0 => {
            errno::keep(|| {
                // SAFETY: the page is ours, all of it, and zero is what it holds at first.
                unsafe {
                    libc::madvise(
                        (&raw const PAGE).cast_mut().cast(),
                        size_of::<Page>(),
                        libc::MADV_WIPEONFORK,
                    )
                }
            });
            PAGE.owner.store(pid, Relaxed);
            true
        }
        owner => owner == pid,
    }
}
