// SPDX-License-Identifier: GPL-2.0
//! A socket of ours that has a port for both families gives IPv6's up when the program wants it
//! for an IPv6 socket of its own: as IPv4 sockets, they would not be in each other's way.

use core::net::{Ipv4Addr, Ipv6Addr};

use libc::{c_int, sockaddr, socklen_t, *};

use crate::{
    descriptor::{self, Word},
    errno,
    library::Library,
    option::{get, kind, set},
    properties, real, registration,
    sockaddr::{self as address, Storage, LEN6},
};

use super::lifetime::replace;

/// A foreign socket is about to be bound to `addr`.
#[inline(never)]
pub unsafe fn to<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) {
    // SAFETY: as the C library's function has it.
    let Some((ip, port)) = (unsafe { address::read6(addr, len) }) else {
        return;
    };
    let both = ip.is_unspecified() && get(fd, IPPROTO_IPV6, IPV6_V6ONLY) != Some(1);
    if port == 0 || both || ip.to_ipv4_mapped().is_some() {
        return;
    }
    let protocol = get(fd, SOL_SOCKET, SO_PROTOCOL);
    for other in descriptor::known(0, u32::MAX) {
        if has_both(other, port) && get(other, SOL_SOCKET, SO_PROTOCOL) == protocol {
            retreat::<L>(other, port);
        }
    }
}

/// A socket of ours cannot listen: if its port is another's for IPv6, it has IPv4's alone from now on.
pub fn listening<L: Library>(fd: c_int) -> bool {
    let mut name = Storage::new();
    // SAFETY: room for the name.
    errno::keep(|| unsafe { real::getsockname(fd, name.addr(), name.len()) });
    name.v6()
        .is_some_and(|(_, port)| has_both(fd, port) && retreat::<L>(fd, port))
}

/// True if a descriptor is ours, and has this port for both families.
fn has_both(fd: c_int, port: u16) -> bool {
    let word = descriptor::get(fd);
    let mut name = Storage::new();
    word.is_ours()
        && !word.is_fixed()
        && !word.is_own()
        // SAFETY: room for the name.
        && errno::keep(|| unsafe { real::getsockname(fd, name.addr(), name.len()) }) == 0
        && name.v6() == Some((Ipv6Addr::UNSPECIFIED, port))
}

/// Put a socket that has the port for IPv4 alone in the place of one that has it for both.
fn retreat<L: Library>(fd: c_int, port: u16) -> bool {
    errno::keep(|| {
        let protocol = get(fd, SOL_SOCKET, SO_PROTOCOL).unwrap_or(0);
        let Some(kind) = kind(fd) else {
            return false;
        };
        // SAFETY: numbers.
        let new = unsafe { real::socket(AF_INET6, kind | SOCK_CLOEXEC, protocol) };
        if new < 0 {
            return false;
        }
        let shared = get(fd, SOL_SOCKET, SO_REUSEPORT).unwrap_or(0);
        properties::copy(fd, new, kind == SOCK_STREAM);
        // both at once for a moment, so that nothing is lost if it cannot be
        let done = set(new, IPPROTO_IPV6, IPV6_V6ONLY, 0)
            && set(fd, SOL_SOCKET, SO_REUSEPORT, 1)
            && set(new, SOL_SOCKET, SO_REUSEPORT, 1)
            && bind(new, port)
            && listen_as(new, fd)
            && install::<L>(fd, new);
        set(fd, SOL_SOCKET, SO_REUSEPORT, shared);
        // SAFETY: a descriptor of our own.
        unsafe { real::close(new) };
        done
    })
}

fn bind(fd: c_int, port: u16) -> bool {
    let to = address::v6(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), port);
    // SAFETY: an address and its length.
    unsafe { real::bind(fd, (&raw const to).cast(), LEN6 as socklen_t) == 0 }
}

/// Listen if `old` does, with the same backlog.
fn listen_as(new: c_int, old: c_int) -> bool {
    if get(old, SOL_SOCKET, SO_ACCEPTCONN) != Some(1) {
        return true;
    }
    // SAFETY: room for the value, all zeroes at first.
    unsafe {
        let mut info: tcp_info = core::mem::zeroed();
        let mut len = size_of::<tcp_info>() as socklen_t;
        real::getsockopt(old, IPPROTO_TCP, TCP_INFO, (&raw mut info).cast(), &mut len);
        // this is where the kernel tells the backlog
        real::listen(new, info.tcpi_sacked as c_int) == 0
    }
}

fn install<L: Library>(fd: c_int, new: c_int) -> bool {
    registration::leave(fd);
    // SAFETY: numbers.
    let done = unsafe {
        let cloexec = match real::fcntl(fd, F_GETFD, 0) & FD_CLOEXEC {
            0 => 0,
            _ => O_CLOEXEC,
        };
        real::dup3(new, fd, cloexec) >= 0
    };
    if done {
        replace::<L>(fd, Word::OURS.fixed());
    }
    registration::enter(fd);
    done
}
