// SPDX-License-Identifier: GPL-2.0

//! ICMP errors about translated packets: a new packet goes in place of the old one.

use super::{
    ctx::Ctx,
    egress::{next_hops, Egress},
    icmp_reply,
    outcome::Outcome,
};
use crate::{
    linux::{
        family::{Family, V4, V6},
        route::Flow,
        skb::Skb,
    },
    nat::error::{decide4, decide6, Decision, ErrorTo4, ErrorTo6},
    state::counters::Event,
    xlate::{
        header::{self, Payload},
        icmp_error::{self, MAX_V4, MAX_V6},
        ipv4, l4,
        packet::Packet as _,
        proto,
        to4::Headers,
        DropReason,
    },
};

/// Translate an ICMPv6 error, if it is about a packet that went from IPv4 to IPv6.
#[cold]
pub(super) fn to_v4(ctx: &Ctx<'_>, mut skb: Skb<V6>, from: &Headers) -> Outcome<V6> {
    let counters = &ctx.translator.counters;
    let complete = skb.complete();
    match complete.and_then(|()| decide6(ctx, &skb, from)) {
        Ok(Decision::Pass) => return Outcome::Pass(skb),
        Ok(Decision::Unclaimed) => {
            counters.inc(Event::Unclaimed, 1);
            return Outcome::Pass(skb);
        }
        Ok(Decision::Translate(error)) => match send_v4(ctx, &skb, from, &error) {
            Ok(()) => counters.claimed(Event::ErrorTo4),
            Err(reason) => return icmp_reply::drop_v6(ctx, skb, reason),
        },
        Err(reason) => return icmp_reply::drop_v6(ctx, skb, reason),
    }
    skb.consume();
    Outcome::Done
}

/// Translate an ICMPv4 error, if it is about a packet that went from IPv6 to IPv4.
#[cold]
pub(super) fn to_v6(ctx: &Ctx<'_>, mut skb: Skb<V4>, from: &ipv4::Header) -> Outcome<V4> {
    let counters = &ctx.translator.counters;
    let complete = skb.complete();
    match complete.and_then(|()| decide4(ctx, &skb, from)) {
        Ok(Decision::Pass) => return Outcome::Pass(skb),
        Ok(Decision::Unclaimed) => {
            counters.inc(Event::Unclaimed, 1);
            return Outcome::Pass(skb);
        }
        Ok(Decision::Translate(error)) => match send_v6(ctx, &skb, from, &error) {
            Ok(()) => counters.claimed(Event::ErrorTo6),
            Err(reason) => return icmp_reply::drop_v4(ctx, skb, reason),
        },
        Err(reason) => return icmp_reply::drop_v4(ctx, skb, reason),
    }
    skb.consume();
    Outcome::Done
}

/// An ICMP message of `len` bytes behind its header.
fn payload(protocol: u8, len: usize) -> Payload {
    Payload {
        protocol,
        len: len as u32,
        fragment: None,
        segment: None,
    }
}

/// Make the ICMPv4 error and send it on.
fn send_v4(
    ctx: &Ctx<'_>,
    skb: &Skb<V6>,
    from: &Headers,
    error: &ErrorTo4<'_>,
) -> Result<(), DropReason> {
    let ErrorTo4 { quote, inner, .. } = error;
    let (saddr, daddr) = (error.saddr, error.daddr);
    let hops = next_hops(ctx, skb, quote.tuple.addrs(), inner.inverted().addrs());
    let mut out = [0; MAX_V4];
    let len = icmp_error::error_to_v4(quote, inner, error.reporter, hops, &mut out)?;
    let message = out.get(..len).ok_or(DropReason::TooBig)?;
    let idents = &ctx.translator.idents;
    let id = idents.next(idents.slot(saddr, daddr, proto::ICMP), 1);
    let payload = payload(proto::ICMPV6, len);
    let new = header::to_v4(&from.ip, saddr, daddr, &payload, id, ctx.hop(), ctx.tos())?;
    let mut other = write(skb, &new.emit(), message)?;
    // The second half of a hairpin: the error is an ICMPv4 one for the moment.
    if error.is_hairpin || ctx.is_hairpin(daddr) {
        other = match to_v6(&ctx.inverted(), other, &new) {
            Outcome::Pass(other) => other,
            _ => return Ok(()),
        };
    }
    let flow = || Flow {
        saddr,
        daddr,
        tos: new.tos,
        proto: proto::ICMP,
        selector: l4::selector(proto::ICMP, message),
    };
    let egress = Egress::<V4>::find(ctx, skb, None, flow)?;
    egress.send(ctx, other)
}

/// Make the ICMPv6 error and send it on.
fn send_v6(
    ctx: &Ctx<'_>,
    skb: &Skb<V4>,
    from: &ipv4::Header,
    error: &ErrorTo6<'_>,
) -> Result<(), DropReason> {
    let ErrorTo6 { quote, inner, .. } = error;
    let (saddr, daddr) = (error.saddr, inner.saddr);
    let hops = next_hops(ctx, skb, inner.inverted().addrs(), quote.tuple.addrs());
    let mut out = [0; MAX_V6];
    let len = icmp_error::error_to_v6(quote, saddr, daddr, inner, hops, &mut out)?;
    let message = out.get(..len).ok_or(DropReason::TooBig)?;
    let payload = payload(proto::ICMP, len);
    let new = header::to_v6(from, saddr, daddr, &payload, ctx.hop(), ctx.traffic_class())?;
    let flow = || Flow {
        saddr,
        daddr,
        tos: new.traffic_class,
        proto: proto::ICMPV6,
        selector: l4::selector(proto::ICMPV6, message),
    };
    let egress = Egress::<V6>::find(ctx, skb, None, flow)?;
    egress.send(ctx, write(skb, &new.emit(), message)?)
}

/// A packet of these bytes in place of `skb`.
fn write<F: Family>(
    skb: &Skb<F>,
    header: &[u8],
    message: &[u8],
) -> Result<Skb<F::Other>, DropReason> {
    let len = header.len().saturating_add(message.len());
    let mut room = skb.alloc_like(len).ok_or(DropReason::NoMemory)?;
    let bytes = header.iter().chain(message);
    for (to, from) in room.bytes_mut().iter_mut().zip(bytes) {
        *to = *from;
    }
    Ok(room.done())
}
