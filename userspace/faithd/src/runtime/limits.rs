// SPDX-License-Identifier: GPL-2.0

//! Room for connections.

use daemon::{files, log};

/// Two sockets, and two pipes while both peers are slow.
const FILES: u64 = 6;
/// Files that are open besides.
const OTHERS: u64 = 64;

/// Raise the limit of open files as far as it is needed and may be; return what came of it.
pub fn room_for(wanted: usize) -> usize {
    let files = files::allow(wanted as u64 * FILES + OTHERS);
    let room = (files.saturating_sub(OTHERS) / FILES).max(1) as usize;
    if room < wanted {
        log::warning(&format!(
            "max-connections is {wanted}, but {files} open files give room for {room} only"
        ));
    }
    room.min(wanted)
}
