// SPDX-License-Identifier: GPL-2.0

//! The route that a translated packet takes.

use super::{Origin, Place};
use crate::{
    linux::{
        bh::BhGuard,
        rcu,
        route::{Flow, Hop, Route, Sender, Slot, Target, Use},
        skb::Skb,
    },
    state::{counters::Trouble, session::Session},
    xlate::{eam::Ends, l4, mtu::NextHops},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::prelude::*;

/// A route, and how the packet enters it.
pub(super) enum Way<'g> {
    /// Kept in the session, with its MTU.
    Kept(Hop<'g>, u32),
    /// Looked up for this packet.
    Fresh(Route),
}

/// What is known of a packet's route before it is looked up.
#[derive(Clone, Copy)]
pub(super) enum Kept<'g> {
    /// Here it is, with the largest packet that may go by it.
    Here(Hop<'g>, u32),
    /// Its session is to keep it.
    By(&'g Session),
    /// It is nobody else's.
    Nowhere,
}

impl<'g> Kept<'g> {
    /// What a session has for a packet to IPv4 or IPv6 that came with this traffic class or type of
    /// service.
    #[inline(always)]
    pub(super) fn of(
        at: &Place<'_>,
        skb: &Skb,
        session: &'g Session,
        tos: u8,
        ipv6: bool,
        guard: &'g rcu::Guard,
    ) -> Self {
        if at.origin == Origin::Local || at.turned || at.is_tracked() {
            return Kept::Nowhere;
        }
        let usage = usage(at, skb, session, tos, ipv6);
        match slot(session, ipv6).get(at.net, skb, usage, guard) {
            Some((hop, mtu)) => Kept::Here(hop, mtu),
            None => Kept::By(session),
        }
    }

    /// What a new session has.
    pub(super) fn of_new(at: &Place<'_>, session: &'g Session) -> Self {
        match at.origin == Origin::Local || at.turned || at.is_tracked() {
            true => Kept::Nowhere,
            false => Kept::By(session),
        }
    }

    /// Whether nothing is asked of the packet that was not asked before.
    #[inline(always)]
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Kept::Here(..))
    }
}

#[inline(always)]
fn slot(session: &Session, ipv6: bool) -> &Slot {
    match ipv6 {
        true => &session.to6,
        false => &session.to4,
    }
}

/// What a route of a session is looked up for.
#[inline(always)]
fn usage(at: &Place<'_>, skb: &Skb, session: &Session, tos: u8, ipv6: bool) -> Use {
    Use {
        key: u64::from(skb.mark()) << 32 | u64::from(skb.iif()),
        generation: at.translator.routes() << 8 | u32::from(tos),
        source: if ipv6 { session.source() } else { 0 },
        ipv6,
    }
}

/// Why there is no route.
#[cold]
fn trouble(error: Error) -> Trouble {
    match error {
        _ if error == EINVAL => Trouble::Blackhole,
        _ if error == EACCES => Trouble::Prohibited,
        _ if error == ENOMEM || error == ENOBUFS => Trouble::Memory,
        _ if error == EADDRNOTAVAIL => Trouble::Target,
        // What xfrm_lookup() has to say.
        _ if [EPERM, EAGAIN, ENOENT, ESRCH, EREMOTE].contains(&error) => Trouble::Policy,
        _ => Trouble::Route,
    }
}

impl Way<'_> {
    /// The way of a packet that turns into an IPv4 one. A session may keep it, for packets that came
    /// with the same traffic class.
    pub(super) fn v4(
        at: &Place<'_>,
        skb: &Skb,
        flow: &Flow<Ipv4Addr>,
        keeper: Option<(&Session, u8)>,
        guard: &rcu::Guard,
    ) -> Result<Self, Trouble> {
        let route = Route::v4(at.net, skb, flow, at.sender(), guard);
        Self::new(at, skb, route, false, keeper, guard)
    }

    /// As [`Way::v4`], to IPv6, for packets that came with the same type of service.
    pub(super) fn v6(
        at: &Place<'_>,
        skb: &Skb,
        flow: &Flow<Ipv6Addr>,
        keeper: Option<(&Session, u8)>,
        guard: &rcu::Guard,
    ) -> Result<Self, Trouble> {
        let route = Route::v6(at.net, skb, flow, at.sender(), guard);
        Self::new(at, skb, route, true, keeper, guard)
    }

    /// A route that was looked up, if packets from this place may take it.
    fn new(
        at: &Place<'_>,
        skb: &Skb,
        route: Result<Route>,
        ipv6: bool,
        keeper: Option<(&Session, u8)>,
        guard: &rcu::Guard,
    ) -> Result<Self, Trouble> {
        let route = route.map_err(trouble)?;
        match route.target() {
            Target::Other => return Err(Trouble::Target),
            Target::Local => {}
            Target::Unicast if at.origin == Origin::Local => {}
            Target::Unicast => {
                if !skb.may_forward(at.net, ipv6, guard) {
                    return Err(Trouble::Forwarding);
                }
                if let Some((session, tos)) = keeper.filter(|_| route.is_cacheable()) {
                    let usage = usage(at, skb, session, tos, ipv6);
                    at.translator
                        .keep_route(session, slot(session, ipv6), route.clone(), usage);
                }
            }
        }
        Ok(Way::Fresh(route))
    }

    /// The largest packet that may go this way.
    #[inline]
    pub(super) fn mtu(&self, at: &Place<'_>, guard: &rcu::Guard) -> u32 {
        match self {
            Way::Kept(_, mtu) => *mtu,
            Way::Fresh(route) => route.borrow(guard).mtu(at.sender()),
        }
    }

    /// Sends a translated packet, of the new family, on its way, unless IPsec policy is against it or
    /// conntrack, where that is to see it.
    #[inline(always)]
    pub(super) fn send(self, at: &Place<'_>, skb: Skb, guard: &rcu::Guard) -> Result<(), Trouble> {
        match self {
            Way::Kept(hop, _) => {
                hop.forward(at.net, skb);
                Ok(())
            }
            Way::Fresh(route) => Self::send_by(route, at, skb, guard),
        }
    }

    fn send_by(
        route: Route,
        at: &Place<'_>,
        mut skb: Skb,
        guard: &rcu::Guard,
    ) -> Result<(), Trouble> {
        match at.origin {
            _ if !at.is_tracked() => {}
            // OUTPUT comes.
            Origin::Local => skb.track(),
            Origin::Network => {
                skb = skb
                    .shown(at.net, route.is_ipv6(), guard)
                    .ok_or(Trouble::Conntrack)?;
            }
        }
        let hop = route.borrow(guard);
        match (at.sender(), route.target()) {
            (Sender::Socket(socket), _) => hop.local_out(at.net, skb, socket),
            (Sender::Network, Target::Unicast) => {
                if !skb.policy_ok(at.net, route.is_ipv6(), guard) {
                    return Err(Trouble::Policy);
                }
                hop.forward(at.net, skb);
            }
            (Sender::Network, _) => hop.deliver(skb, &BhGuard::new()),
        }
        Ok(())
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
    fn flow<A>(ends: Ends<A>, proto: u8) -> Flow<A> {
        Flow {
            saddr: ends.saddr,
            daddr: ends.daddr,
            tos: 0,
            proto,
            selector: [0; 4],
        }
    }
    // Neither packet is on its way: nobody's interface or socket counts.
    let sender = Sender::NOBODY;
    let mtu = |route: Result<Route>| {
        route.map_or(u32::MAX, |route| route.borrow(guard).mtu(Sender::Network))
    };
    let (flow6, flow4) = (flow(v6, l4::ICMPV6), flow(v4, l4::ICMP));
    NextHops {
        v6: mtu(Route::v6(at.net, skb, &flow6, sender, guard)),
        v4: mtu(Route::v4(at.net, skb, &flow4, sender, guard)),
    }
}
