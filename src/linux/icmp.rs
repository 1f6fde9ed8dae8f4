// SPDX-License-Identifier: GPL-2.0

//! ICMP errors of the kernel's own making, with its rate limits.

use super::{
    bindings,
    family::{V4, V6},
    pernet::Net,
    skb::Skb,
};

/// Answers an IPv4 packet with an ICMP error. `info` is the second word, in host byte order.
pub(crate) fn send4(net: &Net, skb: &Skb<V4>, kind: u8, code: u8, info: u32) {
    // SAFETY: The packet is valid IPv4 and the namespace is its own.
    unsafe { bindings::natpt_icmp4_send(net.as_ptr(), skb.as_ptr(), kind, code, info) };
}

/// Answers an IPv6 packet with an ICMPv6 error. `info` is the second word, in host byte order.
pub(crate) fn send6(skb: &Skb<V6>, kind: u8, code: u8, info: u32) {
    // SAFETY: The packet is valid IPv6.
    unsafe { bindings::natpt_icmp6_send(skb.as_ptr(), kind, code, info) };
}
