// SPDX-License-Identifier: GPL-2.0
//! The difference between the two libraries.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4};

use libc::c_int;

/// A library's view of addresses, and the sockets that it makes its own.
pub trait Library {
    /// IPv4 itself is worth a try when IPv6 has no route or no address.
    const IPV4_INSTEAD: bool;

    /// The IPv6 form of a destination; None stays IPv4.
    fn embed(addr: Ipv4Addr) -> Option<Ipv6Addr>;

    /// The IPv4 form of a peer's IPv6 address that is not IPv4-mapped.
    fn extract(addr: Ipv6Addr) -> Ipv4Addr;

    /// The IPv4 address that `addr` stands for, if it was one before.
    fn stands_for(addr: Ipv6Addr) -> Option<Ipv4Addr>;

    /// The IPv4 form of an address of this host that is not IPv4-mapped.
    fn local(addr: Ipv6Addr) -> Ipv4Addr;

    /// The IPv6 address of this host that `addr` stands for, to bind to; None stays IPv4.
    fn bound(addr: Ipv4Addr) -> Option<Ipv6Addr>;

    /// The address that stands for this host's own IPv6 addresses.
    fn own() -> Ipv4Addr;

    /// True, quickly, if `convert` should be asked for a descriptor that is not ours.
    fn wants(addr: SocketAddrV4, to: Use) -> bool;

    /// An IPv4 address of its own that the host behind `addr` has.
    fn native(addr: Ipv4Addr) -> Option<Ipv4Addr>;

    /// A descriptor that is not ours is about to listen; `errno` matters only if it can.
    fn listening(fd: c_int);

    /// Make `fd` ours, for `addr`, if it is a socket that can be. Leave `errno` alone.
    fn convert(fd: c_int, addr: SocketAddrV4, to: Use) -> bool;

    /// The converted socket is where its program wants it: those who poll it may look. Leaves `errno` alone.
    fn converted(fd: c_int);

    /// Take note that a socket uses the slot of `addr`.
    fn hold(addr: Ipv6Addr) -> Option<u16>;

    /// Take note that one more descriptor uses a slot.
    fn share(slot: u16);

    /// Take note that a descriptor no longer uses a slot.
    fn release(slot: u16);
}

/// The use that an address is handed in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To be bound to.
    Bind,
    /// To be connected to.
    Connect,
    /// To send one datagram to.
    Send,
}
