// SPDX-License-Identifier: GPL-2.0

//! Work that is done again and again, in process context.

use super::{bindings, memory};
use core::ptr;
use kernel::{
    prelude::*,
    sync::{
        atomic::{ordering, Atomic},
        Arc,
    },
    types::Opaque,
};

/// Something that has work to do from time to time.
pub(crate) trait Job: Send + Sync + 'static {
    /// Does some of it and says after how many jiffies there is more, if there is.
    fn run(&self) -> Option<u32>;

    /// By which it is woken when there is work again.
    fn bell(&self) -> &Bell;
}

/// Wakes a worker. Null while there is none.
///
/// # Invariants
///
/// The pointer is null or that of a worker's work, which lives until it is null again.
pub(crate) struct Bell(Atomic<*mut bindings::delayed_work>);

impl Bell {
    pub(crate) const fn new() -> Self {
        Self(Atomic::new(ptr::null_mut()))
    }

    /// Have the job run in `delay` jiffies. Whoever calls this has to be gone before the worker is
    /// dropped.
    pub(crate) fn ring(&self, delay: u32) {
        let work = self.0.load(ordering::Acquire);
        if !work.is_null() {
            // SAFETY: By the type invariants.
            unsafe { bindings::natpt_work_schedule(work, delay as usize) };
        }
    }
}

/// Calls a job until dropped.
#[pin_data(PinnedDrop)]
#[repr(C)]
pub(crate) struct Worker<T: Job> {
    #[pin]
    work: Opaque<bindings::delayed_work>,
    job: Arc<T>,
}

// SAFETY: The work queue locks for itself, and jobs are `Sync`.
unsafe impl<T: Job> Send for Worker<T> {}
// SAFETY: As above.
unsafe impl<T: Job> Sync for Worker<T> {}

impl<T: Job> Worker<T> {
    /// Calls `job` whenever its bell rings.
    pub(crate) fn start(job: Arc<T>) -> Result<Pin<KBox<Self>>> {
        let worker = KBox::pin_init(
            pin_init!(Self {
                // SAFETY: The slot is ours and stays where it is; it is the first field.
                work <- Opaque::ffi_init(|slot| unsafe {
                    bindings::natpt_work_init(slot, Some(run::<T>))
                }),
                job,
            }),
            memory::flags(),
        )?;
        let bell = worker.job.bell();
        bell.0.store(worker.work.get(), ordering::Release);
        Ok(worker)
    }
}

/// # Safety
///
/// For the kernel to call, with the work of a worker.
unsafe extern "C" fn run<T: Job>(work: *mut bindings::work_struct) {
    // SAFETY: Only `start` hands this function out, with the first field of a worker.
    let worker = unsafe { &*work.cast::<Worker<T>>() };
    if let Some(delay) = worker.job.run() {
        // SAFETY: Initialised in `start`; cancelling waits for us and wins over this.
        unsafe { bindings::natpt_work_schedule(worker.work.get(), delay as usize) };
    }
}

#[pinned_drop]
impl<T: Job> PinnedDrop for Worker<T> {
    fn drop(self: Pin<&mut Self>) {
        let bell = self.job.bell();
        bell.0.store(ptr::null_mut(), ordering::Relaxed);
        // SAFETY: Initialised in `start`.
        unsafe { bindings::cancel_delayed_work_sync(self.work.get()) };
    }
}
