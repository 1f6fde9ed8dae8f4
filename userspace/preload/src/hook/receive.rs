// SPDX-License-Identifier: GPL-2.0
//! recvfrom, recvmsg, recvmmsg.

use core::{ptr::null_mut, slice};

use libc::{
    c_int, c_uint, c_void, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t, timespec,
};

use super::{
    address::{local, peer},
    message::{all_plain, is_plain, Control},
    name::give_peer,
};
use crate::{
    control,
    descriptor::{self, Word},
    errno,
    library::Library,
    real,
    sockaddr::{is_wanted, Storage},
};

/// More control messages than the kernel has for one datagram.
const RECEIVED: usize = 2048;

/// recvfrom(2)
#[inline(always)]
pub unsafe fn recvfrom<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        if addr.is_null() || descriptor::get(fd) == Word::FOREIGN || !is_wanted(addr, len) {
            return real::recvfrom(fd, data, size, flags, addr, len);
        }
        recvfrom_ours::<L>(fd, data, size, flags, addr, len)
    }
}

#[inline(never)]
unsafe fn recvfrom_ours<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        let mut from = Storage::new();
        let result = real::recvfrom(fd, data, size, flags, from.addr(), from.len());
        if result >= 0 {
            give_peer::<L>(descriptor::get(fd), &from, addr, len);
        }
        result
    }
}

/// recvfrom(2), as programs call it that are compiled with _FORTIFY_SOURCE
#[inline(always)]
pub unsafe fn recvfrom_chk<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    room: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        // one that is too long ends the program, there
        if size > room || descriptor::get(fd) == Word::FOREIGN {
            return real::__recvfrom_chk(fd, data, size, room, flags, addr, len);
        }
        recvfrom::<L>(fd, data, size, flags, addr, len)
    }
}

/// recvmsg(2)
#[inline(always)]
pub unsafe fn recvmsg<L: Library>(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    unsafe {
        let word = descriptor::get(fd);
        if word == Word::FOREIGN || message.is_null() || is_plain(&*message) {
            return real::recvmsg(fd, message, flags);
        }
        recvmsg_ours::<L>(fd, word, &mut *message, flags)
    }
}

#[inline(never)]
unsafe fn recvmsg_ours<L: Library>(
    fd: c_int,
    word: Word,
    message: &mut msghdr,
    flags: c_int,
) -> ssize_t {
    unsafe {
        let named = !message.msg_name.is_null();
        if named && (message.msg_namelen as i32) < 0 {
            return real::recvmsg(fd, message, flags);
        }
        let mut from = Storage::new();
        let mut room = Control([0; RECEIVED]);
        let mut copy = *message;
        if named {
            copy.msg_name = from.addr().cast();
            copy.msg_namelen = *from.len();
        }
        let controlled =
            word.is_ours() && !message.msg_control.is_null() && message.msg_controllen > 0;
        if word.is_ours() {
            copy.msg_control = null_mut();
            copy.msg_controllen = 0;
        }
        if controlled {
            copy.msg_control = room.0.as_mut_ptr().cast();
            copy.msg_controllen = RECEIVED;
        }
        let result = real::recvmsg(fd, &mut copy, flags);
        if result < 0 {
            return result;
        }
        if named {
            from.set_len(copy.msg_namelen);
            let (addr, len) = (message.msg_name.cast(), &mut message.msg_namelen);
            give_peer::<L>(word, &from, addr, len);
        }
        message.msg_flags = copy.msg_flags;
        message.msg_controllen = if !word.is_ours() {
            copy.msg_controllen
        } else if controlled {
            let given = room.0.get(..copy.msg_controllen).unwrap_or_default();
            let to = slice::from_raw_parts_mut(message.msg_control.cast(), message.msg_controllen);
            let taken = control::incoming(given, to, peer::<L>, |ip| local::<L>(word, ip));
            if taken.truncated {
                message.msg_flags |= libc::MSG_CTRUNC;
            }
            taken.used
        } else {
            0
        };
        result
    }
}

/// recvmmsg(2)
#[inline(always)]
pub unsafe fn recvmmsg<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    unsafe {
        if descriptor::get(fd) == Word::FOREIGN || all_plain(messages, count) {
            return real::recvmmsg(fd, messages, count, flags, timeout);
        }
        recvmmsg_ours::<L>(fd, messages, count, flags, timeout)
    }
}

#[inline(never)]
unsafe fn recvmmsg_ours<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    unsafe {
        let end = if timeout.is_null() {
            None
        } else if is_time(&*timeout) {
            Some(nanoseconds(&now()).saturating_add(nanoseconds(&*timeout)))
        } else {
            return errno::fail(libc::EINVAL);
        };
        let before = errno::get();
        let mut received = 0;
        let mut each = flags & !libc::MSG_WAITFORONE;
        for at in 0..count.min(libc::UIO_MAXIOV as c_uint) {
            let message = messages.add(at as usize);
            let result = recvmsg::<L>(fd, &mut (*message).msg_hdr, each);
            if result < 0 {
                if received == 0 {
                    return -1;
                }
                errno::set(before);
                return received;
            }
            (*message).msg_len = result as c_uint;
            received = received.wrapping_add(1);
            if flags & libc::MSG_WAITFORONE != 0 {
                each |= libc::MSG_DONTWAIT;
            }
            // like the kernel, which looks at the clock between datagrams only
            if let Some(end) = end {
                let left = end.saturating_sub(nanoseconds(&now())).max(0);
                (*timeout).tv_sec = left.wrapping_div(SECOND);
                (*timeout).tv_nsec = left.wrapping_rem(SECOND);
                if left == 0 {
                    break;
                }
            }
            if (*message).msg_hdr.msg_flags & libc::MSG_OOB != 0 {
                break;
            }
        }
        received
    }
}

const SECOND: i64 = 1_000_000_000;

fn is_time(time: &timespec) -> bool {
    time.tv_sec >= 0 && (0..SECOND).contains(&time.tv_nsec)
}

fn nanoseconds(time: &timespec) -> i64 {
    time.tv_sec
        .saturating_mul(SECOND)
        .saturating_add(time.tv_nsec)
}

fn now() -> timespec {
    let mut time = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: room for the time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time
}
