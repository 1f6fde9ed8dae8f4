// SPDX-License-Identifier: GPL-2.0

//! A packet's way: claimed at a hook, looked up, rewritten, sent on.

mod border;
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
        bh::BhGuard,
        defrag::Outcome,
        hooks::{self, Family, Hooks, Socket, Spec, NF_INET_LOCAL_OUT, NF_INET_PRE_ROUTING},
        pernet::Net,
        rcu,
        route::Sender,
        skb::{Segments, Skb, Turn},
    },
    state::{
        config::Config,
        counters::{Cause, Event, Trouble},
        translator::Translator,
        variables::Id,
        Attach,
    },
    xlate::{header::Hop, Reason},
};
use core::marker::PhantomData;
use kernel::{prelude::*, sync::Arc};
use way::Way;

/// After raw (−300), so that its rules see the packet as it came; before conntrack (−200).
const PRIORITY: i32 = -250;
/// Before fragments are put together (−400).
const BEFORE_DEFRAG: i32 = -401;
/// After all chains that look at packets before they are routed.
const LAST: i32 = i32::MAX;

/// How hooks are put in place.
pub(crate) const ATTACH: Attach = Attach { packets, fragments };

fn packets(translator: Arc<Translator>) -> Result<Hooks<Translator, 8>> {
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Arriving<v6::V6>>(Family::V6, NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Waiting<v6::V6>>(Family::V6, NF_INET_PRE_ROUTING, LAST),
            Spec::new::<Leaving<v6::V6, false>>(Family::V6, NF_INET_LOCAL_OUT, PRIORITY),
            Spec::new::<Leaving<v6::V6, true>>(Family::V6, NF_INET_LOCAL_OUT, LAST),
            Spec::new::<Arriving<v4::V4>>(Family::V4, NF_INET_PRE_ROUTING, PRIORITY),
            Spec::new::<Waiting<v4::V4>>(Family::V4, NF_INET_PRE_ROUTING, LAST),
            Spec::new::<Leaving<v4::V4, false>>(Family::V4, NF_INET_LOCAL_OUT, PRIORITY),
            Spec::new::<Leaving<v4::V4, true>>(Family::V4, NF_INET_LOCAL_OUT, LAST),
        ],
    )
}

fn fragments(translator: Arc<Translator>) -> Result<Hooks<Translator, 2>> {
    Hooks::register(
        translator.net,
        translator,
        [
            Spec::new::<Parting<v6::V6>>(Family::V6, NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
            Spec::new::<Parting<v4::V4>>(Family::V4, NF_INET_PRE_ROUTING, BEFORE_DEFRAG),
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
    /// It is translated, which counts as this, and goes this way.
    Send(Way<'g>, Event),
    /// Another packet goes this way in its place.
    Replace(Skb, Way<'g>, Event),
    /// It is a fragment that we collect.
    Collect,
    /// It solicits a neighbour that this host is proxy of.
    Solicitation,
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
    const FAMILY: Family;

    /// Why a packet may be ours.
    type Concern: Copy;

    /// Whether a packet may be ours at all, by its destination.
    fn concern(config: &Config, skb: &Skb) -> Option<Self::Concern>;

    /// Looks at a packet that may be ours and rewrites it if it is.
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        concern: Self::Concern,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause>;

    /// Whether a packet that may be ours is, where other chains shall see it before it is rewritten.
    fn claims(at: &Place<'_>, skb: &mut Skb, concern: Self::Concern, guard: &rcu::Guard) -> bool;

    /// Whether a packet is a fragment that is translated for itself.
    fn claims_fragment(at: &Place<'_>, skb: &mut Skb, guard: &rcu::Guard) -> bool;

    /// Hands a fragment over, where that can be.
    fn collect(at: &Place<'_>, skb: Skb, bh: &BhGuard) -> Option<Outcome>;
}

/// Where a packet is.
#[derive(Clone, Copy)]
struct Place<'a> {
    translator: &'a Translator,
    config: &'a Config,
    net: &'a Net,
    origin: Origin,
    /// What the hook says it is sent for.
    socket: Socket,
    /// It was of the other family a moment ago and turns back: there and back is one hop.
    turned: bool,
}

impl<'a> Place<'a> {
    #[inline(always)]
    fn new(
        translator: &'a Translator,
        net: &'a Net,
        origin: Origin,
        socket: Socket,
        guard: &'a rcu::Guard,
    ) -> Self {
        Self {
            translator,
            config: translator.config.read(guard),
            net,
            origin,
            socket,
            turned: false,
        }
    }

    /// The place of a packet that turns back.
    fn turned(&self) -> Self {
        Self {
            turned: true,
            ..*self
        }
    }

    /// Who the packet's routes are for.
    #[inline(always)]
    fn sender(&self) -> Sender {
        match self.origin {
            Origin::Network => Sender::Network,
            Origin::Local => Sender::Socket(self.socket),
        }
    }

    /// Whether this is a hop on the packet's way.
    #[inline(always)]
    fn hop(&self) -> Hop {
        match self.origin {
            Origin::Network if !self.turned => Hop::Count,
            _ => Hop::Keep,
        }
    }

    /// Whether conntrack sees packets of ours.
    #[inline(always)]
    fn is_tracked(&self) -> bool {
        self.config.values.get(Id::Conntrack) != 0
    }
}

/// Where fragments come in, before anybody puts them together.
struct Parting<D>(PhantomData<D>);

/// Where packets come in from the network.
struct Arriving<D>(PhantomData<D>);

/// Where packets from the network come when all chains have seen them.
struct Waiting<D>(PhantomData<D>);

/// Where packets of this host's sockets leave; `LATE` where conntrack is to see them before.
struct Leaving<D, const LATE: bool>(PhantomData<D>);

impl<D: Direction> hooks::Hook<Translator> for Parting<D> {
    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        mut skb: Skb,
        guard: &rcu::Guard,
    ) -> Option<Skb> {
        let at = Place::new(translator, net, Origin::Network, socket, guard);
        let turn = skb.turn(net, D::FAMILY, BEFORE_DEFRAG, LAST, guard);
        if !at.is_tracked() && turn != Turn::Never && D::claims_fragment(&at, &mut skb, guard) {
            skb.untrack();
        }
        Some(skb)
    }
}

impl<D: Direction> hooks::Hook<Translator> for Arriving<D> {
    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        mut skb: Skb,
        guard: &rcu::Guard,
    ) -> Option<Skb> {
        let at = Place::new(translator, net, Origin::Network, socket, guard);
        let Some(concern) = D::concern(at.config, &skb) else {
            return Some(skb);
        };
        match skb.turn(net, D::FAMILY, PRIORITY, LAST, guard) {
            Turn::Now if !at.is_tracked() => packet::<D>(&at, skb, concern, guard),
            Turn::Later | Turn::Again if !at.is_tracked() => {
                if D::claims(&at, &mut skb, concern, guard) {
                    skb.untrack();
                }
                Some(skb)
            }
            _ => Some(skb),
        }
    }
}

impl<D: Direction> hooks::Hook<Translator> for Waiting<D> {
    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        skb: Skb,
        guard: &rcu::Guard,
    ) -> Option<Skb> {
        let at = Place::new(translator, net, Origin::Network, socket, guard);
        // What is left to conntrack is not ours.
        if !at.is_tracked() && !skb.is_untracked() {
            return Some(skb);
        }
        let Some(concern) = D::concern(at.config, &skb) else {
            return Some(skb);
        };
        match skb.turn(net, D::FAMILY, PRIORITY, LAST, guard) {
            Turn::Later => packet::<D>(&at, skb, concern, guard),
            Turn::Now if at.is_tracked() => packet::<D>(&at, skb, concern, guard),
            // It was looked at already.
            _ => Some(skb),
        }
    }
}

impl<D: Direction, const LATE: bool> hooks::Hook<Translator> for Leaving<D, LATE> {
    fn packet(
        translator: &Translator,
        net: &Net,
        socket: Socket,
        mut skb: Skb,
        guard: &rcu::Guard,
    ) -> Option<Skb> {
        let at = Place::new(translator, net, Origin::Local, socket, guard);
        match D::concern(at.config, &skb) {
            Some(concern)
                if skb.is_looping(D::FAMILY) && D::claims(&at, &mut skb, concern, guard) =>
            {
                translator.counters.dropped(Trouble::Loop.into());
                None
            }
            Some(concern) if at.is_tracked() == LATE => packet::<D>(&at, skb, concern, guard),
            _ => Some(skb),
        }
    }
}

/// Takes a packet that may be ours all its way; gives it back if it is not.
#[inline(always)]
fn packet<D: Direction>(
    at: &Place<'_>,
    skb: Skb,
    concern: D::Concern,
    guard: &rcu::Guard,
) -> Option<Skb> {
    match settle::<D>(at, skb, concern, guard) {
        Settled::Done => None,
        Settled::Untouched(skb) => Some(skb),
        Settled::Collect(skb) => collect::<D>(at, skb, guard),
        Settled::Segment(skb) => {
            pieces::<D>(at, skb.segment(), guard);
            None
        }
        Settled::Cut(skb, size) => {
            pieces::<D>(at, skb.fragment4(size), guard);
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
fn settle<D: Direction>(
    at: &Place<'_>,
    mut skb: Skb,
    concern: D::Concern,
    guard: &rcu::Guard,
) -> Settled {
    let (way, event, skb) = match D::translate(at, &mut skb, concern, guard) {
        Ok(Verdict::Send(way, event)) => (way, event, skb),
        Ok(Verdict::Replace(other, way, event)) => {
            skb.consume();
            (way, event, other)
        }
        Ok(Verdict::Untouched) => return Settled::Untouched(skb),
        Ok(Verdict::Collect) => return Settled::Collect(skb),
        Ok(Verdict::Solicitation) => {
            at.translator.counters.did(Event::Unclaimed, 1);
            skb.deliver_solicitation(&BhGuard::new(), guard);
            return Settled::Done;
        }
        Ok(Verdict::Segment) => return Settled::Segment(skb),
        Ok(Verdict::Cut(size)) => return Settled::Cut(skb, size),
        Err(cause) => {
            at.translator.counters.dropped(cause);
            return Settled::Done;
        }
    };
    match way.send(at, skb, guard) {
        Ok(()) => at.translator.counters.claimed(event),
        Err(trouble) => at.translator.counters.dropped(trouble.into()),
    }
    Settled::Done
}

/// A part or the whole of a packet that was ours.
#[cold]
fn settle_again<D: Direction>(at: &Place<'_>, skb: Skb, guard: &rcu::Guard) -> Settled {
    match D::concern(at.config, &skb) {
        Some(concern) => settle::<D>(at, skb, concern, guard),
        None => Settled::Untouched(skb),
    }
}

#[cold]
fn collect<D: Direction>(at: &Place<'_>, skb: Skb, guard: &rcu::Guard) -> Option<Skb> {
    let counters = &at.translator.counters;
    let outcome = D::collect(at, skb, &BhGuard::new());
    match outcome {
        Some(Outcome::Whole(skb)) => {
            counters.did(Event::Reassembled, 1);
            match settle_again::<D>(at, skb, guard) {
                Settled::Done => {}
                Settled::Untouched(skb) => return Some(skb),
                // It cannot be put together or split any more.
                Settled::Collect(_) | Settled::Segment(_) | Settled::Cut(..) => {
                    counters.dropped(Trouble::Fragment.into());
                }
            }
        }
        Some(Outcome::Kept) => counters.claimed(Event::Fragments),
        Some(Outcome::Failed) => counters.dropped(Trouble::Fragment.into()),
        None => counters.dropped(Trouble::NoDefrag.into()),
    }
    None
}

/// Takes the pieces of a packet their way.
#[cold]
fn pieces<D: Direction>(at: &Place<'_>, pieces: Result<Segments>, guard: &rcu::Guard) {
    let counters = &at.translator.counters;
    let Ok(pieces) = pieces else {
        return counters.dropped(Trouble::Segments.into());
    };
    counters.claimed(Event::Split);
    for piece in pieces {
        let left = match settle_again::<D>(at, piece, guard) {
            Settled::Done => None,
            // A datagram that a device was to send as fragments.
            Settled::Collect(piece) => collect::<D>(at, piece, guard),
            Settled::Untouched(piece) | Settled::Segment(piece) | Settled::Cut(piece, _) => {
                Some(piece)
            }
        };
        // A piece of a claimed packet is claimed too, unless the rules changed this very moment.
        if left.is_some() {
            counters.dropped(Trouble::Segments.into());
        }
    }
}

/// Why a packet could not be made one of the other family.
#[cold]
fn unwritten(error: Error) -> Cause {
    match error {
        _ if error == EPERM => Trouble::Conntrack.into(),
        _ => Reason::Truncated.into(),
    }
}
