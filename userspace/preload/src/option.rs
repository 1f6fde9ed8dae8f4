// SPDX-License-Identifier: GPL-2.0
//! Socket options: their values, and the twins of IPv4's in IPv6.

use core::ptr;

use libc::{c_int, c_void, socklen_t, *};

use crate::{errno, real};

const INT: socklen_t = size_of::<c_int>() as socklen_t;

/// Options of IPPROTO_IP, and their twins of IPPROTO_IPV6.
const TWINS: [(c_int, c_int); 18] = [
    (IP_TOS, IPV6_TCLASS),
    (IP_TTL, IPV6_UNICAST_HOPS),
    (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER),
    (IP_RECVERR, IPV6_RECVERR),
    (IP_PKTINFO, IPV6_RECVPKTINFO),
    (IP_RECVTTL, IPV6_RECVHOPLIMIT),
    (IP_RECVTOS, IPV6_RECVTCLASS),
    (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS),
    (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP),
    (IP_MULTICAST_ALL, IPV6_MULTICAST_ALL),
    (IP_FREEBIND, IPV6_FREEBIND),
    (IP_TRANSPARENT, IPV6_TRANSPARENT),
    (IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR),
    (IP_RECVFRAGSIZE, IPV6_RECVFRAGSIZE),
    (IP_MINTTL, IPV6_MINHOPCOUNT),
    (IP_UNICAST_IF, IPV6_UNICAST_IF),
    (IP_ROUTER_ALERT, IPV6_ROUTER_ALERT),
    (IP_RECVERR_RFC4884, IPV6_RECVERR_RFC4884),
];

// The libc crate lacks these; include/uapi/linux/in.h and in6.h have them.
const IP_RECVERR_RFC4884: c_int = 26;
const IPV6_RECVERR_RFC4884: c_int = 31;
const IPV6_UNICAST_IF: c_int = 76;
const IP_UNICAST_IF: c_int = 50;
const IPV6_MULTICAST_ALL: c_int = 29;

/// The IPv6 option that does for IPv6 packets what this one does for IPv4 packets.
pub fn twin(name: c_int) -> Option<c_int> {
    TWINS
        .iter()
        .find(|(of_v4, _)| *of_v4 == name)
        .map(|(_, of_v6)| *of_v6)
}

/// An `int` option of a socket.
pub fn get(fd: c_int, level: c_int, name: c_int) -> Option<c_int> {
    let mut value: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    // SAFETY: room for the value.
    let result = errno::keep(|| unsafe {
        real::getsockopt(fd, level, name, (&raw mut value).cast(), &mut len)
    });
    (result == 0).then_some(value)
}

/// Set an `int` option of a socket.
pub fn set(fd: c_int, level: c_int, name: c_int, value: c_int) -> bool {
    let len = size_of::<c_int>() as socklen_t;
    // SAFETY: the value and its length.
    unsafe { real::setsockopt(fd, level, name, (&raw const value).cast(), len) == 0 }
}

/// The type of a socket.
pub fn kind(fd: c_int) -> Option<c_int> {
    get(fd, SOL_SOCKET, SO_TYPE)
}

/// Set an option of a socket that is ours: for IPv4 packets, and for IPv6 packets.
#[inline(never)]
pub unsafe fn set_ours(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    unsafe {
        match level {
            // an IPv4 socket knows none
            IPPROTO_IPV6 => return errno::fail(ENOPROTOOPT),
            // IPv6 has no such options
            IPPROTO_IP if name == IP_OPTIONS && len > 0 => return errno::fail(ENOPROTOOPT),
            _ => {}
        }
        let result = real::setsockopt(fd, level, name, value, len);
        if result == 0 && level == IPPROTO_IP {
            if let (Some(twin), Some(value)) = (twin(name), number(value, len)) {
                let value = (&raw const value).cast();
                errno::keep(|| real::setsockopt(fd, IPPROTO_IPV6, twin, value, INT));
            }
        }
        result
    }
}

/// IPv4's options are an `int` or one byte.
unsafe fn number(value: *const c_void, len: socklen_t) -> Option<c_int> {
    // SAFETY: the kernel has just read it.
    unsafe {
        match len {
            _ if value.is_null() => None,
            INT.. => Some(ptr::read_unaligned(value.cast())),
            1.. => Some(c_int::from(*value.cast::<u8>())),
            0 => None,
        }
    }
}
