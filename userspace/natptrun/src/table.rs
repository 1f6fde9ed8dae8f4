// SPDX-License-Identifier: GPL-2.0

//! The table of addresses that libbia.so's processes share: a file in memory, which this process keeps
//! open for all that it becomes and starts.

#![allow(unsafe_code)]

use std::env;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

pub const VARIABLE: &str = "NATPT_TABLE";

/// Programs are used to the descriptors below.
const FIRST: libc::c_int = 200;

pub struct Table(OwnedFd);

/// None: there is one already, or no room for one, and each process has its own.
pub fn create() -> Option<Table> {
    if env::var_os(VARIABLE).is_some_and(|path| std::fs::metadata(path).is_ok()) {
        return None;
    }
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: a name, and a descriptor that nobody else has.
    let file = unsafe { owned(libc::memfd_create(c"natpt-bia".as_ptr(), flags)) }?;
    // SAFETY: an open descriptor; the copy stays open when the program is executed.
    unsafe { owned(libc::fcntl(file.as_raw_fd(), libc::F_DUPFD, FIRST)) }.map(Table)
}

impl Table {
    /// Of this process, which becomes the program.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }
}

/// SAFETY: `fd` is nobody else's.
unsafe fn owned(fd: libc::c_int) -> Option<OwnedFd> {
    // SAFETY: open if it is a number.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
}
