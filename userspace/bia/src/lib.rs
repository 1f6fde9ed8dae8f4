// SPDX-License-Identifier: GPL-2.0
//! `libbia.so`: Bump in the API (RFC 3338, with the rules of RFC 6535). IPv4-only programs reach
//! IPv6-only hosts by name, and are reached by them.
#![no_std]

mod addrinfo;
mod asynchronous;
mod config;
mod convert;
mod excluded;
mod hostent;
mod ipv4_records;
mod nameinfo;
mod pool;
mod shared;

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};

use libc::c_int;
use preload::{
    hook::lifetime::forget,
    library::{Library, Use},
    real, registration,
};

struct Bia;

impl Library for Bia {
    // An address of the pool has no IPv4 way.
    const IPV4_INSTEAD: bool = false;

    fn embed(addr: Ipv4Addr) -> Option<Ipv6Addr> {
        if addr == pool::own() {
            return Some(Ipv6Addr::LOCALHOST);
        }
        pool::behind(addr)
    }

    fn extract(addr: Ipv6Addr) -> Ipv4Addr {
        pool::peer(addr)
    }

    fn stands_for(addr: Ipv6Addr) -> Option<Ipv4Addr> {
        pool::known(addr)
    }

    fn local(_: Ipv6Addr) -> Ipv4Addr {
        pool::own()
    }

    fn bound(addr: Ipv4Addr) -> Option<Ipv6Addr> {
        pool::behind(addr)
    }

    fn own() -> Ipv4Addr {
        pool::own()
    }

    fn native(addr: Ipv4Addr) -> Option<Ipv4Addr> {
        pool::native(addr)
    }

    #[inline(always)]
    fn listening(fd: c_int) {
        if convert::is_ipv4(fd) {
            listening(fd);
        }
    }

    #[inline]
    fn wants(addr: SocketAddrV4, to: Use) -> bool {
        let ip = *addr.ip();
        pool::contains(ip) || pool::is_own(ip) || to == Use::Bind && ip.is_unspecified()
    }

    fn convert(fd: c_int, addr: SocketAddrV4, to: Use) -> bool {
        let ip = *addr.ip();
        let known = to == Use::Bind && ip.is_unspecified() || Bia::embed(ip).is_some();
        known && config::get().is_some() && convert::convert::<Self>(fd, to)
    }

    fn converted(fd: c_int) {
        registration::enter(fd);
    }

    fn hold(addr: Ipv6Addr) -> Option<u16> {
        let is_peer = !addr.is_loopback() && addr.to_ipv4_mapped().is_none();
        is_peer.then(|| pool::hold(addr)).flatten()
    }

    fn share(slot: u16) {
        pool::share(slot);
    }

    fn release(slot: u16) {
        pool::release(slot);
    }
}

preload::export!(Bia);

#[inline(never)]
fn listening(fd: c_int) {
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    if Bia::convert(fd, any, Use::Bind) {
        Bia::converted(fd);
    }
}

/// A new number may be known here from another thread, if that one got it while the program forked.
#[no_mangle]
unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: numbers only.
    let fd = forget::<Bia>(unsafe { real::socket(domain, kind, protocol) });
    if domain == libc::AF_INET {
        registration::forget(fd);
    }
    fd
}

/// Before the program, and before its other libraries.
extern "C" fn start() {
    real::find_all();
    config::get();
    shared::open(&pool::TABLE);
}

#[used]
#[link_section = ".init_array"]
static START: extern "C" fn() = start;
