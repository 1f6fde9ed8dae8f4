// SPDX-License-Identifier: GPL-2.0

//! The limit of open files, and what to do at it.

use std::io;
use std::os::unix::net::UnixDatagram;

use nix::errno::Errno;
use nix::sys::resource::{getrlimit, setrlimit, Resource};

/// Raise the limit to `wanted` as far as it may be; return what it is then.
pub fn allow(wanted: u64) -> u64 {
    const FILES: Resource = Resource::RLIMIT_NOFILE;
    let Ok((soft, hard)) = getrlimit(FILES) else {
        return wanted;
    };
    // Only root may have more than the hard limit.
    if soft < wanted && setrlimit(FILES, wanted, hard.max(wanted)).is_err() {
        let _ = setrlimit(FILES, hard.min(wanted), hard);
    }
    getrlimit(FILES).map_or(soft, |(soft, _)| soft)
}

/// True if there are no descriptors left, or no memory for what they stand for.
pub fn is_short(problem: &io::Error) -> bool {
    let short = [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM];
    short
        .iter()
        .any(|&one| problem.raw_os_error() == Some(one as i32))
}

/// A descriptor that is kept for when there is none left: who waits at a listener can then be sent
/// away, and does not keep the loop busy.
#[derive(Default)]
pub struct Spare(Option<UnixDatagram>);

impl Spare {
    /// Keep one, unless it is kept already.
    pub fn keep(&mut self) {
        if self.0.is_none() {
            self.0 = UnixDatagram::unbound().ok();
        }
    }

    /// There is one more while `work` goes on.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.0 = None;
        let done = work();
        self.keep();
        done
    }
}
