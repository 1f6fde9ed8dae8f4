// SPDX-License-Identifier: GPL-2.0

//! A packet's way: claimed at a hook, decided about, written, sent on.

mod ctx;
mod drop;
mod egress;
mod error;
mod icmp_reply;
mod mss;
mod outcome;
mod packet;
mod peace;
mod syn;
mod v4;
mod v6;
mod world;

use crate::{
    linux::{
        family::{V4, V6},
        hooks::{
            self, Hooks, Socket, Spec, NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING,
            NF_INET_PRE_ROUTING,
        },
        pernet::Net,
        rcu,
        skb::{Claim, Skb},
    },
    state::translator::Translator,
    xlate::DropReason,
};
use core::marker::PhantomData;
use ctx::{Ctx, Origin};
use kernel::{prelude::*, sync::Arc};
use outcome::{run, run_apart, Direction};

/// After raw (−300), so that its rules see the packet as it came; before conntrack (−200).
const PRIORITY: i32 = -250;
/// Before fragments are put together (−400).
const BEFORE_DEFRAG: i32 = -401;
/// After all chains that look at packets before they are routed.
const LAST: i32 = i32::MAX;

/// Before conntrack confirms what is delivered or leaves, after all others.
const UNCONFIRMED: i32 = i32::MAX - 1;

/// Puts hooks in place where packets are looked at: four places of each family, and one where IPv4
/// packets are delivered.
pub(crate) fn packets(translator: Arc<Translator>) -> Result<Hooks<Translator, 9>> {
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Arriving<V6>>(NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Waiting<V6>>(NF_INET_PRE_ROUTING, LAST),
            Spec::new::<Leaving<V6, false>>(NF_INET_LOCAL_OUT, PRIORITY),
            Spec::new::<Leaving<V6, true>>(NF_INET_LOCAL_OUT, LAST),
            Spec::new::<Arriving<V4>>(NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Waiting<V4>>(NF_INET_PRE_ROUTING, LAST),
            Spec::new::<Leaving<V4, false>>(NF_INET_LOCAL_OUT, PRIORITY),
            Spec::new::<Leaving<V4, true>>(NF_INET_LOCAL_OUT, LAST),
            Spec::new::<Delivered>(NF_INET_LOCAL_IN, UNCONFIRMED),
        ],
    )
}

/// Puts a hook in place where packets leave that others than hosts send from a pool address.
pub(crate) fn departures(translator: Arc<Translator>) -> Result<Hooks<Translator, 1>> {
    let spec = Spec::new::<Departing>(NF_INET_POST_ROUTING, UNCONFIRMED);
    Hooks::register(translator.net, translator, [spec])
}

/// Puts hooks in place where fragments are looked at before anybody puts them together.
pub(crate) fn fragments(translator: Arc<Translator>) -> Result<Hooks<Translator, 2>> {
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Parting<V6>>(NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
            Spec::new::<Parting<V4>>(NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
        ],
    )
}

/// Where fragments come in, before anybody puts them together.
struct Parting<D>(PhantomData<D>);

/// Where packets come in from the network.
struct Arriving<D>(PhantomData<D>);

/// Where packets from the network come when all chains have seen them.
struct Waiting<D>(PhantomData<D>);

/// Where packets have come to this host.
struct Delivered;

/// Where packets leave, with the address and port that NAT gave them.
struct Departing;

/// Where packets of this host's sockets leave; `LATE` where conntrack is to see them before.
struct Leaving<D, const LATE: bool>(PhantomData<D>);

impl<D: Direction> hooks::Hook<Translator> for Parting<D> {
    type Family = D;

    fn packet(
        translator: &Translator,
        net: &Net,
        _: Socket,
        mut skb: Skb<D>,
        guard: &rcu::Guard,
    ) -> Option<Skb<D>> {
        let ctx = Ctx::new(translator, net, Origin::Network, guard);
        let claim = skb.claim(net, translator, BEFORE_DEFRAG, LAST, guard);
        if !ctx.is_tracked() && claim != Claim::Never && D::claims_fragment(&ctx, &mut skb) {
            skb.untrack();
        }
        Some(skb)
    }
}

impl<D: Direction> hooks::Hook<Translator> for Arriving<D> {
    type Family = D;

    fn packet(
        translator: &Translator,
        net: &Net,
        _: Socket,
        mut skb: Skb<D>,
        guard: &rcu::Guard,
    ) -> Option<Skb<D>> {
        let ctx = Ctx::new(translator, net, Origin::Network, guard);
        let Some(concern) = D::concern(ctx.config, &skb) else {
            return Some(skb);
        };
        match skb.claim(net, translator, PRIORITY, LAST, guard) {
            Claim::Now if !ctx.is_tracked() => run::<D>(&ctx, skb, concern),
            Claim::Later | Claim::Again if !ctx.is_tracked() => {
                if D::claims(&ctx, &mut skb, concern) {
                    skb.untrack();
                }
                Some(skb)
            }
            _ => Some(skb),
        }
    }
}

impl<D: Direction> hooks::Hook<Translator> for Waiting<D> {
    type Family = D;

    fn packet(
        translator: &Translator,
        net: &Net,
        _: Socket,
        skb: Skb<D>,
        guard: &rcu::Guard,
    ) -> Option<Skb<D>> {
        let ctx = Ctx::new(translator, net, Origin::Network, guard);
        // What is left to conntrack is not ours.
        if !ctx.is_tracked() && !skb.is_untracked() {
            return Some(skb);
        }
        let Some(concern) = D::concern(ctx.config, &skb) else {
            return Some(skb);
        };
        match skb.claim(net, translator, PRIORITY, LAST, guard) {
            Claim::Later => run_apart::<D>(&ctx, skb, concern),
            Claim::Now if ctx.is_tracked() => run_apart::<D>(&ctx, skb, concern),
            // It was looked at already.
            _ => Some(skb),
        }
    }
}

impl hooks::Hook<Translator> for Delivered {
    type Family = V4;

    fn packet(
        translator: &Translator,
        net: &Net,
        _: Socket,
        mut skb: Skb<V4>,
        guard: &rcu::Guard,
    ) -> Option<Skb<V4>> {
        let ctx = Ctx::new(translator, net, Origin::Network, guard);
        match syn::of_delivered(&ctx, &mut skb) {
            Some(tuple) => {
                syn::hold(&ctx, skb, &tuple, DropReason::NoMapping);
                None
            }
            None => Some(skb),
        }
    }
}

impl hooks::Hook<Translator> for Departing {
    type Family = V4;

    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        skb: Skb<V4>,
        guard: &rcu::Guard,
    ) -> Option<Skb<V4>> {
        peace::keep(&Ctx::new(translator, net, Origin::Own(socket), guard), skb)
    }
}

impl<D: Direction, const LATE: bool> hooks::Hook<Translator> for Leaving<D, LATE> {
    type Family = D;

    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        mut skb: Skb<D>,
        guard: &rcu::Guard,
    ) -> Option<Skb<D>> {
        let ctx = Ctx::new(translator, net, Origin::Own(socket), guard);
        match D::concern(ctx.config, &skb) {
            Some(_) if hooks::is_duplicate() => Some(skb),
            Some(concern) if skb.is_looping() && D::claims(&ctx, &mut skb, concern) => {
                translator.counters.dropped(DropReason::Loop);
                None
            }
            Some(concern) if ctx.is_tracked() == LATE => run_apart::<D>(&ctx, skb, concern),
            _ => Some(skb),
        }
    }
}
