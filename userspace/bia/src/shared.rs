// SPDX-License-Identifier: GPL-2.0
//! One table for a program and all that it starts, so that an address may be looked up in one process
//! and connected to in another (RFC 6535 section 4.4): a memfd, which the environment names.

use core::{ffi::CStr, mem::size_of, ptr::null_mut};

use libc::{c_int, *};
use preload::{
    address_pool::{AddressPool, Table},
    environment::variable,
    errno, real,
};

use crate::pool::TABLE;

/// Use the table that NATPT_TABLE names, if it is there: the path of a file in memory.
pub fn open(pool: &AddressPool) {
    let Some(path) = variable(c"NATPT_TABLE") else {
        return;
    };
    // SAFETY: the bytes of a variable have a NUL behind them.
    let path = unsafe { CStr::from_ptr(path.as_ptr().cast()) };
    errno::keep(|| {
        let table = map(path);
        if !table.is_null() {
            // SAFETY: the mapping stays, and nobody has asked for anything yet.
            unsafe {
                pool.share_table(table);
                libc::pthread_atfork(None, None, Some(forked));
            }
        }
    });
}

unsafe extern "C" fn forked() {
    errno::keep(|| TABLE.forked());
}

/// Null: the file is not there any more, or is none of ours.
fn map(path: &CStr) -> *mut Table {
    const SIZE: usize = size_of::<Table>();
    // of a size that stays; the first process sets it
    const SEALS: c_int = F_SEAL_SHRINK | F_SEAL_GROW;
    // SAFETY: a path, a descriptor of our own, and a mapping of whole pages that cannot shrink.
    unsafe {
        let fd = libc::open(path.as_ptr(), O_RDWR | O_CLOEXEC);
        if fd < 0 {
            return null_mut();
        }
        // other files have no seals, or none that can be set
        let seals = real::fcntl(fd, F_GET_SEALS, 0);
        let ours = seals >= 0 && seals & F_SEAL_SEAL == 0;
        if ours {
            libc::ftruncate(fd, SIZE as off_t);
            real::fcntl(fd, F_ADD_SEALS, SEALS as usize);
        }
        let mut file: stat = core::mem::zeroed();
        let fits = ours
            && real::fcntl(fd, F_GET_SEALS, 0) & SEALS == SEALS
            && libc::fstat(fd, &mut file) == 0
            && file.st_size == SIZE as off_t;
        let mut table = MAP_FAILED;
        if fits {
            table = libc::mmap(null_mut(), SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        }
        real::close(fd);
        match table {
            MAP_FAILED => null_mut(),
            table => table.cast(),
        }
    }
}
