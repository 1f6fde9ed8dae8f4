// SPDX-License-Identifier: GPL-2.0

//! Clock, randomness and the namespace's port range.

use super::{bindings, pernet::Net};

/// The low 32 bits of the jiffies clock; differences wrap after 49 days at HZ=1000.
#[inline]
pub(crate) fn jiffies() -> u32 {
    // SAFETY: The variable is always there, and read in one piece.
    unsafe { (&raw const bindings::jiffies).read_volatile() as u32 }
}

/// As `time_before()`: true if one time in jiffies is before the other.
#[inline]
pub(crate) const fn is_before(one: u32, other: u32) -> bool {
    (one.wrapping_sub(other) as i32) < 0
}

/// Jiffies in a second.
#[inline]
pub(crate) const fn hz() -> u32 {
    bindings::NATPT_HZ
}

/// Whole seconds in a time in jiffies.
pub(crate) fn seconds(jiffies: u32) -> u32 {
    jiffies.checked_div(hz()).unwrap_or(0)
}

/// Seconds since 1970.
#[inline]
pub(crate) fn real_seconds() -> u32 {
    // SAFETY: May be called from any context.
    unsafe { bindings::ktime_get_real_seconds() as u32 }
}

/// Nanoseconds since 1970.
pub(crate) fn real_time() -> u64 {
    // SAFETY: May be called from any context.
    unsafe { bindings::natpt_time() }
}

/// An unpredictable number.
#[inline]
pub(crate) fn random() -> u32 {
    // SAFETY: May be called from any context.
    unsafe { bindings::get_random_u32() }
}

/// An unpredictable number below `end`.
pub(crate) fn random_below(end: u32) -> u32 {
    (u64::from(random()).wrapping_mul(end.into()) >> 32) as u32
}

/// An unpredictable 64-bit key.
pub(crate) fn random_key() -> u64 {
    u64::from(random()) << 32 | u64::from(random())
}

/// The ports that the namespace's own sockets take by themselves (`ip_local_port_range`), both
/// inclusive.
pub(crate) fn local_ports(net: &Net) -> (u16, u16) {
    let (mut low, mut high) = (0, 0);
    // SAFETY: `net` is a live namespace and both pointers are valid for the call.
    unsafe { bindings::natpt_local_ports(net.as_ptr(), &mut low, &mut high) };
    (low as u16, high as u16)
}

/// The generation of the namespace's IPv4 routes and addresses.
#[inline]
pub(crate) fn routes4(net: &Net) -> u32 {
    // SAFETY: `net` is a live namespace.
    unsafe { bindings::natpt_routes4(net.as_ptr()) }
}

/// Return true if an IPv4 address is one of the namespace's own, VRFs left aside.
pub(crate) fn is_local4(net: &Net, addr: core::net::Ipv4Addr) -> bool {
    // SAFETY: `net` is a live namespace.
    let kind = unsafe { bindings::inet_addr_type(net.as_ptr(), u32::from(addr).to_be()) };
    kind == RTN_LOCAL
}

/// Return true if a socket of the namespace takes packets from one IPv4 address and port to another:
/// one that waits for all peers, if the first are 0.
pub(crate) fn has_socket4(
    net: &Net,
    from: (core::net::Ipv4Addr, u16),
    to: (core::net::Ipv4Addr, u16),
    proto: u8,
    _: &super::rcu::Guard,
) -> bool {
    let flow = flow4(from, to, proto);
    // SAFETY: `net` is a live namespace, and we are in an RCU section.
    unsafe { bindings::natpt_has_socket4(net.as_ptr(), &flow, false) }
}

/// As [`has_socket4`], but of sockets that talk to this peer.
pub(crate) fn has_conversation4(
    net: &Net,
    from: (core::net::Ipv4Addr, u16),
    to: (core::net::Ipv4Addr, u16),
    proto: u8,
    _: &super::rcu::Guard,
) -> bool {
    let flow = flow4(from, to, proto);
    // SAFETY: `net` is a live namespace, and we are in an RCU section.
    unsafe { bindings::natpt_has_socket4(net.as_ptr(), &flow, true) }
}

/// Return true if conntrack knows a connection of which this would be an answer, an echo reply for
/// ICMP: one of this host's, or that NAT has given the port.
pub(crate) fn has_connection4(
    net: &Net,
    from: (core::net::Ipv4Addr, u16),
    to: (core::net::Ipv4Addr, u16),
    proto: u8,
    _: &super::rcu::Guard,
) -> bool {
    let flow = flow4(from, to, proto);
    // SAFETY: `net` is a live namespace, and we are in an RCU section.
    unsafe { bindings::natpt_has_connection4(net.as_ptr(), &flow) }
}

fn flow4(
    from: (core::net::Ipv4Addr, u16),
    to: (core::net::Ipv4Addr, u16),
    proto: u8,
) -> bindings::natpt_flow4 {
    bindings::natpt_flow4 {
        saddr: u32::from(from.0).to_be(),
        daddr: u32::from(to.0).to_be(),
        sport: from.1.to_be(),
        dport: to.1.to_be(),
        tos: 0,
        proto,
    }
}

/// `RTN_LOCAL` of `linux/rtnetlink.h`, an anonymous enum there.
const RTN_LOCAL: u32 = 2;

/// Return true if an IPv6 address is one of the namespace's own.
pub(crate) fn is_local6(net: &Net, addr: core::net::Ipv6Addr) -> bool {
    let addr = super::route::in6(addr);
    // SAFETY: `net` is a live namespace, the address is valid, and no device is asked for.
    unsafe { bindings::ipv6_chk_addr(net.as_ptr(), &addr, core::ptr::null(), 0) != 0 }
}

/// Return true if the namespace forwards packets of a family at all.
pub(crate) fn is_forwarding(net: &Net, ipv6: bool) -> bool {
    // SAFETY: `net` is a live namespace.
    unsafe { bindings::natpt_is_forwarding(net.as_ptr(), ipv6) }
}

/// Milliseconds between the ICMPv6 errors that a host gets; 0 if all that there are.
pub(crate) fn icmp6_interval(net: &Net) -> i32 {
    // SAFETY: `net` is a live namespace.
    unsafe { bindings::natpt_icmp6_interval(net.as_ptr()) }
}

/// Let others have the processor, in process context, where that is due.
pub(crate) fn may_resched() {
    // SAFETY: The caller may sleep.
    unsafe { bindings::natpt_may_resched() };
}
