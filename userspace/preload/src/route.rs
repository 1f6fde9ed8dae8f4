// SPDX-License-Identifier: GPL-2.0
//! Routes of this host for IPv4 destinations.

use core::net::{Ipv4Addr, SocketAddrV4};

use libc::{c_int, socklen_t};

use crate::{
    errno, real,
    sockaddr::{v4, LEN4},
};

/// True if the kernel knows a way to `addr`; nothing is sent.
pub fn exists(addr: Ipv4Addr) -> bool {
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
