// SPDX-License-Identifier: GPL-2.0
//! setsockopt, getsockopt, and requests for interfaces.

use core::{mem::size_of, ptr};

use libc::{c_int, c_ulong, c_void, socklen_t};

use crate::{
    control::HEADER_DIFFERENCE,
    descriptor, errno,
    library::Library,
    option::{get, set_ours},
    real,
    sockaddr::{Storage, LEN4},
};

use super::name::getpeername;

// The libc crate lacks it; include/uapi/asm-generic/socket.h has it.
const SO_PEERNAME: c_int = 28;

const INT: socklen_t = size_of::<c_int>() as socklen_t;

/// setsockopt(2)
#[inline(always)]
pub unsafe fn setsockopt<L: Library>(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() {
            return real::setsockopt(fd, level, name, value, len);
        }
        set_ours(fd, level, name, value, len)
    }
}

/// getsockopt(2)
#[inline(always)]
pub unsafe fn getsockopt<L: Library>(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() {
            return real::getsockopt(fd, level, name, value, len);
        }
        get_ours::<L>(fd, level, name, value, len)
    }
}

#[inline(never)]
unsafe fn get_ours<L: Library>(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    unsafe {
        if level == libc::IPPROTO_IPV6 {
            return errno::fail(libc::EOPNOTSUPP);
        }
        if (level, name) == (libc::SOL_SOCKET, SO_PEERNAME) && !len.is_null() {
            if *len as usize > LEN4 {
                return errno::fail(libc::EINVAL);
            }
            let room = *len;
            let result = getpeername::<L>(fd, value.cast(), len);
            *len = room;
            return result;
        }
        let result = real::getsockopt(fd, level, name, value, len);
        // a level that the socket does not have
        if result < 0
            && errno::get() == libc::ENOPROTOOPT
            && !matches!(level, libc::SOL_SOCKET | libc::IPPROTO_IP)
            && get(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL) != Some(level)
        {
            return errno::fail(libc::EOPNOTSUPP);
        }
        if result == 0 {
            match (level, name) {
                (libc::SOL_SOCKET, libc::SO_DOMAIN) => put(libc::AF_INET, value, *len),
                (libc::IPPROTO_IP, libc::IP_MTU) if *len >= INT && !is_v4(fd) => {
                    let mtu = ptr::read_unaligned(value.cast::<c_int>());
                    let room = mtu.saturating_sub(HEADER_DIFFERENCE as c_int);
                    put(room, value, INT);
                }
                _ => {}
            }
        }
        result
    }
}

/// Write as much of an `int` as fits.
unsafe fn put(number: c_int, value: *mut c_void, len: socklen_t) {
    // SAFETY: the kernel has just written so many bytes.
    unsafe {
        ptr::copy_nonoverlapping((&raw const number).cast(), value, len.min(INT) as usize);
    }
}

/// True if a socket of ours is connected by IPv4.
fn is_v4(fd: c_int) -> bool {
    let mut name = Storage::new();
    // SAFETY: room for the name.
    errno::keep(|| unsafe { real::getpeername(fd, name.addr(), name.len()) });
    name.v6()
        .is_some_and(|(ip, _)| ip.to_ipv4_mapped().is_some())
}

/// Requests for sockets and interfaces lie here (include/uapi/linux/sockios.h).
const SOCKET_REQUESTS: core::ops::RangeInclusive<c_ulong> = 0x8900..=0x89ff;

/// ioctl(2): what an IPv6 socket does not answer of an interface's IPv4 addresses, an IPv4 socket does.
#[inline(always)]
pub unsafe fn ioctl<L: Library>(fd: c_int, request: c_ulong, argument: usize) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() || !SOCKET_REQUESTS.contains(&request) {
            return real::ioctl(fd, request, argument);
        }
        ioctl_ours(fd, request, argument)
    }
}

#[inline(never)]
unsafe fn ioctl_ours(fd: c_int, request: c_ulong, argument: usize) -> c_int {
    unsafe {
        let before = errno::get();
        let result = real::ioctl(fd, request, argument);
        if result >= 0 {
            return result;
        }
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
        let fd = real::socket(libc::AF_INET, kind, 0);
        if fd < 0 {
            return result;
        }
        let result = real::ioctl(fd, request, argument);
        errno::keep(|| real::close(fd));
        if result >= 0 {
            errno::set(before);
        }
        result
    }
}
