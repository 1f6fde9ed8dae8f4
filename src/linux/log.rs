// SPDX-License-Identifier: GPL-2.0

//! The kernel log, within its rate limit for the network.

use super::{bindings, family::V4, skb::Skb};

/// Tells the ends of an IPv4 UDP datagram that is dropped for its lack of a checksum.
#[cold]
pub(crate) fn unsummed4(skb: &Skb<V4>, datagram: &[u8]) {
    if let Some(ports) = datagram.first_chunk::<4>() {
        // SAFETY: The packet is valid IPv4, and there are two ports.
        unsafe { bindings::natpt_log_unsummed4(skb.as_ptr(), ports.as_ptr()) };
    }
}
