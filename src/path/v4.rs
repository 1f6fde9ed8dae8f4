// SPDX-License-Identifier: GPL-2.0

//! IPv4 packets on their way to IPv6.

use super::{
    ctx::Ctx,
    egress::{Egress, Recall},
    error, icmp_reply, mss,
    outcome::{done, unwritten, Direction, Outcome},
    syn,
};
use crate::{
    linux::{
        bh::BhGuard,
        defrag::{self, Defrag},
        family::{V4, V6},
        route::Flow,
        skb::{Room, Skb},
    },
    nat::{
        decision::{Decision, Lookup},
        options::Id,
        v4::{claims, claims_fragment, decide, look_up, open},
    },
    state::{config::Config, counters::Event},
    xlate::{
        addresses::Addrs,
        ext::{Fragment, FRAGMENT_LEN},
        ipv4, ipv6, l4,
        mtu::Size,
        packet::Packet as _,
        proto,
        rewrite::{put_udp_check, Rewrite},
        to6::{self, l4_offset, writable_len, Limits},
        DropReason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

impl Direction for V4 {
    /// It is to an address that hosts share; else perhaps for stateless rules.
    type Concern = bool;

    #[inline(always)]
    fn concern(config: &Config, skb: &Skb<V4>) -> Option<bool> {
        let bytes = skb.linear().get(16..)?.first_chunk::<4>()?;
        let for_pool = config.is_pool(Ipv4Addr::from(*bytes));
        (for_pool || config.is_stateless()).then_some(for_pool)
    }

    #[inline(always)]
    fn run(ctx: &Ctx<'_>, mut skb: Skb<V4>, for_pool: bool) -> Outcome<V4> {
        let ip = match ipv4::Header::read(skb.linear()) {
            Ok(ip) => ip,
            Err(reason) if for_pool => return icmp_reply::drop_v4(ctx, skb, reason),
            Err(_) => return Outcome::Pass(skb),
        };
        let decision = match for_pool {
            true => match look_up(ctx, &mut skb, &ip) {
                Lookup::Known((to, recall)) => {
                    return done(translate(ctx, skb, &ip, &to, Some(recall)))
                }
                Lookup::New(key) => open(ctx, &skb, &ip, &key),
                Lookup::Other => decide(ctx, &mut skb, &ip, true),
            },
            false => decide(ctx, &mut skb, &ip, false),
        };
        carry_out(ctx, skb, ip, decision)
    }

    fn claims(ctx: &Ctx<'_>, skb: &mut Skb<V4>, for_pool: bool) -> bool {
        claims(ctx, skb, for_pool)
    }

    fn claims_fragment(ctx: &Ctx<'_>, skb: &mut Skb<V4>) -> bool {
        claims_fragment(ctx, skb)
    }

    fn defrag(ctx: &Ctx<'_>, skb: Skb<V4>, bh: &BhGuard) -> Option<Defrag<V4>> {
        Some(defrag::v4(ctx.net, skb, bh))
    }
}

/// Do what was decided about a packet.
#[cold]
fn carry_out<'g>(
    ctx: &Ctx<'g>,
    skb: Skb<V4>,
    ip: ipv4::Header,
    decision: Result<Decision<Ipv6Addr, Recall<'g, V6>>, DropReason>,
) -> Outcome<V4> {
    match decision {
        Ok(Decision::Translate(to, recall)) => done(translate(ctx, skb, &ip, &to, recall)),
        Ok(Decision::Error) => error::to_v6(ctx, skb, ip),
        Ok(Decision::Hold(tuple, reason)) => syn::hold(ctx, skb, &tuple, reason),
        Ok(Decision::Split) => Outcome::Split(skb.segment()),
        Ok(Decision::Defrag) => Outcome::Defrag(skb),
        Ok(Decision::Unclaimed) => {
            ctx.translator.counters.inc(Event::Unclaimed, 1);
            Outcome::Pass(skb)
        }
        Ok(Decision::Pass | Decision::Solicitation) => Outcome::Pass(skb),
        Err(reason) => icmp_reply::drop_v4(ctx, skb, reason),
    }
}

/// Take a packet that was an IPv6 one a moment ago: back to IPv6, or wherever IPv4 leads. What is
/// dropped on the second half was not translated on the first.
#[cold]
pub(super) fn turn_back(ctx: &Ctx<'_>, mut skb: Skb<V4>, flow: Flow<Ipv4Addr>) -> Outcome<V6> {
    let ctx = ctx.inverted();
    let for_pool = ctx.config.is_pool(flow.daddr);
    // Not by the short way: its frame would stay on the stack beside those of the long one.
    let outcome = match ipv4::Header::read(skb.linear()) {
        Ok(ip) => {
            let decision = decide(&ctx, &mut skb, &ip, for_pool);
            carry_out(&ctx, skb, ip, decision)
        }
        Err(reason) => icmp_reply::drop_v4(&ctx, skb, reason),
    };
    let sent = match outcome {
        Outcome::Done => Ok(()),
        Outcome::Dropped => return Outcome::Dropped,
        Outcome::Pass(skb) => match Egress::<V4>::find(&ctx, &skb, None, || flow) {
            Ok(egress) => egress.send(&ctx, skb),
            Err(reason) => {
                icmp_reply::drop_v4(&ctx, skb, reason);
                return Outcome::Dropped;
            }
        },
        // It came whole, and its segments fit together.
        Outcome::Defrag(_) | Outcome::Split(_) => Err(DropReason::Segmentation),
    };
    match sent {
        Ok(()) => {
            ctx.translator.counters.claimed(Event::To4);
            Outcome::Done
        }
        Err(reason) => Outcome::dropped(&ctx, reason),
    }
}

/// How a packet is written and sent.
struct Plan<'g> {
    new: ipv6::Header,
    egress: Egress<'g, V6>,
    size: Size,
    partial: bool,
    lacks_checksum: bool,
}

/// Translate a packet and send it on. Fails with what becomes of it instead.
#[inline(always)]
fn translate<'g>(
    ctx: &Ctx<'g>,
    mut skb: Skb<V4>,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    recall: Option<Recall<'g, V6>>,
) -> Result<(), Outcome<V4>> {
    if to6::must_split(&skb, from) {
        return Err(Outcome::Split(skb.segment()));
    }
    let plan = match plan(ctx, &mut skb, from, to, recall) {
        Ok(plan) => plan,
        Err(reason) => return Err(icmp_reply::drop_v4(ctx, skb, reason)),
    };
    let size = match plan.size {
        Size::Fits(size) => size,
        Size::TooBig(mtu) => return Err(icmp_reply::too_big_v4(ctx, skb, mtu)),
        Size::Split => return Err(Outcome::Split(skb.segment())),
        Size::Refragment(size) => return Err(Outcome::Split(skb.fragment(size))),
    };
    let skb = clamp(ctx, skb, from, to)?;
    let mut skb = write(ctx, skb, from, to, &plan)?;
    if let Some(size) = size {
        skb.set_frag_max_size(size);
    }
    match plan.egress.send(ctx, skb) {
        Ok(()) => ctx.translator.counters.claimed(Event::To6),
        Err(reason) => return Err(Outcome::dropped(ctx, reason)),
    }
    Ok(())
}

/// Length of the headers that come in place of the IPv4 header.
#[inline(always)]
fn hlen(from: &ipv4::Header) -> usize {
    match from.is_fragment() {
        true => ipv6::LEN.wrapping_add(FRAGMENT_LEN.into()),
        false => ipv6::LEN,
    }
}

/// Plan how a packet is written and sent. Fails with the reason why it cannot be.
#[inline(always)]
fn plan<'g>(
    ctx: &Ctx<'g>,
    skb: &mut Skb<V4>,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    recall: Option<Recall<'g, V6>>,
) -> Result<Plan<'g>, DropReason> {
    let new = to6::header(skb, from, to, ctx.hop(), ctx.traffic_class())?;
    let egress = Egress::find(ctx, skb, recall, || flow(skb, *from, *to, new))?;
    let limits = Limits {
        mtu: egress.mtu(ctx),
        lowest: ctx.option(Id::LowestIpv6Mtu),
        is_inverted: ctx.inverted,
        is_own: ctx.is_own(),
    };
    let size = to6::fit(skb, from, &new, &limits);
    let end = l4_offset(from).wrapping_add(writable_len(from));
    let partial = skb.is_partial(from.protocol, l4_offset(from), end)?;
    Ok(Plan {
        new,
        egress,
        size,
        partial,
        lacks_checksum: to6::lacks_checksum(skb, from, partial),
    })
}

/// Return the key by which the translated packet's route is looked up.
#[cold]
fn flow(
    skb: &Skb<V4>,
    from: ipv4::Header,
    to: Rewrite<Ipv6Addr>,
    new: ipv6::Header,
) -> Flow<Ipv6Addr> {
    Flow {
        saddr: to.saddr,
        daddr: to.daddr,
        tos: new.traffic_class,
        proto: proto::protocol_to_v6(from.protocol),
        selector: to6::selector(skb, &from, &to),
    }
}

/// Lower the MSS of a SYN, where that is wanted.
#[inline(always)]
fn clamp(
    ctx: &Ctx<'_>,
    skb: Skb<V4>,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
) -> Result<Skb<V4>, Outcome<V4>> {
    let is_tcp = from.protocol == proto::TCP && writable_len(from) != 0;
    if !is_tcp || !ctx.has(Id::MssClamp) {
        return Ok(skb);
    }
    let v6 = Addrs {
        saddr: to.saddr,
        daddr: to.daddr,
    };
    let v4 = Addrs {
        saddr: from.daddr,
        daddr: from.saddr,
    };
    mss::lower(ctx, skb, l4_offset(from), v6, v4)
        .map_err(|(skb, reason)| icmp_reply::drop_v4(ctx, skb, reason))
}

/// Write the packet.
#[inline(always)]
fn write(
    ctx: &Ctx<'_>,
    skb: Skb<V4>,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    plan: &Plan<'_>,
) -> Result<Skb<V6>, Outcome<V4>> {
    let len = skb.len().saturating_sub(from.header_len.into());
    let end = l4_offset(from).wrapping_add(writable_len(from));
    let room = match skb.make_room(end, hlen(from).wrapping_sub(ipv4::LEN)) {
        Ok(room) => room,
        Err(skb) => return Err(icmp_reply::drop_v4(ctx, skb, DropReason::NoMemory)),
    };
    emit(ctx, room, from, to, plan, len).map_err(|reason| Outcome::dropped(ctx, reason))
}

/// Write the headers.
#[inline(always)]
fn emit(
    ctx: &Ctx<'_>,
    mut room: Room<V4>,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    plan: &Plan<'_>,
    len: u32,
) -> Result<Skb<V6>, DropReason> {
    let transport = room.bytes_mut().get_mut(l4_offset(from)..);
    to6::transport(transport.unwrap_or(&mut []), from, len, to, plan.partial)?;
    if plan.lacks_checksum {
        fill_udp_csum(ctx, &mut room, *from, *to, len)?;
    }
    let room = room.change_proto(l4_offset(from), hlen(from));
    let mut room = room.map_err(unwritten)?;
    let (header, rest) = room
        .bytes_mut()
        .split_at_mut_checked(ipv6::LEN)
        .unwrap_or_default();
    if let Ok(place) = header.try_into() {
        let place: &mut [u8; ipv6::LEN] = place;
        *place = plan.new.emit();
    }
    if let (Some(fragment), Some(place)) = (Fragment::of_v4(from), rest.first_chunk_mut()) {
        *place = fragment.emit(proto::protocol_to_v6(from.protocol));
    }
    Ok(room.done())
}

/// Make the UDP checksum that the IPv4 sender left out.
#[cold]
fn fill_udp_csum(
    ctx: &Ctx<'_>,
    room: &mut Room<V4>,
    from: ipv4::Header,
    to: Rewrite<Ipv6Addr>,
    len: u32,
) -> Result<(), DropReason> {
    // No kernel makes such segments.
    if room.skb().is_gso() {
        return Err(DropReason::Segmentation);
    }
    // A checksum further inside counts as it will be.
    room.finish_checksum().map_err(|_| DropReason::Truncated)?;
    let offset = l4_offset(&from);
    let datagram = room.bytes_mut().get_mut(offset..).unwrap_or(&mut []);
    let len = l4::udp_len(datagram, len)?;
    put_udp_check(datagram, 0);
    let check = to6::udp_check(&to, len, room.skb().sum(offset as u32, len));
    let datagram = room.bytes_mut().get_mut(offset..).unwrap_or(&mut []);
    put_udp_check(datagram, check);
    ctx.translator.counters.inc(Event::UdpChecksum, 1);
    Ok(())
}
