// SPDX-License-Identifier: GPL-2.0

//! The route that a translated packet takes.

use super::{Origin, Place};
use crate::{
    linux::{
        route::{Hop, Route, Slot, Target},
        skb::Skb,
    },
    state::{counters::Trouble, session::Session},
    xlate::{eam::Ends, l4, mtu::NextHops},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::sync::rcu;

/// A route, and how the packet enters it.
pub(super) enum Way<'g> {
    /// Kept in the session.
    Kept(Hop<'g>),
    /// Looked up for this packet.
    Fresh(Route),
}

impl<'g> Way<'g> {
    /// The way of a session's packets: the kept route, or a new one by `find`, which is then kept.
    #[inline]
    pub(super) fn of_session(
        at: &Place<'g>,
        skb: &Skb,
        session: &'g Session,
        slot: &'g Slot,
        tos: u8,
        guard: &'g rcu::Guard,
        find: impl Fn(&Skb) -> Result<Self, Trouble>,
    ) -> Result<Self, Trouble> {
        let key =
            u64::from(skb.mark()) << 32 | u64::from(skb.iif() & 0xff_ffff) << 8 | u64::from(tos);
        if let Some(hop) = slot.get(key, guard) {
            return Ok(Way::Kept(hop));
        }
        match find(skb)? {
            Way::Fresh(route) if route.target() == Target::Unicast && route.is_cacheable() => {
                at.translator.keep_route(session, slot, route, key);
            }
            way => return Ok(way),
        }
        match slot.get(key, guard) {
            Some(hop) => Ok(Way::Kept(hop)),
            // Another CPU has put its own in place meanwhile.
            None => find(skb),
        }
    }

    /// A route that was looked up, if packets from this place may take it.
    pub(super) fn check(
        at: &Place<'_>,
        skb: &Skb,
        from_v6: bool,
        route: kernel::error::Result<Route>,
    ) -> Result<Self, Trouble> {
        let route = route.map_err(|_| Trouble::Route)?;
        if route.target() == Target::Other {
            return Err(Trouble::Target);
        }
        if at.origin == Origin::Network {
            if route.target() == Target::Unicast && !skb.may_forward(!from_v6) {
                return Err(Trouble::Forwarding);
            }
            if !skb.policy_ok(from_v6) {
                return Err(Trouble::Policy);
            }
        }
        Ok(Way::Fresh(route))
    }

    /// The largest packet that may go this way.
    #[inline]
    pub(super) fn mtu(&self, guard: &rcu::Guard) -> u32 {
        match self {
            Way::Kept(hop) => hop.mtu(),
            Way::Fresh(route) => route.borrow(guard).mtu(),
        }
    }

    /// Sends a translated packet.
    #[inline]
    pub(super) fn send(self, at: &Place<'_>, skb: Skb, guard: &rcu::Guard) {
        match &self {
            Way::Kept(hop) if at.origin == Origin::Network => hop.forward(at.net, skb),
            Way::Kept(hop) => hop.local_out(at.net, skb),
            Way::Fresh(route) => {
                let hop = route.borrow(guard);
                if at.origin == Origin::Network && route.target() == Target::Unicast {
                    hop.forward(at.net, skb);
                } else {
                    hop.local_out(at.net, skb);
                }
            }
        }
    }
}

/// MTUs of the links next to us towards both ends of a conversation.
pub(super) fn next_hops(
    at: &Place<'_>,
    skb: &Skb,
    v6: Ends<Ipv6Addr>,
    v4: Ends<Ipv4Addr>,
    guard: &rcu::Guard,
) -> NextHops {
    let mtu = |route: kernel::error::Result<Route>| {
        route.map_or(u32::MAX, |route| route.borrow(guard).mtu())
    };
    NextHops {
        v6: mtu(Route::v6(at.net, skb, v6.saddr, v6.daddr, 0, l4::ICMPV6)),
        v4: mtu(Route::v4(at.net, skb, v4.saddr, v4.daddr, 0, l4::ICMP)),
    }
}
