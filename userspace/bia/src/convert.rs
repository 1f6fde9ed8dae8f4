// SPDX-License-Identifier: GPL-2.0
//! An IPv4 socket is replaced by an IPv6 socket with the same number and the same properties
//! (RFC 3338 section 3.1).

use core::net::{Ipv4Addr, Ipv6Addr};

use libc::{c_int, *};
use preload::{
    descriptor::{self, Word},
    errno,
    hook::lifetime::replace,
    library::{Library, Use},
    option::{get, set},
    properties, real, registration,
    sockaddr::{v6, Storage, LEN6},
};

/// Replace the socket behind `fd`; false: it is not one that can be, or this host has no IPv6.
pub fn convert<L: Library>(fd: c_int, to: Use) -> bool {
    let Some(kind) = transport(fd) else {
        return false;
    };
    errno::keep(|| {
        let Some(port) = unbound(fd, to, kind.0) else {
            return false;
        };
        // SAFETY: numbers, and descriptors of our own.
        unsafe {
            let new = real::socket(AF_INET6, kind.0 | SOCK_CLOEXEC, kind.1);
            if new < 0 {
                return false;
            }
            let dual = set(new, IPPROTO_IPV6, IPV6_V6ONLY, 0);
            let converted = dual && install::<L>(fd, new, kind.0 == SOCK_STREAM);
            real::close(new);
            if converted && port != 0 {
                let any = v6(Ipv6Addr::UNSPECIFIED, port);
                real::bind(fd, (&raw const any).cast(), LEN6 as socklen_t);
            }
            converted
        }
    })
}

/// Put `new` in the place of `fd`, with its properties.
unsafe fn install<L: Library>(fd: c_int, new: c_int, stream: bool) -> bool {
    // SAFETY: numbers.
    unsafe {
        let flags = real::fcntl(fd, F_GETFD, 0);
        if flags < 0 || !descriptor::fits(fd) {
            return false;
        }
        properties::copy(fd, new, stream);
        registration::leave(fd);
        let cloexec = if flags & FD_CLOEXEC != 0 {
            O_CLOEXEC
        } else {
            0
        };
        if real::dup3(new, fd, cloexec) < 0 {
            registration::enter(fd);
            return false;
        }
        replace::<L>(fd, Word::OURS);
        true
    }
}

/// True if it is an IPv4 socket; quickly, and `errno` may change.
#[inline(always)]
pub fn is_ipv4(fd: c_int) -> bool {
    let mut domain: c_int = 0;
    let mut len = size_of::<c_int>() as socklen_t;
    // SAFETY: room for the value.
    unsafe {
        real::getsockopt(
            fd,
            SOL_SOCKET,
            SO_DOMAIN,
            (&raw mut domain).cast(),
            &mut len,
        )
    };
    domain == AF_INET
}

/// Type and protocol of an IPv4 socket whose protocol IPv6 has, too.
fn transport(fd: c_int) -> Option<(c_int, c_int)> {
    if get(fd, SOL_SOCKET, SO_DOMAIN)? != AF_INET {
        return None;
    }
    let kind = get(fd, SOL_SOCKET, SO_TYPE)?;
    let protocol = get(fd, SOL_SOCKET, SO_PROTOCOL)?;
    matches!(
        (kind, protocol),
        (SOCK_STREAM, IPPROTO_TCP | IPPROTO_MPTCP) | (SOCK_DGRAM, IPPROTO_UDP | IPPROTO_UDPLITE)
    )
    .then_some((kind, protocol))
}

/// The local port of a socket that is not bound to an address; None: it is, and stays so.
fn unbound(fd: c_int, to: Use, kind: c_int) -> Option<u16> {
    let mut name = Storage::new();
    // SAFETY: room for the name.
    if unsafe { real::getsockname(fd, name.addr(), name.len()) } < 0 {
        return None;
    }
    let (ip, port) = name.v4()?;
    if to == Use::Bind {
        return (port == 0).then_some(0);
    }
    // a connected datagram socket got its address from the route
    let mut peer = Storage::new();
    let connected = unsafe { real::getpeername(fd, peer.addr(), peer.len()) } == 0;
    match kind {
        SOCK_STREAM if connected => None,
        SOCK_DGRAM if connected => Some(port),
        _ => (ip == Ipv4Addr::UNSPECIFIED).then_some(port),
    }
}
