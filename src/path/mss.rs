// SPDX-License-Identifier: GPL-2.0

//! SYNs announce no segments that are too big for the links next to us.

use super::{ctx::Ctx, egress::next_hops};
use crate::{
    linux::{family::Family, skb::Skb},
    xlate::{
        addresses::Addrs,
        l4,
        mss::{clamp, largest},
        packet::Packet as _,
        proto,
        rewrite::update,
        DropReason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Lower the MSS of a TCP segment that is about to be translated, if it is a SYN. `v6` and `v4`
/// lead to its two ends. Gives the packet back where that fails.
#[cold]
pub(super) fn lower<F: Family>(
    ctx: &Ctx<'_>,
    mut skb: Skb<F>,
    l4_offset: usize,
    v6: Addrs<Ipv6Addr>,
    v4: Addrs<Ipv4Addr>,
) -> Result<Skb<F>, (Skb<F>, DropReason)> {
    let segment = skb.linear().get(l4_offset..).unwrap_or(&[]);
    let Some(len) = l4::syn_header_len(segment) else {
        return Ok(skb);
    };
    let end = l4_offset.saturating_add(len);
    if !skb.pull(end) {
        return Ok(skb);
    }
    let partial = match skb.is_partial(proto::TCP, l4_offset, end) {
        Ok(partial) => partial,
        Err(reason) => return Err((skb, reason)),
    };
    let most = largest(next_hops(ctx, &skb, v6, v4));
    let mut room = match skb.make_room(end, 0) {
        Ok(room) => room,
        Err(skb) => return Err((skb, DropReason::NoMemory)),
    };
    let header = room.bytes_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    let delta = clamp(header, most);
    // A checksum that is left to a device counts no options as yet.
    if !partial {
        update(header, proto::TCP, delta, false);
    }
    Ok(room.done())
}
