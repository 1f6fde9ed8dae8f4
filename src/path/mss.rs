// SPDX-License-Identifier: GPL-2.0

//! SYNs announce no segments that are too big for the links next to us.

use super::{rewrite, way, Place};
use crate::{
    linux::{rcu, skb::Skb},
    state::counters::{Cause, Trouble},
    xlate::{
        eam::Ends,
        l4,
        mss::{clamp, largest},
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Lowers the MSS of a TCP segment that is about to be translated, if it is a SYN. `v6` and `v4` lead
/// to its two ends.
#[cold]
pub(super) fn lower(
    at: &Place<'_>,
    skb: &mut Skb,
    l4_offset: usize,
    v6: Ends<Ipv6Addr>,
    v4: Ends<Ipv4Addr>,
    guard: &rcu::Guard,
) -> Result<(), Cause> {
    let segment = skb.head().get(l4_offset..).unwrap_or(&[]);
    let Some(len) = l4::syn_header_len(segment) else {
        return Ok(());
    };
    let end = l4_offset.saturating_add(len);
    if !skb.pull(end) {
        return Ok(());
    }
    let partial = rewrite::is_partial(skb, l4::TCP, l4_offset, end)?;
    skb.make_room(end, 0).map_err(|_| Trouble::Memory)?;
    let most = largest(way::next_hops(at, skb, v6, v4, guard));
    let header = skb.head_mut().get_mut(l4_offset..end).unwrap_or(&mut []);
    let delta = clamp(header, most);
    // A checksum that is left to a device counts no options as yet.
    if !partial {
        rewrite::ports(header, l4::TCP, None, delta, false);
    }
    Ok(())
}
