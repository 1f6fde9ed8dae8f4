// SPDX-License-Identifier: GPL-2.0
//! Descriptors come and go: socket, close, dup and their relatives.

use libc::{c_int, c_uint, FILE};

use crate::{
    descriptor::{self, Word},
    errno,
    library::Library,
    real,
};

/// Change what is known of `fd`; the slot in `word` counts it already, that of before no longer.
pub fn replace<L: Library>(fd: c_int, word: Word) {
    if let Some(slot) = descriptor::set(fd, word).slot() {
        L::release(slot);
    }
}

/// A descriptor that has come and is not ours, even if the number was.
#[inline(always)]
pub fn forget<L: Library>(fd: c_int) -> c_int {
    if descriptor::get(fd) != Word::FOREIGN {
        replace::<L>(fd, Word::FOREIGN);
    }
    fd
}

/// `new` has become a copy of `fd`.
#[inline(always)]
fn copied<L: Library>(fd: c_int, new: c_int) -> c_int {
    let word = descriptor::get(fd);
    let known = word != Word::FOREIGN || descriptor::get(new) != Word::FOREIGN;
    if new >= 0 && known && new != fd {
        copied_known::<L>(word, new);
    }
    new
}

#[inline(never)]
fn copied_known<L: Library>(word: Word, new: c_int) {
    if let Some(slot) = word.slot() {
        L::share(slot);
    }
    replace::<L>(new, word);
}

/// close(2): forgotten first, for the number may come back at once in another thread.
#[inline(always)]
pub unsafe fn close<L: Library>(fd: c_int) -> c_int {
    forget::<L>(fd);
    unsafe { real::close(fd) }
}

/// fclose(3): the C library closes the descriptor without asking us.
#[inline(always)]
pub unsafe fn fclose<L: Library>(file: *mut FILE) -> c_int {
    if !file.is_null() {
        errno::keep(|| forget::<L>(unsafe { libc::fileno(file) }));
    }
    unsafe { real::fclose(file) }
}

/// close_range(2)
#[inline(always)]
pub unsafe fn close_range<L: Library>(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    let closes = flags & libc::CLOSE_RANGE_CLOEXEC as c_int == 0;
    if closes && first <= last {
        forget_range::<L>(first, last);
    }
    unsafe { real::close_range(first, last, flags) }
}

/// closefrom(3)
#[inline(always)]
pub unsafe fn closefrom<L: Library>(first: c_int) {
    forget_range::<L>(first.max(0) as c_uint, c_uint::MAX);
    unsafe { real::closefrom(first) }
}

#[inline(never)]
fn forget_range<L: Library>(first: c_uint, last: c_uint) {
    for fd in descriptor::known(first, last) {
        forget::<L>(fd);
    }
}

/// dup(2)
#[inline(always)]
pub unsafe fn dup<L: Library>(fd: c_int) -> c_int {
    copied::<L>(fd, unsafe { real::dup(fd) })
}

/// dup2(2)
#[inline(always)]
pub unsafe fn dup2<L: Library>(fd: c_int, new: c_int) -> c_int {
    copied::<L>(fd, unsafe { real::dup2(fd, new) })
}

/// dup3(2)
#[inline(always)]
pub unsafe fn dup3<L: Library>(fd: c_int, new: c_int, flags: c_int) -> c_int {
    copied::<L>(fd, unsafe { real::dup3(fd, new, flags) })
}

/// fcntl(2)
#[inline(always)]
pub unsafe fn fcntl<L: Library>(fd: c_int, command: c_int, argument: usize) -> c_int {
    let result = unsafe { real::fcntl(fd, command, argument) };
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => copied::<L>(fd, result),
        _ => result,
    }
}
