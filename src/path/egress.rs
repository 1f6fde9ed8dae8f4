// SPDX-License-Identifier: GPL-2.0

//! The route that a translated packet takes.

use super::ctx::{Ctx, Origin};
use crate::{
    linux::{
        bh::BhGuard,
        errno,
        family::{Family, V4, V6},
        pernet::Net,
        rcu,
        route::{Dst, DstCache, Flow, Route, RouteType, Sender, Use},
        skb::Skb,
        table::Linked,
    },
    state::session::Session,
    xlate::{addresses::Addrs, mtu::NextHops, proto, DropReason},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::prelude::*;

/// A family that packets are sent on in.
pub(super) trait Routed: Family {
    /// Where a session keeps its route.
    fn cache(session: &Session) -> &DstCache<Self>;

    /// The packets that a session's source was found good for, where that is asked.
    fn source(session: &Session) -> u64;

    /// See [`Route::<V4>::look_up`].
    fn look_up<F: Family>(
        net: &Net,
        skb: &Skb<F>,
        flow: &Flow<Self::Addr>,
        sender: &Sender<'_, F>,
        guard: &rcu::Guard,
    ) -> Result<Route<Self>>;
}

impl Routed for V4 {
    #[inline(always)]
    fn cache(session: &Session) -> &DstCache<V4> {
        &session.to4
    }

    #[inline(always)]
    fn source(_: &Session) -> u64 {
        0
    }

    fn look_up<F: Family>(
        net: &Net,
        skb: &Skb<F>,
        flow: &Flow<Ipv4Addr>,
        sender: &Sender<'_, F>,
        guard: &rcu::Guard,
    ) -> Result<Route<V4>> {
        Route::<V4>::look_up(net, skb, flow, sender, guard)
    }
}

impl Routed for V6 {
    #[inline(always)]
    fn cache(session: &Session) -> &DstCache<V6> {
        &session.to6
    }

    #[inline(always)]
    fn source(session: &Session) -> u64 {
        session.source()
    }

    fn look_up<F: Family>(
        net: &Net,
        skb: &Skb<F>,
        flow: &Flow<Ipv6Addr>,
        sender: &Sender<'_, F>,
        guard: &rcu::Guard,
    ) -> Result<Route<V6>> {
        Route::<V6>::look_up(net, skb, flow, sender, guard)
    }
}

/// The bits of a traffic class that routing knows; those of ECN are none of its business.
const DSCP: u8 = 0xfc;

/// The memory that a packet's session has of the way of packets like it.
pub(super) struct Recall<'g, F> {
    pub(super) session: Linked<'g, Session>,
    cached: Option<(Dst<'g, F>, u32)>,
    tos: u8,
}

impl<F> Clone for Recall<'_, F> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Recall<'_, F> {}

impl<'g, F: Routed> Recall<'g, F> {
    /// Return a session's memory for a packet that came with this traffic class or type of service.
    #[inline(always)]
    pub(super) fn of(
        ctx: &Ctx<'g>,
        skb: &Skb<F::Other>,
        session: Linked<'g, Session>,
        tos: u8,
    ) -> Self {
        let mut recall = Self::none(session, tos);
        if ctx.caches_routes() {
            if let Some(ingress) = skb.ingress() {
                let usage = recall.usage(ctx, skb);
                recall.cached = F::cache(&session).get(ctx.net, ingress, usage, ctx.guard);
            }
        }
        recall
    }

    /// Return the memory of a new session.
    pub(super) fn none(session: Linked<'g, Session>, tos: u8) -> Self {
        Self {
            session,
            cached: None,
            tos,
        }
    }

    /// Nothing is to be asked of the packet that was not asked before.
    #[inline(always)]
    pub(super) fn is_cached(&self) -> bool {
        self.cached.is_some()
    }

    /// Return the key and the generation under which a route is kept for packets like this one.
    #[inline(always)]
    fn usage<G: Family>(&self, ctx: &Ctx<'_>, skb: &Skb<G>) -> Use {
        Use {
            key: u64::from(skb.mark()) << 32 | u64::from(skb.iif()),
            generation: ctx.translator.routes() << 8 | u32::from(self.tos & DSCP),
            source: F::source(&self.session),
        }
    }
}

/// A route, and how the packet enters it.
pub(super) enum Egress<'g, F> {
    /// Kept in the session, with its MTU.
    Cached(Dst<'g, F>, u32),
    /// Looked up for this packet.
    LookedUp(Route<F>),
}

/// Why there is no route.
#[cold]
fn reason(error: Error) -> DropReason {
    match errno::of(error) {
        errno::EINVAL => DropReason::Blackhole,
        errno::EACCES => DropReason::ProhibitRoute,
        errno::ENOMEM | errno::ENOBUFS => DropReason::NoMemory,
        errno::EADDRNOTAVAIL => DropReason::NoUnicastTarget,
        // What xfrm_lookup() has to say.
        errno::EPERM | errno::EAGAIN | errno::ENOENT | errno::ESRCH | errno::EREMOTE => {
            DropReason::IpsecPolicy
        }
        _ => DropReason::NoRoute,
    }
}

impl<'g, F: Routed> Egress<'g, F> {
    /// The way that a session remembers, or else that of `flow`. Fails where there is none, or none
    /// for packets from where this one came.
    #[inline(always)]
    pub(super) fn find<G: Family>(
        ctx: &Ctx<'g>,
        skb: &Skb<G>,
        recall: Option<Recall<'g, F>>,
        flow: impl FnOnce() -> Flow<F::Addr>,
    ) -> Result<Self, DropReason> {
        match recall.and_then(|recall| recall.cached) {
            Some((dst, mtu)) => Ok(Self::Cached(dst, mtu)),
            None => Self::look_up(ctx, skb, recall, &flow()),
        }
    }

    #[cold]
    fn look_up<G: Family>(
        ctx: &Ctx<'g>,
        skb: &Skb<G>,
        recall: Option<Recall<'g, F>>,
        flow: &Flow<F::Addr>,
    ) -> Result<Self, DropReason> {
        let sender = match (ctx.origin, skb.ingress()) {
            (Origin::Own(socket), _) => Sender::Socket(socket),
            (Origin::Network, Some(ingress)) => Sender::Network(ingress),
            (Origin::Network, None) => return Err(DropReason::NoRoute),
        };
        let route = F::look_up(ctx.net, skb, flow, &sender, ctx.guard).map_err(reason)?;
        match (route.kind(), &sender) {
            (RouteType::Other, _) => return Err(DropReason::NoUnicastTarget),
            (RouteType::Unicast, Sender::Network(ingress)) => {
                if !ingress.may_forward::<F>(ctx.net, ctx.guard) {
                    return Err(DropReason::ForwardingOff);
                }
                let recall = recall.filter(|_| ctx.caches_routes() && route.is_cacheable());
                if let Some(recall) = recall {
                    let (session, usage) = (&recall.session, recall.usage(ctx, skb));
                    let cache = F::cache(session);
                    ctx.translator
                        .keep_route(session, cache, route.clone(), usage);
                }
            }
            _ => {}
        }
        Ok(Self::LookedUp(route))
    }

    /// The largest packet that may go this way.
    #[inline(always)]
    pub(super) fn mtu(&self, ctx: &Ctx<'_>) -> u32 {
        match self {
            Self::Cached(_, mtu) => *mtu,
            Self::LookedUp(route) => route.borrow(ctx.guard).mtu(ctx.is_own()),
        }
    }

    /// Send a translated packet on its way. Fails where IPsec policy is against it, or conntrack,
    /// where that is to see it.
    #[inline(always)]
    pub(super) fn send(self, ctx: &Ctx<'_>, skb: Skb<F>) -> Result<(), DropReason> {
        match self {
            Self::Cached(dst, _) => {
                dst.forward(ctx.net, skb);
                Ok(())
            }
            Self::LookedUp(route) => send_by(ctx, skb, &route),
        }
    }
}

#[cold]
fn send_by<F: Family>(ctx: &Ctx<'_>, mut skb: Skb<F>, route: &Route<F>) -> Result<(), DropReason> {
    match ctx.origin {
        _ if !ctx.is_tracked() => {}
        // OUTPUT comes.
        Origin::Own(_) => skb.track(),
        Origin::Network => {
            let shown = skb.shown(ctx.net, ctx.guard);
            skb = shown.ok_or(DropReason::Conntrack)?;
        }
    }
    let dst = route.borrow(ctx.guard);
    match (ctx.origin, route.kind()) {
        (Origin::Own(socket), _) => dst.local_out(ctx.net, skb, socket),
        (Origin::Network, RouteType::Unicast) => {
            let ingress = skb.ingress();
            if !ingress.is_some_and(|it| it.policy_ok(ctx.net, ctx.guard)) {
                return Err(DropReason::IpsecPolicy);
            }
            dst.forward(ctx.net, skb);
        }
        (Origin::Network, _) => dst.deliver(skb, &BhGuard::new()),
    }
    Ok(())
}

/// MTUs of the links next to us towards both ends of a conversation.
pub(super) fn next_hops<F: Family>(
    ctx: &Ctx<'_>,
    skb: &Skb<F>,
    v6: Addrs<Ipv6Addr>,
    v4: Addrs<Ipv4Addr>,
) -> NextHops {
    fn flow<A>(addrs: Addrs<A>, proto: u8) -> Flow<A> {
        Flow {
            saddr: addrs.saddr,
            daddr: addrs.daddr,
            tos: 0,
            proto,
            selector: [0; 4],
        }
    }
    fn mtu<R: Routed, F: Family>(ctx: &Ctx<'_>, skb: &Skb<F>, flow: &Flow<R::Addr>) -> u32 {
        // Neither packet is on its way: nobody's interface or socket counts.
        let route = R::look_up(ctx.net, skb, flow, &Sender::NOBODY, ctx.guard);
        route.map_or(u32::MAX, |route| route.borrow(ctx.guard).mtu(false))
    }
    NextHops {
        v6: mtu::<V6, F>(ctx, skb, &flow(v6, proto::ICMPV6)),
        v4: mtu::<V4, F>(ctx, skb, &flow(v4, proto::ICMP)),
    }
}
