// SPDX-License-Identifier: GPL-2.0

//! ICMP errors of the kernel's own making, with its rate limits.

use super::{
    bindings,
    family::{V4, V6},
    pernet::Net,
    rcu,
    skb::Skb,
};

/// Answers an IPv4 packet with an ICMP error. `info` is the second word, in host byte order.
pub(crate) fn send4(net: &Net, skb: &Skb<V4>, kind: u8, code: u8, info: u32) {
    // SAFETY: The packet is valid IPv4 and the namespace is its own.
    unsafe { bindings::natpt_icmp4_send(net.as_ptr(), skb.as_ptr(), kind, code, info) };
}

/// Answers an IPv4 packet that came in on an interface some time ago with an ICMP error of this type
/// and code. These are its first bytes; there is no answer where the interface has gone.
pub(crate) fn answer4(net: &Net, iif: u32, packet: &[u8], answer: (u8, u8), _: &rcu::Guard) {
    let (kind, code) = answer;
    let (data, len) = (packet.as_ptr().cast(), packet.len() as u32);
    // SAFETY: The namespace is alive, the bytes are there, and we are in an RCU section.
    unsafe { bindings::natpt_icmp4_answer(net.as_ptr(), iif, data, len, kind, code) };
}

/// Answers an IPv6 packet with an ICMPv6 error. `info` is the second word, in host byte order.
pub(crate) fn send6(skb: &Skb<V6>, kind: u8, code: u8, info: u32) {
    // SAFETY: The packet is valid IPv6.
    unsafe { bindings::natpt_icmp6_send(skb.as_ptr(), kind, code, info) };
}
