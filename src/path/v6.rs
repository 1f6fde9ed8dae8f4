// SPDX-License-Identifier: GPL-2.0

//! IPv6 packets on their way to IPv4.

use super::{
    ctx::Ctx,
    egress::{Egress, Recall},
    error, icmp_reply, mss,
    outcome::{done, unwritten, Direction, Outcome},
    v4,
};
use crate::{
    linux::{
        bh::BhGuard,
        defrag::Defrag,
        family::{V4, V6},
        route::Flow,
        skb::{Room, Skb},
    },
    nat::{
        decision::{Decision, Lookup},
        options::Id,
        v6::{claims, claims_fragment, decide, headers, look_up, may_pass, open},
    },
    state::{config::Config, counters::Event},
    xlate::{
        addresses::Addrs,
        ipv4,
        mtu::Size,
        packet::Packet as _,
        proto,
        rewrite::Rewrite,
        to4::{self, Headers},
        DropReason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

impl Direction for V6 {
    type Concern = ();

    #[inline(always)]
    fn concern(config: &Config, skb: &Skb<V6>) -> Option<()> {
        let bytes = skb.linear().get(24..)?.first_chunk::<16>()?;
        let daddr = Ipv6Addr::from(*bytes);
        let is_mapped = || config.is_stateless() && config.addresses().eam6(daddr).is_some();
        (config.prefix_of(daddr).is_some() || is_mapped()).then_some(())
    }

    #[inline(always)]
    fn run(ctx: &Ctx<'_>, mut skb: Skb<V6>, (): ()) -> Outcome<V6> {
        let from = match headers(&mut skb) {
            Ok(from) => from,
            Err(_) if may_pass(ctx, &skb) => return Outcome::Pass(skb),
            Err(reason) => return icmp_reply::drop_v6(ctx, skb, reason),
        };
        let decision = match look_up(ctx, &mut skb, &from) {
            Lookup::Known((to, recall)) => {
                return done(translate(ctx, skb, &from, &to, Some(recall)))
            }
            Lookup::New(key) => open(ctx, &skb, &from.ip, &key),
            Lookup::Other => decide(ctx, &mut skb, &from),
        };
        carry_out(ctx, skb, from, decision)
    }

    fn claims(ctx: &Ctx<'_>, skb: &mut Skb<V6>, (): ()) -> bool {
        claims(ctx, skb)
    }

    fn claims_fragment(ctx: &Ctx<'_>, skb: &mut Skb<V6>) -> bool {
        claims_fragment(ctx, skb)
    }

    fn defrag(ctx: &Ctx<'_>, skb: Skb<V6>, bh: &BhGuard) -> Option<Defrag<V6>> {
        let defrag = ctx.translator.defrag6.as_ref()?;
        Some(defrag.packet(ctx.net, skb, bh))
    }
}

/// Do what was decided about a packet.
#[cold]
fn carry_out<'g>(
    ctx: &Ctx<'g>,
    skb: Skb<V6>,
    from: Headers,
    decision: Result<Decision<Ipv4Addr, Recall<'g, V4>>, DropReason>,
) -> Outcome<V6> {
    match decision {
        Ok(Decision::Translate(to, recall)) => done(translate(ctx, skb, &from, &to, recall)),
        Ok(Decision::Error) => error::to_v4(ctx, skb, from),
        Ok(Decision::Split) => Outcome::Split(skb.segment()),
        Ok(Decision::Defrag) => Outcome::Defrag(skb),
        Ok(Decision::Pass) => Outcome::Pass(skb),
        Ok(Decision::Unclaimed) => {
            ctx.translator.counters.inc(Event::Unclaimed, 1);
            Outcome::Pass(skb)
        }
        Ok(Decision::Solicitation) => {
            ctx.translator.counters.inc(Event::Unclaimed, 1);
            skb.deliver_solicitation(&BhGuard::new(), ctx.guard);
            Outcome::Done
        }
        // Of IPv4 packets only.
        Ok(Decision::Hold(_, reason)) | Err(reason) => icmp_reply::drop_v6(ctx, skb, reason),
    }
}

/// Where a translated packet goes.
enum Exit<'g> {
    /// On, in IPv4.
    Onward(Egress<'g, V4>),
    /// Back to IPv6 at once, if it is for a host of ours.
    Hairpin(Flow<Ipv4Addr>),
}

/// How a packet is written and sent.
struct Plan<'g> {
    new: ipv4::Header,
    exit: Exit<'g>,
    size: Size,
}

/// The state of a transport checksum.
struct Checksum {
    /// It counts the addresses only.
    partial: bool,
    is_lacking: bool,
}

/// Translate a packet and send it on. Fails with what becomes of it instead.
#[inline(always)]
fn translate<'g>(
    ctx: &Ctx<'g>,
    mut skb: Skb<V6>,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
    recall: Option<Recall<'g, V4>>,
) -> Result<(), Outcome<V6>> {
    if to4::must_split(&skb, from) {
        return Err(Outcome::Split(skb.segment()));
    }
    let plan = match plan(ctx, &mut skb, from, to, recall) {
        Ok(plan) => plan,
        Err(reason) => return Err(icmp_reply::drop_v6(ctx, skb, reason)),
    };
    let size = match plan.size {
        Size::Fits(size) => size,
        Size::TooBig(mtu) => return Err(icmp_reply::too_big_v6(ctx, skb, mtu)),
        Size::Split | Size::Refragment(_) => return Err(Outcome::Split(skb.segment())),
    };
    let skb = clamp(ctx, skb, from, to)?;
    let mut skb = write(ctx, skb, from, to, &plan.new)?;
    if let Some(size) = size {
        skb.set_frag_max_size(size);
    }
    let egress = match plan.exit {
        Exit::Onward(egress) => egress,
        Exit::Hairpin(flow) => return Err(v4::turn_back(ctx, skb, flow)),
    };
    match egress.send(ctx, skb) {
        Ok(()) => ctx.translator.counters.claimed(Event::To4),
        Err(reason) => return Err(Outcome::dropped(ctx, reason)),
    }
    Ok(())
}

/// Plan how a packet is written and sent. Fails with the reason why it cannot be.
#[inline(always)]
fn plan<'g>(
    ctx: &Ctx<'g>,
    skb: &mut Skb<V6>,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
    recall: Option<Recall<'g, V4>>,
) -> Result<Plan<'g>, DropReason> {
    let id = |n| {
        let idents = &ctx.translator.idents;
        let slot = match &recall {
            Some(recall) => recall.session.ident,
            None => idents.slot(
                to.saddr,
                to.daddr,
                proto::protocol_to_v4(from.walk.protocol),
            ),
        };
        idents.next(slot, n)
    };
    let mut new = to4::header(skb, from, to, ctx.hop(), ctx.tos(), id)?;
    let cached = recall.as_ref().is_some_and(Recall::is_cached);
    let (exit, size) = match !cached && ctx.is_hairpin(to.daddr) {
        true => {
            let size = Size::Fits(to4::fragment_size(skb));
            (Exit::Hairpin(flow(skb, *from, *to, new)), size)
        }
        false => {
            let flow = || flow(skb, *from, *to, new);
            let egress = Egress::find(ctx, skb, recall, flow)?;
            let mtu = egress.mtu(ctx);
            let size = to4::fit(skb, &mut new, mtu, ctx.is_own(), id);
            (Exit::Onward(egress), size)
        }
    };
    Ok(Plan { new, exit, size })
}

/// Return the key by which the translated packet's route is looked up.
#[cold]
fn flow(skb: &Skb<V6>, from: Headers, to: Rewrite<Ipv4Addr>, new: ipv4::Header) -> Flow<Ipv4Addr> {
    Flow {
        saddr: new.saddr,
        daddr: new.daddr,
        tos: new.tos,
        proto: new.protocol,
        selector: to4::selector(skb, &from, &to),
    }
}

/// Lower the MSS of a SYN, where that is wanted.
#[inline(always)]
fn clamp(
    ctx: &Ctx<'_>,
    skb: Skb<V6>,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
) -> Result<Skb<V6>, Outcome<V6>> {
    let is_tcp = from.walk.protocol == proto::TCP && from.writable_len() != 0;
    if !is_tcp || !ctx.has(Id::MssClamp) {
        return Ok(skb);
    }
    let v6 = Addrs {
        saddr: from.ip.daddr,
        daddr: from.ip.saddr,
    };
    let v4 = Addrs {
        saddr: to.saddr,
        daddr: to.daddr,
    };
    mss::lower(ctx, skb, from.l4_offset(), v6, v4)
        .map_err(|(skb, reason)| icmp_reply::drop_v6(ctx, skb, reason))
}

/// Write the packet.
#[inline(always)]
fn write(
    ctx: &Ctx<'_>,
    mut skb: Skb<V6>,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
    new: &ipv4::Header,
) -> Result<Skb<V4>, Outcome<V6>> {
    let checksum = match checksum(ctx, &mut skb, from) {
        Ok(checksum) => checksum,
        Err(reason) => return Err(icmp_reply::drop_v6(ctx, skb, reason)),
    };
    let len = from.payload_len(&skb);
    let end = from.l4_offset().wrapping_add(from.writable_len());
    let room = match skb.make_room(end, 0) {
        Ok(room) => room,
        Err(skb) => return Err(icmp_reply::drop_v6(ctx, skb, DropReason::NoMemory)),
    };
    emit(room, from, to, new, &checksum, len).map_err(|reason| Outcome::dropped(ctx, reason))
}

/// Look at the transport checksum of a packet. Fails where that is not to pass.
#[inline(always)]
fn checksum(ctx: &Ctx<'_>, skb: &mut Skb<V6>, from: &Headers) -> Result<Checksum, DropReason> {
    let end = from.l4_offset().wrapping_add(from.writable_len());
    let partial = skb.is_partial(from.walk.protocol, from.l4_offset(), end)?;
    let may_pass = ctx.has(Id::Udp6ZeroChecksum);
    let is_lacking = to4::lacks_checksum(skb, from, partial, may_pass)?;
    Ok(Checksum {
        partial,
        is_lacking,
    })
}

/// Write the headers.
#[inline(always)]
fn emit(
    mut room: Room<V6>,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
    new: &ipv4::Header,
    checksum: &Checksum,
    len: u32,
) -> Result<Skb<V4>, DropReason> {
    let transport = room.bytes_mut().get_mut(from.l4_offset()..);
    let transport = transport.unwrap_or(&mut []);
    to4::transport(
        transport,
        from,
        len,
        to,
        checksum.partial,
        checksum.is_lacking,
    )?;
    let room = room.change_proto(from.l4_offset(), ipv4::LEN);
    let mut room = room.map_err(unwritten)?;
    if let Some(place) = room.bytes_mut().first_chunk_mut() {
        *place = new.emit();
    }
    Ok(room.done())
}
