// SPDX-License-Identifier: GPL-2.0

//! Programs that gain rights when they are run: the loader ignores LD_PRELOAD for them.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Another user's or group's rights.
pub fn is_setid(path: &Path) -> bool {
    // SAFETY: the calls have no preconditions.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    path.metadata().is_ok_and(|file| {
        file.mode() & libc::S_ISUID != 0 && file.uid() != uid
            || file.mode() & libc::S_ISGID != 0 && file.gid() != gid
    })
}

/// True if a file gives capabilities; root, who has them anyway, gains none.
pub fn has_capabilities(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    let name = c"security.capability";
    // SAFETY: both strings end with NUL, and a buffer of no size is not written to.
    let size = unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) };
    // SAFETY: the call has no preconditions.
    size > 0 && unsafe { libc::getuid() } != 0
}
