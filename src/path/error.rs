// SPDX-License-Identifier: GPL-2.0

//! ICMP errors about translated packets: a new packet goes in place of the old one.

use super::{v4::not_ours, way::Way, Origin, Place, Verdict};
use crate::{
    linux::{route::Route, skb::Skb},
    state::{
        config::Config,
        counters::{Cause, Event, Trouble},
        session::Session,
        variables::Id,
    },
    xlate::{
        header::{self, Hop, Payload},
        icmp,
        icmp_error::{self, InnerCheck, Quote4, Quote6, MAX_V6},
        ipv4, ipv6, l4,
        mtu::NextHops,
        tuple::{Tuple4, Tuple6},
        Reason,
    },
};
use kernel::sync::rcu;

/// Longest ICMPv4 error: it quotes a whole minimum IPv6 packet.
const MAX_V4: usize = MAX_V6;

fn hop(at: &Place<'_>) -> Hop {
    match at.origin {
        Origin::Network => Hop::Count,
        Origin::Local => Hop::Keep,
    }
}

/// MTUs of the links next to us towards both ends of a session.
fn next_hops(at: &Place<'_>, skb: &Skb, session: &Session, guard: &rcu::Guard) -> NextHops {
    let mtu = |route: kernel::error::Result<Route>| {
        route.map_or(u32::MAX, |route| route.borrow(guard).mtu())
    };
    let (v6, v4) = (&session.v6, &session.v4);
    NextHops {
        v6: mtu(Route::v6(at.net, skb, v6.daddr, v6.saddr, 0, l4::ICMPV6)),
        v4: mtu(Route::v4(at.net, skb, v4.saddr, v4.daddr, 0, l4::ICMP)),
    }
}

/// An ICMPv6 error whose quoted packet went from IPv4 to IPv6.
#[cold]
pub(super) fn to_v4<'g>(
    at: &Place<'g>,
    config: &Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    l4_offset: usize,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    if !skb.linearize() {
        return Err(Trouble::Memory.into());
    }
    let end = ipv6::LEN.saturating_add(header.payload_len.into());
    let message = skb.head().get(l4_offset..end).ok_or(Reason::Truncated)?;
    icmp::verify6(message, header.saddr, header.daddr)?;
    let quote = Quote6::parse(message)?;
    let sent = quote.tuple;
    let tuple = Tuple6 {
        saddr: sent.daddr,
        daddr: sent.saddr,
        sport: sent.dport,
        dport: sent.sport,
    };
    let proto = quote.protocol();
    let hash = at.translator.hash6(&tuple, proto);
    let session = at
        .translator
        .find6(hash, &tuple, proto, guard)
        .ok_or(Trouble::NoSession)?;
    let v4 = &session.v4;
    // A router that has no IPv4 address of its own answers as the pool.
    let saddr = config
        .prefix_of(header.saddr)
        .map_or(v4.saddr, |prefix| prefix.extract(header.saddr));
    let inner = Tuple4 {
        saddr: v4.daddr,
        daddr: v4.saddr,
        sport: v4.dport,
        dport: v4.sport,
    };
    let hops = next_hops(at, skb, session, guard);
    let mut out = [0; MAX_V4];
    let len = icmp_error::error_to_v4(&quote, &inner, hops, &mut out)?;

    let payload = Payload {
        protocol: l4::ICMPV6,
        len: len as u32,
        fragment: None,
        segment: None,
    };
    let id = at.translator.idents.next(session.ident, 1);
    let values = &config.values;
    let tos = (values.get(Id::IgnoreTrafficClass) != 0).then(|| values.get(Id::Tos) as u8);
    let new = header::to_v4(header, saddr, v4.daddr, &payload, id, hop(at), tos)?;
    let route = Route::v4(at.net, skb, saddr, v4.daddr, new.tos, l4::ICMP);
    let way = Way::check(at, skb, true, route)?;
    let other = write(skb, &new.emit(), out.get(..len), false)?;
    at.translator.counters.did(Event::ErrorTo4, 1);
    Ok(Verdict::Replace(other, way))
}

/// An ICMPv4 error whose quoted packet went from IPv6 to IPv4.
#[cold]
pub(super) fn to_v6<'g>(
    at: &Place<'g>,
    config: &Config,
    skb: &mut Skb,
    header: &ipv4::Header,
    l4_offset: usize,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    if !skb.linearize() {
        return Err(Trouble::Memory.into());
    }
    let message = skb
        .head()
        .get(l4_offset..usize::from(header.total_len))
        .ok_or(Reason::Truncated)?;
    let quote = match quoted4(message) {
        Ok(quote) => quote,
        Err(reason) => return not_ours(at, header, reason.into()),
    };
    let (tuple, proto) = (&quote.tuple, quote.header.protocol);
    let hash = at.translator.hash4(tuple, proto);
    let found = at.translator.find4(hash, tuple, proto, guard);
    let Some(session) = found else {
        return not_ours(at, header, Trouble::NoSession.into());
    };
    let v6 = &session.v6;
    let prefix = config.prefix_of(v6.daddr).ok_or(Trouble::NoPrefix)?;
    prefix.check_global(header.saddr)?;
    let saddr = prefix.embed(header.saddr);
    let hops = next_hops(at, skb, session, guard);
    let mut out = [0; MAX_V6];
    let len = icmp_error::error_to_v6(&quote, saddr, v6.saddr, v6, hops, &mut out)?;

    let payload = Payload {
        protocol: l4::ICMP,
        len: len as u32,
        fragment: None,
        segment: None,
    };
    let traffic_class = (config.values.get(Id::ZeroTrafficClass) != 0).then_some(0);
    let new = header::to_v6(header, saddr, v6.saddr, &payload, hop(at), traffic_class)?;
    let route = Route::v6(at.net, skb, saddr, v6.saddr, new.traffic_class, l4::ICMPV6);
    let way = Way::check(at, skb, false, route)?;
    let other = write(skb, &new.emit(), out.get(..len), true)?;
    at.translator.counters.did(Event::ErrorTo6, 1);
    Ok(Verdict::Replace(other, way))
}

fn quoted4(message: &[u8]) -> Result<Quote4<'_>, Reason> {
    icmp::verify4(message)?;
    Quote4::parse(message, InnerCheck::Ignore)
}

/// A packet of these octets in place of `skb`.
fn write(skb: &Skb, header: &[u8], message: Option<&[u8]>, ipv6: bool) -> Result<Skb, Cause> {
    let message = message.ok_or(Reason::TooBig)?;
    let len = header.len().saturating_add(message.len());
    let mut other = skb.replacement(len, ipv6).ok_or(Trouble::Memory)?;
    for (to, from) in other
        .head_mut()
        .iter_mut()
        .zip(header.iter().chain(message))
    {
        *to = *from;
    }
    Ok(other)
}
