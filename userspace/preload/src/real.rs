// SPDX-License-Identifier: GPL-2.0
//! The functions that ours stand before: the next ones of the same name.
#![allow(missing_docs, clippy::too_many_arguments)]

use core::{
    ffi::CStr,
    mem,
    ptr::null_mut,
    sync::atomic::{AtomicPtr, Ordering::Relaxed},
};

use libc::{
    addrinfo, c_char, c_int, c_uint, c_ulong, c_void, epoll_event, hostent, mmsghdr, msghdr,
    size_t, sockaddr, socklen_t, ssize_t, timespec, FILE,
};

use crate::errno;

// The libc crate leaves linking to std when another crate of the build has it use std.
#[link(name = "c")]
extern "C" {}

/// Stand for a function that this C library lacks; the result does for `int` and `ssize_t`.
extern "C" fn missing() -> ssize_t {
    errno::set(libc::ENOSYS);
    -1
}

/// Look the next function of this name up.
#[cold]
fn find(name: &CStr, place: &AtomicPtr<c_void>) -> *mut c_void {
    // SAFETY: a C string, and a pseudo-handle that dlsym knows.
    let mut found = errno::keep(|| unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) });
    if found.is_null() {
        found = missing as *mut c_void;
    }
    place.store(found, Relaxed);
    found
}

macro_rules! real {
    ($(fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        $(
            #[inline(always)]
            pub unsafe fn $name($($argument: $type),*) $(-> $result)? {
                let mut function = place::$name.load(Relaxed);
                if function.is_null() {
                    function = find(name::$name, &place::$name);
                }
                type Function = unsafe extern "C" fn($($type),*) $(-> $result)?;
                // SAFETY: the C library's function of this name has this type.
                unsafe { mem::transmute::<*mut c_void, Function>(function)($($argument),*) }
            }
        )*

        #[allow(non_upper_case_globals)]
        mod place {
            use super::*;
            $(pub static $name: AtomicPtr<c_void> = AtomicPtr::new(null_mut());)*
        }

        #[allow(non_upper_case_globals)]
        mod name {
            use super::*;
            $(pub const $name: &CStr =
                match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => c"",
                };)*
        }

        /// Look all of them up: dlsym takes a lock, so better now than in a signal handler.
        pub fn find_all() {
            $(find(name::$name, &place::$name);)*
        }
    };
}

real! {
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int;
    fn connect(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int;
    fn bind(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int;
    fn listen(fd: c_int, backlog: c_int) -> c_int;
    fn accept(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
    fn accept4(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t, flags: c_int) -> c_int;
    fn getsockname(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
    fn getpeername(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
    fn getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, len: *mut socklen_t) -> c_int;
    fn setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, len: socklen_t) -> c_int;
    fn ioctl(fd: c_int, request: c_ulong, argument: usize) -> c_int;

    fn sendto(fd: c_int, data: *const c_void, size: size_t, flags: c_int,
        addr: *const sockaddr, len: socklen_t) -> ssize_t;
    fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
    fn sendmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int;
    fn recvfrom(fd: c_int, data: *mut c_void, size: size_t, flags: c_int,
        addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t;
    fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
    fn recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int,
        timeout: *mut timespec) -> c_int;
    fn __recvfrom_chk(fd: c_int, data: *mut c_void, size: size_t, room: size_t, flags: c_int,
        addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t;

    fn close(fd: c_int) -> c_int;
    fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int;
    fn closefrom(first: c_int);
    fn fclose(file: *mut FILE) -> c_int;
    fn dup(fd: c_int) -> c_int;
    fn dup2(fd: c_int, new: c_int) -> c_int;
    fn dup3(fd: c_int, new: c_int, flags: c_int) -> c_int;
    fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int;
    fn epoll_ctl(epfd: c_int, operation: c_int, fd: c_int, event: *mut epoll_event) -> c_int;

    fn getaddrinfo(node: *const c_char, service: *const c_char, hints: *const addrinfo,
        result: *mut *mut addrinfo) -> c_int;
    fn getaddrinfo_a(mode: c_int, list: *mut c_void, count: c_int, event: *mut c_void) -> c_int;
    fn getnameinfo(addr: *const sockaddr, len: socklen_t, host: *mut c_char, host_len: socklen_t,
        service: *mut c_char, service_len: socklen_t, flags: c_int) -> c_int;
    fn gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent;
    fn gethostbyname2_r(name: *const c_char, family: c_int, entry: *mut hostent,
        buffer: *mut c_char, size: size_t, result: *mut *mut hostent, h_errno: *mut c_int) -> c_int;
    fn gethostbyaddr(addr: *const c_void, len: socklen_t, family: c_int) -> *mut hostent;
    fn gethostbyaddr_r(addr: *const c_void, len: socklen_t, family: c_int, entry: *mut hostent,
        buffer: *mut c_char, size: size_t, result: *mut *mut hostent, h_errno: *mut c_int) -> c_int;
}
