// SPDX-License-Identifier: GPL-2.0

//! What becomes of a packet, and of the parts that it was put together from or split into.

use super::ctx::Ctx;
use crate::{
    linux::{
        bh::BhGuard,
        defrag::Defrag,
        family::Family,
        skb::{Segments, Skb},
    },
    state::{config::Config, counters::Event},
    xlate::DropReason,
};
use kernel::prelude::*;

/// A packet that was looked at.
pub(super) enum Outcome<F: Family> {
    /// Sent on, or kept for others.
    Done,
    /// Dropped and counted.
    Dropped,
    /// Not ours.
    Pass(Skb<F>),
    /// A fragment that is to be put together with its others.
    Defrag(Skb<F>),
    /// It was split, and each part is to be looked at. Fails where that could not be.
    Split(Result<Segments<F>>),
}

impl<F: Family> Outcome<F> {
    /// A packet is gone, in silence.
    #[cold]
    pub(super) fn dropped(ctx: &Ctx<'_>, reason: DropReason) -> Self {
        ctx.translator.counters.dropped(reason);
        Self::Dropped
    }
}

/// The outcome of a packet that was sent on, or of one that was not.
#[inline(always)]
pub(super) fn done<F: Family>(result: Result<(), Outcome<F>>) -> Outcome<F> {
    match result {
        Ok(()) => Outcome::Done,
        Err(outcome) => outcome,
    }
}

/// Translation of one family into the other.
pub(super) trait Direction: Family {
    /// Why a packet may be ours.
    type Concern: Copy;

    /// Why a packet may be ours, by its destination; none if it cannot be.
    fn concern(config: &Config, skb: &Skb<Self>) -> Option<Self::Concern>;

    /// Take a packet that may be ours all its way.
    fn run(ctx: &Ctx<'_>, skb: Skb<Self>, concern: Self::Concern) -> Outcome<Self>;

    /// A packet that may be ours is, where other chains shall see it before it is translated.
    fn claims(ctx: &Ctx<'_>, skb: &mut Skb<Self>, concern: Self::Concern) -> bool;

    /// A packet is a fragment that is translated for itself.
    fn claims_fragment(ctx: &Ctx<'_>, skb: &mut Skb<Self>) -> bool;

    /// Hand a fragment over, where that can be.
    fn defrag(ctx: &Ctx<'_>, skb: Skb<Self>, bh: &BhGuard) -> Option<Defrag<Self>>;
}

/// Take a packet that may be ours all its way; give it back if it is not.
#[inline(always)]
pub(super) fn run<D: Direction>(ctx: &Ctx<'_>, skb: Skb<D>, concern: D::Concern) -> Option<Skb<D>> {
    match D::run(ctx, skb, concern) {
        Outcome::Done | Outcome::Dropped => None,
        Outcome::Pass(skb) => Some(skb),
        Outcome::Defrag(skb) => defrag::<D>(ctx, skb),
        Outcome::Split(parts) => {
            split::<D>(ctx, parts);
            None
        }
    }
}

/// As [`run`], for the hooks that few packets come to.
#[inline(never)]
pub(super) fn run_apart<D: Direction>(
    ctx: &Ctx<'_>,
    skb: Skb<D>,
    concern: D::Concern,
) -> Option<Skb<D>> {
    run::<D>(ctx, skb, concern)
}

/// Take a part or the whole of a packet that was ours.
#[cold]
fn run_again<D: Direction>(ctx: &Ctx<'_>, skb: Skb<D>) -> Outcome<D> {
    match D::concern(ctx.config, &skb) {
        Some(concern) => D::run(ctx, skb, concern),
        None => Outcome::Pass(skb),
    }
}

#[cold]
fn defrag<D: Direction>(ctx: &Ctx<'_>, skb: Skb<D>) -> Option<Skb<D>> {
    let counters = &ctx.translator.counters;
    let outcome = D::defrag(ctx, skb, &BhGuard::new());
    match outcome {
        Some(Defrag::Whole(skb)) => {
            counters.inc(Event::Reassembled, 1);
            match run_again::<D>(ctx, skb) {
                Outcome::Done | Outcome::Dropped => {}
                Outcome::Pass(skb) => return Some(skb),
                // It cannot be put together or split any more.
                Outcome::Defrag(_) | Outcome::Split(_) => {
                    counters.dropped(DropReason::Fragment);
                }
            }
        }
        Some(Defrag::Kept) => counters.claimed(Event::Fragments),
        Some(Defrag::Failed) => counters.dropped(DropReason::Fragment),
        None => counters.dropped(DropReason::NoDefrag),
    }
    None
}

/// Take the parts of a packet their way.
#[cold]
fn split<D: Direction>(ctx: &Ctx<'_>, parts: Result<Segments<D>>) {
    let counters = &ctx.translator.counters;
    let Ok(parts) = parts else {
        return counters.dropped(DropReason::Segmentation);
    };
    counters.claimed(Event::Split);
    for part in parts {
        let left = match run_again::<D>(ctx, part) {
            Outcome::Done | Outcome::Dropped => None,
            // A datagram that a device was to send as fragments.
            Outcome::Defrag(part) => defrag::<D>(ctx, part),
            Outcome::Pass(part) => Some(part),
            Outcome::Split(_) => {
                counters.dropped(DropReason::Segmentation);
                None
            }
        };
        // A part of a claimed packet is claimed too, unless the rules changed this very moment.
        if left.is_some() {
            counters.dropped(DropReason::Segmentation);
        }
    }
}

/// Why a packet could not be made one of the other family.
#[cold]
pub(super) fn unwritten(error: Error) -> DropReason {
    match error {
        _ if error == EPERM => DropReason::Conntrack,
        _ => DropReason::Truncated,
    }
}
