// SPDX-License-Identifier: GPL-2.0
//! Which addresses of a name count (RFC 6535 section 2.3.1).

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};

use libc::{c_int, socklen_t};
use natpt_core::xlate::addr::{illegal_source6, is_martian4};
use preload::{
    errno, real,
    sockaddr::{v4, LEN4},
};

use crate::config;

/// Whether a real IPv4 address is of use.
pub fn counts4(addr: Ipv4Addr) -> bool {
    let routed_only = config::get().is_some_and(|config| config.routed_only);
    !is_martian4(addr) && !addr.is_link_local() && (!routed_only || has_route(addr))
}

/// Whether an IPv6 address may get an IPv4 address; `has_a`: its name has an IPv4 address as well.
pub fn counts6(addr: Ipv6Addr, has_a: bool) -> bool {
    let prefix = config::get().and_then(|config| config.prefix);
    let made_from_a = has_a && prefix.is_some_and(|prefix| prefix.contains(addr));
    !made_from_a && !illegal_source6(addr)
}

/// Whether the kernel knows a way to `addr`; nothing is sent.
fn has_route(addr: Ipv4Addr) -> bool {
    errno::keep(|| {
        let to = v4(SocketAddrV4::new(addr, 9));
        // SAFETY: a socket of our own, and an address.
        unsafe {
            let kind: c_int = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
            let fd = real::socket(libc::AF_INET, kind, 0);
            if fd < 0 {
                return false;
            }
            let result = real::connect(fd, (&raw const to).cast(), LEN4 as socklen_t);
            real::close(fd);
            result == 0
        }
    })
}
