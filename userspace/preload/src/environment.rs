// SPDX-License-Identifier: GPL-2.0
//! The environment's variables, and the one line that complains of them.

use core::ffi::CStr;

use libc::c_char;

extern "C" {
    fn secure_getenv(name: *const c_char) -> *const c_char;
}

/// The value of a variable; None for programs with privileges, which obey no environment.
pub fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: a C string; the value stays where it is until the program changes it.
    unsafe {
        let value = secure_getenv(name.as_ptr());
        (!value.is_null()).then(|| CStr::from_ptr(value).to_bytes())
    }
}

/// Write one line to standard error, in one piece.
pub fn warn(parts: &[&[u8]]) {
    let mut line = [0; 256];
    let mut room: &mut [u8] = &mut line;
    for part in parts.iter().copied().chain([b"\n".as_slice()]) {
        let size = part.len().min(room.len());
        let (place, rest) = room.split_at_mut_checked(size).unwrap_or_default();
        for (to, from) in place.iter_mut().zip(part) {
            *to = *from;
        }
        room = rest;
    }
    let size = 256usize.wrapping_sub(room.len());
    // SAFETY: so many bytes are there. The system call, for `write` may be someone's hook.
    unsafe { libc::syscall(libc::SYS_write, libc::STDERR_FILENO, line.as_ptr(), size) };
}
