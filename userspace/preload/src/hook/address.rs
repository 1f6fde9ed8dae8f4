// SPDX-License-Identifier: GPL-2.0
//! Addresses of sockets that are ours: the program's IPv4 form and the kernel's IPv6 form.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};

use libc::{c_int, sockaddr, sockaddr_in6, socklen_t, AF_INET, AF_INET6};

use crate::{
    descriptor::Word,
    errno,
    library::{Library, Use},
    sockaddr::{self as address, Given},
};

/// True if the library wants a foreign descriptor because of this address.
#[inline(always)]
pub unsafe fn wants<L: Library>(addr: *const sockaddr, len: socklen_t, to: Use) -> bool {
    // SAFETY: as the C library's function has it.
    unsafe {
        match address::family(addr, len) {
            AF_INET => matches!(address::read(addr, len), Given::V4(addr) if L::wants(addr, to)),
            AF_INET6 => to != Use::Bind && address::mapped(addr, len).is_some(),
            _ => false,
        }
    }
}

/// The destination of packets to `addr`.
pub fn target<L: Library>(word: Word, addr: Ipv4Addr) -> Ipv6Addr {
    if !word.is_fixed() {
        if let Some(target) = L::embed(addr) {
            return target;
        }
    }
    addr.to_ipv6_mapped()
}

/// The source of packets to IPv6 when a program wants them to come from `addr`.
pub fn source<L: Library>(addr: Ipv4Addr) -> Ipv6Addr {
    if addr.is_unspecified() || addr == L::own() {
        return Ipv6Addr::UNSPECIFIED;
    }
    L::embed(addr).unwrap_or_else(|| addr.to_ipv6_mapped())
}

/// Call with the address that stands for `addr`; then perhaps with `addr` itself.
pub fn towards<L: Library>(
    word: Word,
    addr: SocketAddrV4,
    call: impl Fn(Ipv6Addr, *const sockaddr) -> isize,
) -> isize {
    let call = |ip: Ipv6Addr| {
        let to: sockaddr_in6 = address::v6(ip, addr.port());
        call(ip, (&raw const to).cast())
    };
    let before = errno::get();
    let ip = target::<L>(word, *addr.ip());
    let mut result = call(ip);
    if L::IPV4_INSTEAD
        && result < 0
        && is_unreachable(errno::get())
        && ip.to_ipv4_mapped().is_none()
    {
        result = call(addr.ip().to_ipv6_mapped());
        if result >= 0 {
            errno::set(before);
        }
    }
    result
}

/// True if IPv6 is not there at all.
fn is_unreachable(error: c_int) -> bool {
    matches!(error, libc::ENETUNREACH | libc::EADDRNOTAVAIL)
}

/// The address that the program is told of a peer.
pub fn peer<L: Library>(addr: Ipv6Addr) -> Ipv4Addr {
    common(addr).unwrap_or_else(|| L::extract(addr))
}

/// The address that the program is told of its own end.
pub fn local<L: Library>(word: Word, addr: Ipv6Addr) -> Ipv4Addr {
    if addr.is_unspecified() && word.is_own() {
        return L::own();
    }
    common(addr).unwrap_or_else(|| L::local(addr))
}

/// The IPv4 twin of an address that has one.
fn common(addr: Ipv6Addr) -> Option<Ipv4Addr> {
    if addr.is_unspecified() {
        return Some(Ipv4Addr::UNSPECIFIED);
    }
    if addr.is_loopback() {
        return Some(Ipv4Addr::LOCALHOST);
    }
    addr.to_ipv4_mapped()
}
