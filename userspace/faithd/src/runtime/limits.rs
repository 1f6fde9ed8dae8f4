// SPDX-License-Identifier: GPL-2.0

//! How many connections there is room for.

use nix::sys::resource::{getrlimit, setrlimit, Resource};

use super::log;

/// Two sockets, and two pipes while both peers are slow.
const FILES: u64 = 6;
/// What is open besides.
const OTHERS: u64 = 64;

/// Raises the limit of open files as far as it is needed and may be; says what came of it.
pub fn room_for(wanted: usize) -> usize {
    let files = wanted as u64 * FILES + OTHERS;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    if soft < files {
        let most = hard.max(files);
        if setrlimit(Resource::RLIMIT_NOFILE, files, most).is_err() {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(files), hard);
        }
    }
    let (files, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((soft, hard));
    let room = (files.saturating_sub(OTHERS) / FILES).max(1) as usize;
    if room < wanted {
        log::warning(&format!(
            "max-connections is {wanted}, but {files} open files give room for {room} only"
        ));
    }
    room.min(wanted)
}
