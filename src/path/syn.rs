// SPDX-License-Identifier: GPL-2.0

//! SYNs that nobody waits for: their senders are told later, not at once.

use super::{ctx::Ctx, icmp_reply, outcome::Outcome};
use crate::{
    linux::{family::V4, skb::Skb, sys},
    nat::v4::unclaimed_syn,
    xlate::{ipv4, proto, tuple::Tuple4, DropReason},
};

/// Drop a SYN for a reason, and have it wait for one of the other side.
#[cold]
pub(super) fn hold(ctx: &Ctx<'_>, skb: Skb<V4>, tuple: &Tuple4, reason: DropReason) -> Outcome<V4> {
    let packet = (skb.iif(), skb.linear());
    let held = ctx
        .translator
        .hold_syn(ctx.config, tuple, packet, ctx.guard);
    icmp_reply::drop_v4(ctx, skb, held.err().unwrap_or(reason))
}

/// The SYN of a packet that is delivered to this host, which has no socket for it: a host could have
/// the port.
#[inline]
pub(super) fn of_delivered(ctx: &Ctx<'_>, skb: &mut Skb<V4>) -> Option<Tuple4> {
    let ip = ipv4::Header::read(skb.linear()).ok()?;
    if ip.protocol != proto::TCP || !ctx.config.is_pool(ip.daddr) {
        return None;
    }
    // Hosts that come round by us, and this one, are told at once.
    if ctx.config.is_pool(ip.saddr) || !skb.is_strangers() {
        return None;
    }
    let tuple = unclaimed_syn(ctx, skb, &ip)?;
    let (peer, pool) = ((tuple.daddr, tuple.dport), (tuple.saddr, tuple.sport));
    let is_free = !sys::has_socket4(ctx.net, peer, pool, proto::TCP, ctx.guard)
        && ctx.config.gives(ctx.net, pool, proto::TCP);
    is_free.then_some(tuple)
}
