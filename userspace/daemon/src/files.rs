// SPDX-License-Identifier: GPL-2.0

//! The limit of open files.

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
