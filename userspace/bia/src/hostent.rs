// SPDX-License-Identifier: GPL-2.0
//! gethostbyname, gethostbyaddr and their relatives. The answer is the C library's, in the memory
//! that it came in: IPv6 addresses in it make way for the IPv4 addresses that stand for them.

use core::{
    net::{Ipv4Addr, Ipv6Addr},
    ptr::{self, null_mut},
};

use libc::{c_char, c_int, c_void, hostent, size_t, socklen_t, AF_INET, AF_INET6};
use preload::{errno, real};

use crate::{
    config,
    ipv4_records::{is_literal, Ipv4Records},
    pool,
};

/// Values of h_errno (netdb.h).
const HOST_NOT_FOUND: c_int = 1;
const TRY_AGAIN: c_int = 2;
const NO_DATA: c_int = 4;

extern "C" {
    fn __h_errno_location() -> *mut c_int;
}

/// gethostbyname(3)
#[no_mangle]
unsafe extern "C" fn gethostbyname(name: *const c_char) -> *mut hostent {
    // SAFETY: the contract is that of the C library's function, here and below.
    unsafe { by_name(name) }
}

/// gethostbyname2(3)
#[no_mangle]
unsafe extern "C" fn gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent {
    unsafe {
        if family != AF_INET {
            return real::gethostbyname2(name, family);
        }
        by_name(name)
    }
}

unsafe fn by_name(name: *const c_char) -> *mut hostent {
    unsafe {
        let entry = real::gethostbyname2(name, AF_INET);
        let h_errno = *__h_errno_location();
        let Some(records) = wanting(name, entry, h_errno) else {
            return entry;
        };
        let before = errno::get();
        let entry = real::gethostbyname2(name, AF_INET6);
        let by_name = |number, addr| records.stand_in(number, addr);
        if !entry.is_null() && stand_ins(entry, by_name) > 0 {
            return entry;
        }
        if records.exist() {
            // the second answer took the place of the first
            return real::gethostbyname2(name, AF_INET);
        }
        *__h_errno_location() = h_errno;
        errno::set(before);
        null_mut()
    }
}

/// gethostbyname_r(3)
#[no_mangle]
unsafe extern "C" fn gethostbyname_r(
    name: *const c_char,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    h_errno: *mut c_int,
) -> c_int {
    unsafe { by_name_r(name, entry, buffer, size, result, h_errno) }
}

/// gethostbyname2_r(3)
#[no_mangle]
unsafe extern "C" fn gethostbyname2_r(
    name: *const c_char,
    family: c_int,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    h_errno: *mut c_int,
) -> c_int {
    unsafe {
        if family != AF_INET {
            return real::gethostbyname2_r(name, family, entry, buffer, size, result, h_errno);
        }
        by_name_r(name, entry, buffer, size, result, h_errno)
    }
}

unsafe fn by_name_r(
    name: *const c_char,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    h_errno: *mut c_int,
) -> c_int {
    unsafe {
        let look =
            |family| real::gethostbyname2_r(name, family, entry, buffer, size, result, h_errno);
        let status = look(AF_INET);
        if status == libc::ERANGE {
            return status;
        }
        let first_h_errno = *h_errno;
        let Some(records) = wanting(name, *result, first_h_errno) else {
            return status;
        };
        let before = errno::get();
        let by_name = |number, addr| records.stand_in(number, addr);
        match look(AF_INET6) {
            libc::ERANGE => return libc::ERANGE,
            0 if !(*result).is_null() && stand_ins(*result, by_name) > 0 => return 0,
            _ => {}
        }
        if records.exist() {
            return look(AF_INET);
        }
        *result = null_mut();
        *h_errno = first_h_errno;
        errno::set(before);
        status
    }
}

/// A name's own IPv4 addresses, if its answer leaves it without one that is of use.
unsafe fn wanting(name: *const c_char, entry: *mut hostent, h_errno: c_int) -> Option<Ipv4Records> {
    unsafe {
        if config::get().is_none() || name.is_null() || is_literal(name) {
            return None;
        }
        let Some(entry) = entry.as_ref() else {
            let none = matches!(h_errno, HOST_NOT_FOUND | TRY_AGAIN | NO_DATA);
            return none.then_some(Ipv4Records::NONE);
        };
        let mut list = entry.h_addr_list;
        Ipv4Records::of(core::iter::from_fn(|| {
            let place = *list;
            list = list.add(usize::from(!place.is_null()));
            let bytes = || ptr::read_unaligned(place.cast::<[u8; 4]>());
            (!place.is_null()).then(|| Ipv4Addr::from(bytes()))
        }))
    }
}

/// Put IPv4 addresses in the place of IPv6 addresses, which have numbers; those that nothing
/// stands for go. Return how many are left.
unsafe fn stand_ins(
    entry: *mut hostent,
    stand_in: impl Fn(usize, Ipv6Addr) -> Option<Ipv4Addr>,
) -> usize {
    unsafe {
        let entry = &mut *entry;
        let mut from = entry.h_addr_list;
        let mut to = from;
        let mut count = 0usize;
        while !(*from).is_null() {
            let place = *from;
            let addr = Ipv6Addr::from(ptr::read_unaligned(place.cast::<[u8; 16]>()));
            if let Some(stand_in) = stand_in(count, addr) {
                ptr::write_unaligned(place.cast(), stand_in.octets());
                *to = place;
                to = to.add(1);
                count = count.wrapping_add(1);
            }
            from = from.add(1);
        }
        *to = null_mut();
        entry.h_addrtype = AF_INET;
        entry.h_length = 4;
        count
    }
}

/// The IPv6 address that a program asks about with the IPv4 address that stands for it.
unsafe fn behind(addr: *const c_void, len: socklen_t, family: c_int) -> Option<[u8; 16]> {
    if family != AF_INET || len != 4 || addr.is_null() {
        return None;
    }
    // SAFETY: so many bytes are there.
    let addr = unsafe { ptr::read_unaligned(addr.cast::<[u8; 4]>()) };
    Some(pool::behind(Ipv4Addr::from(addr))?.octets())
}

/// gethostbyaddr(3)
#[no_mangle]
unsafe extern "C" fn gethostbyaddr(
    addr: *const c_void,
    len: socklen_t,
    family: c_int,
) -> *mut hostent {
    unsafe {
        let Some(behind) = behind(addr, len, family) else {
            return real::gethostbyaddr(addr, len, family);
        };
        let entry = real::gethostbyaddr(behind.as_ptr().cast(), 16, AF_INET6);
        if !entry.is_null() {
            stand_ins(entry, |_, addr| pool::stand_in(addr));
        }
        entry
    }
}

/// gethostbyaddr_r(3)
#[no_mangle]
unsafe extern "C" fn gethostbyaddr_r(
    addr: *const c_void,
    len: socklen_t,
    family: c_int,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    h_errno: *mut c_int,
) -> c_int {
    unsafe {
        let Some(behind) = behind(addr, len, family) else {
            return real::gethostbyaddr_r(addr, len, family, entry, buffer, size, result, h_errno);
        };
        let behind = behind.as_ptr().cast();
        let status =
            real::gethostbyaddr_r(behind, 16, AF_INET6, entry, buffer, size, result, h_errno);
        if status == 0 && !(*result).is_null() {
            stand_ins(*result, |_, addr| pool::stand_in(addr));
        }
        status
    }
}
