// SPDX-License-Identifier: GPL-2.0
//! New sockets.

use libc::c_int;
use preload::{
    descriptor::{self, Word},
    errno,
    hook::lifetime::{forget, replace},
    option::set,
    real, registration,
};

use crate::{config, Shortcut};

/// socket(2)
#[no_mangle]
unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    if domain == libc::AF_INET && is_ip(kind, protocol) && config::get().is_some() {
        if let Some(fd) = errno::keep(|| socket6(kind, protocol)) {
            return fd;
        }
    }
    // SAFETY: numbers only.
    forget::<Shortcut>(unsafe { real::socket(domain, kind, protocol) })
}

/// True if it is a transport protocol that IPv6 has, too. Raw and ping sockets see ICMP itself.
fn is_ip(kind: c_int, protocol: c_int) -> bool {
    match kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) {
        libc::SOCK_STREAM => matches!(protocol, 0 | libc::IPPROTO_TCP | libc::IPPROTO_MPTCP),
        libc::SOCK_DGRAM => matches!(protocol, 0 | libc::IPPROTO_UDP | libc::IPPROTO_UDPLITE),
        _ => false,
    }
}

/// An IPv6 socket that speaks IPv4 as well; None where the host has no such thing.
fn socket6(kind: c_int, protocol: c_int) -> Option<c_int> {
    // SAFETY: numbers.
    unsafe {
        let fd = real::socket(libc::AF_INET6, kind, protocol);
        if fd < 0 {
            return None;
        }
        registration::forget(fd);
        if !descriptor::fits(fd) || !set(fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0) {
            real::close(fd);
            return None;
        }
        // IPv4's default, and not that of IPv6 sockets
        set(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_ALL, 1);
        replace::<Shortcut>(fd, Word::OURS);
        Some(fd)
    }
}
