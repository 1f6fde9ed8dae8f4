// SPDX-License-Identifier: GPL-2.0
//! getaddrinfo, for those who ask for IPv4 addresses. The list is the C library's own, so that its
//! freeaddrinfo frees it: IPv6 addresses in it make way for the IPv4 addresses that stand for them.

use core::{
    mem::{swap, zeroed},
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4},
    ptr::{self, null_mut},
};

use libc::{
    addrinfo, c_char, c_int, sockaddr_in, sockaddr_in6, socklen_t, AF_INET, AF_INET6, AF_UNSPEC,
    AI_ADDRCONFIG, AI_ALL, AI_NUMERICHOST, AI_V4MAPPED, EAI_AGAIN, EAI_FAIL, EAI_NODATA,
    EAI_NONAME,
};
use preload::{
    errno, real,
    sockaddr::{v4, LEN4},
};

use crate::{
    config,
    ipv4_records::{is_literal, Ipv4Records},
};

/// The name has no address of this family; the libc crate lacks it, netdb.h has it.
const EAI_ADDRFAMILY: c_int = -9;

/// getaddrinfo(3)
#[no_mangle]
pub unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    // SAFETY: the contract is that of the C library's function.
    unsafe {
        if result.is_null() || !is_for_ipv4(node, hints) || config::get().is_none() {
            return real::getaddrinfo(node, service, hints, result);
        }
        let mut hints = given(hints);
        // a host without IPv4 addresses has IPv4 all the same
        hints.ai_flags &= !AI_ADDRCONFIG;
        let status = real::getaddrinfo(node, service, &hints, result);
        if node.is_null() || is_numeric(node, &hints) {
            return status;
        }
        let records = match status {
            0 => Ipv4Records::of(list(*result).map(ipv4)),
            EAI_NONAME | EAI_AGAIN | EAI_FAIL | EAI_NODATA | EAI_ADDRFAMILY => {
                Some(Ipv4Records::NONE)
            }
            _ => None,
        };
        let Some(records) = records else {
            return status;
        };
        let found = errno::keep(|| six(node, service, hints, &records));
        if found.is_null() {
            return status;
        }
        if records.exist() {
            libc::freeaddrinfo(*result);
        }
        *result = found;
        0
    }
}

/// True if IPv4 addresses are asked for: by family, or by the address itself.
pub unsafe fn is_for_ipv4(node: *const c_char, hints: *const addrinfo) -> bool {
    // SAFETY: the contract is that of the C library's function.
    unsafe {
        let hints = given(hints);
        match hints.ai_family {
            AF_INET => true,
            AF_UNSPEC => !node.is_null() && is_numeric(node, &hints),
            _ => false,
        }
    }
}

/// The hints, or what the C library takes for none.
unsafe fn given(hints: *const addrinfo) -> addrinfo {
    // SAFETY: null, or the program's; all zeroes are a value of the type.
    unsafe {
        match hints.as_ref() {
            Some(hints) => *hints,
            None => addrinfo {
                ai_flags: AI_V4MAPPED | AI_ADDRCONFIG,
                ..zeroed()
            },
        }
    }
}

unsafe fn is_numeric(node: *const c_char, hints: &addrinfo) -> bool {
    // SAFETY: a C string.
    hints.ai_flags & AI_NUMERICHOST != 0 || unsafe { is_literal(node) }
}

/// The addresses that stand for the IPv6 addresses of `node`; null: there are none.
unsafe fn six(
    node: *const c_char,
    service: *const c_char,
    mut hints: addrinfo,
    records: &Ipv4Records,
) -> *mut addrinfo {
    unsafe {
        hints.ai_family = AF_INET6;
        hints.ai_flags &= !(AI_V4MAPPED | AI_ALL);
        let mut found = null_mut();
        if real::getaddrinfo(node, service, &hints, &mut found) != 0 {
            return null_mut();
        }
        let mut kept = null_mut();
        let mut end: *mut *mut addrinfo = &mut kept;
        let mut canonical = null_mut();
        let mut number = 0usize;
        let mut last = None;
        while !found.is_null() {
            let entry = &mut *found;
            found = entry.ai_next;
            entry.ai_next = null_mut();
            // it is the first entry that has the name
            if !entry.ai_canonname.is_null() {
                swap(&mut canonical, &mut entry.ai_canonname);
            }
            let addr = ptr::read_unaligned(entry.ai_addr.cast::<sockaddr_in6>());
            let ip = Ipv6Addr::from(addr.sin6_addr.s6_addr);
            // an address has an entry for each type of socket
            if last.replace(ip).is_some_and(|last| last != ip) {
                number = number.wrapping_add(1);
            }
            let Some(ip) = records.stand_in(number, ip) else {
                libc::freeaddrinfo(entry);
                continue;
            };
            put(entry, SocketAddrV4::new(ip, u16::from_be(addr.sin6_port)));
            *end = entry;
            end = &mut entry.ai_next;
        }
        match kept.as_mut() {
            Some(first) => first.ai_canonname = canonical,
            None => libc::free(canonical.cast()),
        }
        kept
    }
}

/// Put an IPv4 address in the place of an IPv6 address.
unsafe fn put(entry: &mut addrinfo, addr: SocketAddrV4) {
    // SAFETY: there is room for an address that is longer.
    unsafe { ptr::write_unaligned(entry.ai_addr.cast(), v4(addr)) };
    entry.ai_family = AF_INET;
    entry.ai_addrlen = LEN4 as socklen_t;
}

unsafe fn list<'a>(first: *const addrinfo) -> impl Iterator<Item = &'a addrinfo> {
    // SAFETY: the C library's list, whole and valid until it is freed.
    unsafe { core::iter::successors(first.as_ref(), |entry| entry.ai_next.cast_const().as_ref()) }
}

fn ipv4(entry: &addrinfo) -> Ipv4Addr {
    // SAFETY: the C library was asked for IPv4 addresses.
    let addr = unsafe { ptr::read_unaligned(entry.ai_addr.cast::<sockaddr_in>()) };
    Ipv4Addr::from_bits(u32::from_be(addr.sin_addr.s_addr))
}
