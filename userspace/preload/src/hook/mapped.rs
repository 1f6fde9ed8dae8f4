// SPDX-License-Identifier: GPL-2.0
//! IPv4 through the program's own AF_INET6 sockets: to them, an IPv4-mapped address is the IPv4
//! node (RFC 3493 section 3.7). Only sockets that used one are told of peers in that form.

use core::net::SocketAddrV4;

use libc::{c_int, sockaddr, socklen_t, IPPROTO_IPV6, IPV6_V6ONLY, SOCK_DGRAM, SOCK_STREAM};

use super::lifetime::replace;
use crate::{
    descriptor::{self, Word},
    errno,
    library::Library,
    option::{get, kind},
    real,
    sockaddr::{self as address, Storage},
};

/// The IPv4 node that a foreign socket is to reach by what stands for it.
#[inline(never)]
pub unsafe fn destination<L: Library>(
    fd: c_int,
    addr: *const sockaddr,
    len: socklen_t,
) -> Option<SocketAddrV4> {
    // SAFETY: as the C library's function has it.
    let to = unsafe { address::mapped(addr, len) }?;
    let known = descriptor::get(fd).is_mapped();
    (L::embed(*to.ip()).is_some() && (known || is_dual(fd))).then_some(to)
}

/// Take note that `fd` reaches IPv4 nodes.
pub fn mark<L: Library>(fd: c_int) {
    if descriptor::get(fd) == Word::FOREIGN {
        replace::<L>(fd, Word::MAPPED);
    }
}

/// Give the program the name of a peer, the mapped form of what stands for an IPv4 node.
pub unsafe fn give<L: Library>(name: &Storage, addr: *mut sockaddr, len: *mut socklen_t) {
    let mapped = name.v6().and_then(|(ip, _)| L::stands_for(ip));
    // SAFETY: as the C library's function has it.
    unsafe {
        match mapped {
            Some(ip) => name.give_v6(ip.to_ipv6_mapped(), addr, len),
            None => name.give_as_is(addr, len),
        }
    }
}

/// True if it is a socket for both families that is not bound to an IPv4 address.
fn is_dual(fd: c_int) -> bool {
    let mut name = Storage::new();
    matches!(kind(fd), Some(SOCK_STREAM | SOCK_DGRAM))
        && get(fd, IPPROTO_IPV6, IPV6_V6ONLY) == Some(0)
        // SAFETY: room for the name.
        && errno::keep(|| unsafe { real::getsockname(fd, name.addr(), name.len()) }) == 0
        && name.v6().is_some_and(|(ip, _)| ip.to_ipv4_mapped().is_none())
}
