// SPDX-License-Identifier: GPL-2.0

//! A packet's way: claimed at a hook, looked up, rewritten, sent on.

mod error;
mod mss;
mod rewrite;
mod stateless;
mod target;
mod tell;
mod v4;
mod v6;
mod way;

use crate::{
    linux::{
        defrag::Outcome,
        hooks::{Family, Hook, Hooks, Spec, NF_INET_LOCAL_OUT, NF_INET_PRE_ROUTING},
        pernet::Net,
        skb::{Segments, Skb},
    },
    state::{
        counters::{Cause, Event, Trouble},
        translator::Translator,
        Attach,
    },
};
use core::marker::PhantomData;
use kernel::{
    prelude::*,
    sync::{rcu, Arc},
};
use way::Way;

/// After raw (−300), so that its rules see the packet as it came; before conntrack (−200).
const PRIORITY: i32 = -250;
/// Before fragments are put together (−400).
const BEFORE_DEFRAG: i32 = -401;

/// How hooks are put in place.
pub(crate) const ATTACH: Attach = Attach { packets, fragments };

fn packets(translator: Arc<Translator>) -> Result<Hooks<Translator, 4>> {
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Entrance<v6::V6, false>>(Family::V6, NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Entrance<v6::V6, true>>(Family::V6, NF_INET_LOCAL_OUT, PRIORITY),
            Spec::new::<Entrance<v4::V4, false>>(Family::V4, NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Entrance<v4::V4, true>>(Family::V4, NF_INET_LOCAL_OUT, PRIORITY),
        ],
    )
}

fn fragments(translator: Arc<Translator>) -> Result<Hooks<Translator, 2>> {
    type Fragments6 = Entrance<v6::Fragments, false>;
    type Fragments4 = Entrance<v4::Fragments, false>;
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Fragments6>(Family::V6, NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
            Spec::new::<Fragments4>(Family::V4, NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
        ],
    )
}

/// Where a packet comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Another host: we are a router on its way.
    Network,
    /// A socket of this host.
    Local,
}

/// What becomes of a packet that is not dropped.
enum Verdict<'g> {
    /// It is not ours.
    Untouched,
    /// It is translated and goes this way.
    Send(Way<'g>),
    /// Another packet goes this way in its place.
    Replace(Skb, Way<'g>),
    /// It is a fragment that we collect.
    Collect,
    /// It must be split into its segments first.
    Segment,
    /// It is an IPv4 fragment that must be cut into ones of this size first.
    Cut(u32),
}

impl Verdict<'_> {
    /// A fragment that is to be put together with its others: it may claim to be segments itself.
    fn collect(skb: &Skb) -> Self {
        match skb.is_gso() {
            true => Self::Segment,
            false => Self::Collect,
        }
    }
}

/// Translation from one family to the other.
trait Direction: 'static {
    /// Looks at a packet and rewrites it if it is ours.
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause>;

    /// Hands a fragment over, where that can be.
    fn collect(_at: &Place<'_>, _skb: Skb) -> Option<Outcome> {
        None
    }
}

/// Where a packet is.
#[derive(Clone, Copy)]
struct Place<'a> {
    translator: &'a Translator,
    net: &'a Net,
    origin: Origin,
}

/// Where packets come in: from the network, or from a socket of this host.
struct Entrance<D, const LOCAL: bool>(PhantomData<D>);

impl<D: Direction, const LOCAL: bool> Hook<Translator> for Entrance<D, LOCAL> {
    fn packet(translator: &Translator, net: &Net, skb: Skb) -> Option<Skb> {
        let at = Place {
            translator,
            net,
            origin: if LOCAL {
                Origin::Local
            } else {
                Origin::Network
            },
        };
        packet::<D>(&at, skb)
    }
}

/// Takes a packet all its way; gives it back if it is not ours.
#[inline(always)]
fn packet<D: Direction>(at: &Place<'_>, skb: Skb) -> Option<Skb> {
    match settle::<D>(at, skb) {
        Settled::Done => None,
        Settled::Untouched(skb) => Some(skb),
        Settled::Collect(skb) => collect::<D>(at, skb),
        Settled::Segment(skb) => {
            pieces::<D>(at, skb.segment());
            None
        }
        Settled::Cut(skb, size) => {
            pieces::<D>(at, skb.fragment4(size));
            None
        }
    }
}

/// A packet that was looked at.
enum Settled {
    /// Sent on, or dropped and counted.
    Done,
    Untouched(Skb),
    Collect(Skb),
    Segment(Skb),
    Cut(Skb, u32),
}

#[inline(always)]
fn settle<D: Direction>(at: &Place<'_>, mut skb: Skb) -> Settled {
    let guard = rcu::read_lock();
    match D::translate(at, &mut skb, &guard) {
        Ok(Verdict::Untouched) => return Settled::Untouched(skb),
        Ok(Verdict::Collect) => return Settled::Collect(skb),
        Ok(Verdict::Segment) => return Settled::Segment(skb),
        Ok(Verdict::Cut(size)) => return Settled::Cut(skb, size),
        Ok(Verdict::Send(way)) => way.send(at, skb, &guard),
        Ok(Verdict::Replace(other, way)) => {
            way.send(at, other, &guard);
            skb.consume();
        }
        Err(cause) => at.translator.counters.dropped(cause),
    }
    Settled::Done
}

/// A packet that cannot be put together or split any more.
#[cold]
fn settle_whole<D: Direction>(at: &Place<'_>, skb: Skb, trouble: Trouble) -> Option<Skb> {
    match settle::<D>(at, skb) {
        Settled::Done => None,
        Settled::Untouched(skb) => Some(skb),
        Settled::Collect(_) | Settled::Segment(_) | Settled::Cut(..) => {
            at.translator.counters.dropped(trouble.into());
            None
        }
    }
}

#[cold]
fn collect<D: Direction>(at: &Place<'_>, skb: Skb) -> Option<Skb> {
    let counters = &at.translator.counters;
    match D::collect(at, skb) {
        Some(Outcome::Whole(skb)) => {
            counters.did(Event::Reassembled, 1);
            return settle_whole::<D>(at, skb, Trouble::Fragment);
        }
        Some(Outcome::Kept) => {}
        Some(Outcome::Failed) => counters.dropped(Trouble::Fragment.into()),
        None => counters.dropped(Trouble::NoDefrag.into()),
    }
    None
}

/// Takes the pieces of a packet their way.
#[cold]
fn pieces<D: Direction>(at: &Place<'_>, pieces: Result<Segments>) {
    match pieces {
        // A piece of a claimed packet is claimed too, unless the rules changed this very moment.
        Ok(pieces) => pieces.for_each(|piece| match settle::<D>(at, piece) {
            Settled::Done | Settled::Untouched(_) => {}
            // A datagram that a device was to send as fragments.
            Settled::Collect(piece) => drop(collect::<D>(at, piece)),
            Settled::Segment(_) | Settled::Cut(..) => {
                at.translator.counters.dropped(Trouble::Segments.into());
            }
        }),
        Err(_) => at.translator.counters.dropped(Trouble::Segments.into()),
    }
}
