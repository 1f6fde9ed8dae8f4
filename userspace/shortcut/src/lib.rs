// SPDX-License-Identifier: GPL-2.0
//! `libshortcut.so`: IPv4 sockets become IPv6 sockets, and IPv4 addresses lie under a translation
//! prefix. For programs that know IPv4 only, on hosts that have IPv6 only.
#![no_std]

mod config;
mod create;
mod names;

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};

use libc::c_int;
use preload::{
    library::{Library, Use},
    real,
};

struct Shortcut;

impl Library for Shortcut {
    const IPV4_INSTEAD: bool = true;

    fn embed(addr: Ipv4Addr) -> Option<Ipv6Addr> {
        config::get()?.embed(addr)
    }

    fn extract(addr: Ipv6Addr) -> Ipv4Addr {
        config::under_prefix(addr).unwrap_or(config::UNKNOWN)
    }

    fn stands_for(addr: Ipv6Addr) -> Option<Ipv4Addr> {
        config::under_prefix(addr)
    }

    fn local(addr: Ipv6Addr) -> Ipv4Addr {
        config::under_prefix(addr).unwrap_or(config::OWN)
    }

    fn bound(_: Ipv4Addr) -> Option<Ipv6Addr> {
        None
    }

    fn own() -> Ipv4Addr {
        config::OWN
    }

    fn native(_: Ipv4Addr) -> Option<Ipv4Addr> {
        None
    }

    // What is ours was so from the beginning.

    fn listening(_: c_int) {}

    fn wants(_: SocketAddrV4, _: Use) -> bool {
        false
    }

    fn convert(_: c_int, _: SocketAddrV4, _: Use) -> bool {
        false
    }

    fn converted(_: c_int) {}

    fn hold(_: Ipv6Addr) -> Option<u16> {
        None
    }

    fn share(_: u16) {}

    fn release(_: u16) {}
}

preload::export!(Shortcut);

/// Before the program, and before its other libraries.
extern "C" fn start() {
    real::find_all();
    config::get();
}

#[used]
#[link_section = ".init_array"]
static START: extern "C" fn() = start;
