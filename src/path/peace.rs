// SPDX-License-Identifier: GPL-2.0

//! Peace with the box's own sockets and NAT, on an address that hosts share with them: no two
//! conversations look the same on the wire. A host gets no port that they have with its peer; and
//! what they open later, from a port that a host has with the same peer, does not leave.

use super::{ctx::Ctx, drop::drop};
use crate::{
    linux::{family::V4, skb::Skb},
    nat::v4::is_hosts,
    xlate::DropReason,
};

/// Look at a packet that leaves, with the source that NAT gave it; give it back if it may.
pub(super) fn keep(ctx: &Ctx<'_>, mut skb: Skb<V4>) -> Option<Skb<V4>> {
    // Conntrack is kept off ours. Where it is not it knows them, and has others choose other ports.
    if ctx.is_tracked() || skb.is_untracked() || skb.is_confirmed() || !is_hosts(ctx, &mut skb) {
        return Some(skb);
    }
    ctx.translator.counters.dropped(DropReason::PortTaken);
    drop(skb, DropReason::PortTaken);
    None
}
