// SPDX-License-Identifier: GPL-2.0

//! ICMP errors about translated packets: a new packet goes in place of the old one.

use super::{
    ctx::Ctx,
    egress::{next_hops, Egress, Routed},
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
        mtu::NextHops,
        packet::Packet as _,
        proto,
        to4::Headers,
        DropReason,
    },
};

/// An ICMP error in its new family, and what its route is looked up by.
struct Made<F: Routed> {
    skb: Skb<F>,
    flow: Flow<F::Addr>,
    /// It goes back at once, if it is about a packet of ours there too.
    is_hairpin: bool,
}

impl<F: Routed> Made<F> {
    /// Send it the way of packets that come in where `skb` did.
    fn send<G: Family>(self, ctx: &Ctx<'_>, skb: &Skb<G>) -> Result<(), DropReason> {
        let Made { skb: new, flow, .. } = self;
        Egress::<F>::find(ctx, skb, None, || flow)?.send(ctx, new)
    }
}

/// Translate an ICMPv6 error, if it is about a packet that went from IPv4 to IPv6.
#[cold]
pub(super) fn to_v4(ctx: &Ctx<'_>, mut skb: Skb<V6>, from: Headers) -> Outcome<V6> {
    let counters = &ctx.translator.counters;
    let made = skb.complete().and_then(|()| make_v4(ctx, &skb, &from));
    let sent = match made {
        Ok(Decision::Pass) => return Outcome::Pass(skb),
        Ok(Decision::Unclaimed) => {
            counters.inc(Event::Unclaimed, 1);
            return Outcome::Pass(skb);
        }
        Ok(Decision::Translate(error)) if error.is_hairpin => turn_back(ctx, &skb, error),
        Ok(Decision::Translate(error)) => error.send(ctx, &skb),
        Err(reason) => Err(reason),
    };
    if let Err(reason) = sent {
        return icmp_reply::drop_v6(ctx, skb, reason);
    }
    counters.claimed(Event::ErrorTo4);
    skb.consume();
    Outcome::Done
}

/// Translate an ICMPv4 error, if it is about a packet that went from IPv6 to IPv4.
#[cold]
pub(super) fn to_v6(ctx: &Ctx<'_>, mut skb: Skb<V4>, from: ipv4::Header) -> Outcome<V4> {
    let counters = &ctx.translator.counters;
    let made = skb.complete().and_then(|()| make_v6(ctx, &skb, &from));
    let sent = match made {
        Ok(Decision::Pass) => return Outcome::Pass(skb),
        Ok(Decision::Unclaimed) => {
            counters.inc(Event::Unclaimed, 1);
            return Outcome::Pass(skb);
        }
        Ok(Decision::Translate(error)) => error.send(ctx, &skb),
        Err(reason) => Err(reason),
    };
    if let Err(reason) = sent {
        return icmp_reply::drop_v4(ctx, skb, reason);
    }
    counters.claimed(Event::ErrorTo6);
    skb.consume();
    Outcome::Done
}

/// The second half of a hairpin: the error, which came in as `skb`, is an ICMPv4 one for the
/// moment.
fn turn_back(ctx: &Ctx<'_>, skb: &Skb<V6>, error: Made<V4>) -> Result<(), DropReason> {
    let counters = &ctx.translator.counters;
    let inverted = ctx.inverted();
    let ip = ipv4::Header::read(error.skb.linear())?;
    match make_v6(&inverted, &error.skb, &ip)? {
        Decision::Translate(back) => {
            back.send(&inverted, &error.skb)?;
            counters.claimed(Event::ErrorTo6);
            error.skb.consume();
            return Ok(());
        }
        Decision::Unclaimed => counters.inc(Event::Unclaimed, 1),
        Decision::Pass => {}
    }
    error.send(ctx, skb)
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

/// Decide about an ICMPv6 error, and make the ICMPv4 one.
#[inline(never)]
fn make_v4(ctx: &Ctx<'_>, skb: &Skb<V6>, from: &Headers) -> Result<Decision<Made<V4>>, DropReason> {
    let error = match decide6(ctx, skb, from)? {
        Decision::Pass => return Ok(Decision::Pass),
        Decision::Unclaimed => return Ok(Decision::Unclaimed),
        Decision::Translate(error) => error,
    };
    let (v6, v4) = (&error.quote.tuple, error.inner.inverted());
    let hops = next_hops(ctx, skb, v6.addrs(), v4.addrs());
    Ok(Decision::Translate(write_v4(ctx, skb, from, &error, hops)?))
}

/// Write the ICMPv4 error. No route is looked up and nothing sent from here: both want the stack
/// that the message takes.
#[inline(never)]
fn write_v4(
    ctx: &Ctx<'_>,
    skb: &Skb<V6>,
    from: &Headers,
    error: &ErrorTo4<'_>,
    hops: NextHops,
) -> Result<Made<V4>, DropReason> {
    let ErrorTo4 { quote, inner, .. } = error;
    let (saddr, daddr) = (error.saddr, error.daddr);
    let mut out = [0; MAX_V4];
    let len = icmp_error::error_to_v4(quote, inner, error.reporter, hops, &mut out)?;
    let message = out.get(..len).ok_or(DropReason::TooBig)?;
    let idents = &ctx.translator.idents;
    let id = idents.next(idents.slot(saddr, daddr, proto::ICMP), 1);
    let payload = payload(proto::ICMPV6, len);
    let new = header::to_v4(&from.ip, saddr, daddr, &payload, id, ctx.hop(), ctx.tos())?;
    Ok(Made {
        skb: write(skb, &new.emit(), message)?,
        flow: Flow {
            saddr,
            daddr,
            tos: new.tos,
            proto: proto::ICMP,
            selector: l4::selector(proto::ICMP, message),
        },
        is_hairpin: error.is_hairpin || ctx.is_hairpin(daddr),
    })
}

/// As [`make_v4`], from an ICMPv4 error to an ICMPv6 one.
#[inline(never)]
fn make_v6(
    ctx: &Ctx<'_>,
    skb: &Skb<V4>,
    from: &ipv4::Header,
) -> Result<Decision<Made<V6>>, DropReason> {
    let error = match decide4(ctx, skb, from)? {
        Decision::Pass => return Ok(Decision::Pass),
        Decision::Unclaimed => return Ok(Decision::Unclaimed),
        Decision::Translate(error) => error,
    };
    let (v6, v4) = (error.inner.inverted(), &error.quote.tuple);
    let hops = next_hops(ctx, skb, v6.addrs(), v4.addrs());
    Ok(Decision::Translate(write_v6(ctx, skb, from, &error, hops)?))
}

/// As [`write_v4`], the ICMPv6 error.
#[inline(never)]
fn write_v6(
    ctx: &Ctx<'_>,
    skb: &Skb<V4>,
    from: &ipv4::Header,
    error: &ErrorTo6<'_>,
    hops: NextHops,
) -> Result<Made<V6>, DropReason> {
    let ErrorTo6 { quote, inner, .. } = error;
    let (saddr, daddr) = (error.saddr, inner.saddr);
    let mut out = [0; MAX_V6];
    let len = icmp_error::error_to_v6(quote, saddr, daddr, inner, hops, &mut out)?;
    let message = out.get(..len).ok_or(DropReason::TooBig)?;
    let payload = payload(proto::ICMP, len);
    let new = header::to_v6(from, saddr, daddr, &payload, ctx.hop(), ctx.traffic_class())?;
    Ok(Made {
        skb: write(skb, &new.emit(), message)?,
        flow: Flow {
            saddr,
            daddr,
            tos: new.traffic_class,
            proto: proto::ICMPV6,
            selector: l4::selector(proto::ICMPV6, message),
        },
        is_hairpin: false,
    })
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
