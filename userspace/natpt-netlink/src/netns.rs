// SPDX-License-Identifier: GPL-2.0

//! Network namespaces by name, as `ip netns` keeps them.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Move this thread into the namespace: a name in /run/netns, or a path.
pub fn enter(name: &str) -> io::Result<()> {
    let file = File::open(Path::new("/run/netns").join(name))?;
    // SAFETY: the call takes no pointer, and the descriptor is open.
    match unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
