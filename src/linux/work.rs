// SPDX-License-Identifier: GPL-2.0

//! Work that is done again and again, in process context.

use super::{bindings, memory};
use kernel::{prelude::*, sync::Arc, types::Opaque};

/// Something that has work to do from time to time.
pub(crate) trait Job: Send + Sync + 'static {
    /// Does some of it and says after how many jiffies there is more.
    fn run(&self) -> u32;
}

/// Calls a job until dropped.
#[repr(C)]
pub(crate) struct Worker<T: Job> {
    work: Opaque<bindings::delayed_work>,
    job: Arc<T>,
}

// SAFETY: The work queue locks for itself, and jobs are `Sync`.
unsafe impl<T: Job> Send for Worker<T> {}
// SAFETY: As above.
unsafe impl<T: Job> Sync for Worker<T> {}

impl<T: Job> Worker<T> {
    /// Starts calling `job` in `delay` jiffies.
    pub(crate) fn start(job: Arc<T>, delay: u32) -> Result<Pin<KBox<Self>>> {
        let worker = KBox::pin(
            Self {
                work: Opaque::uninit(),
                job,
            },
            memory::flags(),
        )?;
        // SAFETY: The memory is ours and stays where it is; `work` is the first field.
        unsafe { bindings::natpt_work_init(worker.work.get(), Some(run::<T>)) };
        // SAFETY: Just initialised.
        unsafe { bindings::natpt_work_schedule(worker.work.get(), delay as usize) };
        Ok(worker)
    }
}

/// # Safety
///
/// For the kernel to call, with the work of a worker.
unsafe extern "C" fn run<T: Job>(work: *mut bindings::work_struct) {
    // SAFETY: Only `start` hands this function out, with the first field of a worker.
    let worker = unsafe { &*work.cast::<Worker<T>>() };
    let delay = worker.job.run();
    // SAFETY: Initialised in `start`; cancelling waits for us and wins over this.
    unsafe { bindings::natpt_work_schedule(worker.work.get(), delay as usize) };
}

impl<T: Job> Drop for Worker<T> {
    fn drop(&mut self) {
        // SAFETY: Initialised in `start`.
        unsafe { bindings::cancel_delayed_work_sync(self.work.get()) };
    }
}
