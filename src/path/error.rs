// SPDX-License-Identifier: GPL-2.0

//! ICMP errors about translated packets: a new packet goes in place of the old one.

use super::{
    border, stateless,
    v4::not_ours,
    v6,
    way::{next_hops, Way},
    Place, Verdict,
};
use crate::{
    linux::{rcu, route::Flow, skb::Skb, sys},
    state::{
        config::Config,
        counters::{Cause, Event, Trouble},
        session::Session,
        variables::Id,
    },
    xlate::{
        eam::{Ends, ErrorPair},
        header::{self, Payload},
        icmp,
        icmp_error::{self, InnerCheck, Quote4, Quote6, MAX_V6},
        ipv4, ipv6, l4, Reason,
    },
};
use core::net::Ipv4Addr;

/// Longest ICMPv4 error: it quotes a whole minimum IPv6 packet and may name its reporter.
const MAX_V4: usize = MAX_V6 + 32;

/// IPv4 source of errors from IPv6 routers that have no IPv4 form (RFC 6791): any address of a
/// pool, or else the dummy address of RFC 7600.
fn error_source(config: &Config) -> Option<Ipv4Addr> {
    let source = config.values.get(Id::ErrorSource);
    let len = config.values.get(Id::ErrorSourceLength);
    let host = u32::MAX.checked_shr(len).unwrap_or(0);
    (source != 0).then(|| Ipv4Addr::from_bits(source & !host | sys::random() & host))
}

/// Source of such an error about a packet of stateless rules, if nothing is set.
const DUMMY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// An ICMPv6 error whose quoted packet went from IPv4 to IPv6.
#[cold]
pub(super) fn to_v4<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    l4_offset: usize,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    complete(skb)?;
    let end = ipv6::LEN.saturating_add(header.payload_len.into());
    let message = skb.head().get(l4_offset..end).ok_or(Reason::Truncated)?;
    let quote = match quoted6(message, header) {
        Ok(quote) => quote,
        Err(_) if config.prefix_of(header.daddr).is_none() => return Ok(Verdict::Untouched),
        Err(reason) => return Err(reason.into()),
    };
    let addresses = config.addresses();
    let outer = Ends {
        saddr: header.saddr,
        daddr: header.daddr,
    };
    let stateless = match config.is_stateless() {
        true => addresses.error6(outer, quote.tuple.ends()),
        false => None,
    };
    let (pair, inner) = match stateless {
        Some(pair) => (pair, quote.tuple.in_v4(pair.quoted)),
        None if config.prefix_of(header.daddr).is_none() => return Ok(Verdict::Untouched),
        None => {
            let v4 = session6(at, &quote, guard)?.v4.turned();
            let pair = ErrorPair {
                saddr: addresses.v4_of(header.saddr),
                daddr: v4.saddr,
                quoted: v4.ends(),
            };
            (pair, v4)
        }
    };
    border::reporter6(at, config, header.saddr, quote.tuple.ends())?;
    border::policy(at, skb, true, guard)?;
    // A router that has no IPv4 form answers as the pool, unless told otherwise.
    let source = match stateless {
        Some(_) => Some(error_source(config).unwrap_or(DUMMY)),
        None => error_source(config),
    };
    let saddr = pair.saddr.or(source).unwrap_or(inner.daddr);
    let reporter = (pair.saddr.is_none() && source.is_some()).then_some(header.saddr);
    let hops = next_hops(at, skb, quote.tuple.ends(), inner.turned().ends(), guard);
    let mut out = [0; MAX_V4];
    let len = icmp_error::error_to_v4(&quote, &inner, reporter, hops, &mut out)?;

    let payload = Payload {
        protocol: l4::ICMPV6,
        len: len as u32,
        fragment: None,
        segment: None,
    };
    let idents = &at.translator.idents;
    let id = idents.next(idents.slot(saddr, pair.daddr, l4::ICMP), 1);
    let values = &config.values;
    let tos = (values.get(Id::IgnoreTrafficClass) != 0).then(|| values.get(Id::Tos) as u8);
    let new = header::to_v4(header, saddr, pair.daddr, &payload, id, at.hop(), tos)?;
    let mut other = write(skb, &new.emit(), out.get(..len), false)?;
    let turns = stateless.is_some() && addresses.is_hairpin(pair.daddr);
    if turns || v6::turns_back(at, config, pair.daddr) {
        if let Some(verdict) = back_to_v6(at, config, &mut other, guard)? {
            at.translator.counters.claimed(Event::ErrorTo4);
            return Ok(verdict);
        }
    }
    let flow = Flow {
        saddr,
        daddr: pair.daddr,
        tos: new.tos,
        proto: l4::ICMP,
        selector: l4::selector(l4::ICMP, &out),
    };
    let way = Way::v4(at, skb, &flow, None, guard)?;
    Ok(Verdict::Replace(other, way, Event::ErrorTo4))
}

/// Whether an ICMPv6 error is about a packet that we translated.
pub(super) fn claims6(
    at: &Place<'_>,
    skb: &mut Skb,
    header: &ipv6::Header,
    l4_offset: usize,
    guard: &rcu::Guard,
) -> bool {
    let end = ipv6::LEN.saturating_add(header.payload_len.into());
    if !skb.linearize() {
        return false;
    }
    let message = skb.head().get(l4_offset..end);
    let Some(Ok(quote)) = message.map(|message| quoted6(message, header)) else {
        return false;
    };
    let outer = Ends {
        saddr: header.saddr,
        daddr: header.daddr,
    };
    let addresses = at.config.addresses();
    at.config.is_stateless() && addresses.error6(outer, quote.tuple.ends()).is_some()
        || session6(at, &quote, guard).is_ok()
}

/// Whether an ICMPv4 error is about a packet that we translated.
pub(super) fn claims4(
    at: &Place<'_>,
    skb: &mut Skb,
    header: &ipv4::Header,
    guard: &rcu::Guard,
) -> bool {
    if !skb.linearize() {
        return false;
    }
    let message = skb
        .head()
        .get(header.header_len.into()..header.total_len.into());
    let quote = message.map(quoted4);
    let Some(Ok(quote)) = quote else {
        return false;
    };
    let outer = Ends {
        saddr: header.saddr,
        daddr: header.daddr,
    };
    let addresses = at.config.addresses();
    at.config.is_stateless() && addresses.error4(outer, quote.tuple.ends()).is_some()
        || session4(at, &quote, guard).is_some()
}

/// Brings all octets of an error to hand, with its checksum.
fn complete(skb: &mut Skb) -> Result<(), Cause> {
    skb.finish_checksum().map_err(|_| Reason::Truncated)?;
    match skb.linearize() {
        true => Ok(()),
        false => Err(Trouble::Memory.into()),
    }
}

fn quoted6<'a>(message: &'a [u8], header: &ipv6::Header) -> Result<Quote6<'a>, Reason> {
    icmp::verify6(message, header.saddr, header.daddr)?;
    Quote6::parse_bare(message)
}

/// The session that a quoted IPv6 packet belongs to.
fn session6<'g>(
    at: &Place<'g>,
    quote: &Quote6<'_>,
    guard: &'g rcu::Guard,
) -> Result<&'g Session, Cause> {
    if let Some(reason) = quote.bare {
        return Err(reason.into());
    }
    let tuple = quote.tuple.turned();
    let proto = quote.protocol();
    let hash = at.translator.hash6(&tuple, proto);
    let session = at.translator.find6(hash, &tuple, proto, guard);
    Ok(session.ok_or(Trouble::NoSession)?)
}

/// The second half of a hairpin (RFC 7757 section 4.2.2): the error is an ICMPv4 one for the moment.
/// Nothing if it is about no packet of ours after all.
fn back_to_v6<'g>(
    at: &Place<'g>,
    config: &'g Config,
    other: &mut Skb,
    guard: &'g rcu::Guard,
) -> Result<Option<Verdict<'g>>, Cause> {
    let header = ipv4::Header::read(other.head())?;
    match to_v6(&at.turned(), config, other, &header, ipv4::LEN, guard)? {
        Verdict::Untouched => Ok(None),
        verdict => Ok(Some(verdict)),
    }
}

/// An ICMPv4 error whose quoted packet went from IPv6 to IPv4.
#[cold]
pub(super) fn to_v6<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv4::Header,
    l4_offset: usize,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    complete(skb)?;
    let message = skb
        .head()
        .get(l4_offset..usize::from(header.total_len))
        .ok_or(Reason::Truncated)?;
    let quote = match quoted4(message) {
        Ok(quote) => quote,
        Err(reason) => return not_ours(at, skb, header, reason.into(), guard),
    };
    let outer = Ends {
        saddr: header.saddr,
        daddr: header.daddr,
    };
    let stateless = match config.is_stateless() {
        true => config.addresses().error4(outer, quote.tuple.ends()),
        false => None,
    };
    let (saddr, inner) = match stateless {
        Some(_) if !stateless::native_yields(at, config, skb, header.daddr, guard) => {
            return Ok(Verdict::Untouched)
        }
        Some(pair) => {
            let pair = pair?;
            let saddr = pair.saddr.ok_or(Reason::MartianSource)?;
            (saddr, quote.tuple.in_v6(pair.quoted))
        }
        None => {
            let Some(session) = session4(at, &quote, guard) else {
                let cause = quote.bare.map_or(Trouble::NoSession.into(), Cause::from);
                return not_ours(at, skb, header, cause, guard);
            };
            let v6 = session.v6;
            let prefix = config.prefix_of(v6.daddr).ok_or(Trouble::NoPrefix)?;
            (prefix.source(header.saddr)?, v6)
        }
    };
    border::source4(at, skb, outer, guard)?;
    border::policy(at, skb, false, guard)?;
    let daddr = inner.saddr;
    let hops = next_hops(at, skb, inner.turned().ends(), quote.tuple.ends(), guard);
    let mut out = [0; MAX_V6];
    let len = icmp_error::error_to_v6(&quote, saddr, daddr, &inner, hops, &mut out)?;

    let payload = Payload {
        protocol: l4::ICMP,
        len: len as u32,
        fragment: None,
        segment: None,
    };
    let traffic_class = (config.values.get(Id::ZeroTrafficClass) != 0).then_some(0);
    let new = header::to_v6(header, saddr, daddr, &payload, at.hop(), traffic_class)?;
    let flow = Flow {
        saddr,
        daddr,
        tos: new.traffic_class,
        proto: l4::ICMPV6,
        selector: l4::selector(l4::ICMPV6, &out),
    };
    let way = Way::v6(at, skb, &flow, None, guard)?;
    let other = write(skb, &new.emit(), out.get(..len), true)?;
    Ok(Verdict::Replace(other, way, Event::ErrorTo6))
}

/// The session that a quoted IPv4 packet belongs to.
fn session4<'g>(at: &Place<'g>, quote: &Quote4<'_>, guard: &'g rcu::Guard) -> Option<&'g Session> {
    if quote.bare.is_some() {
        return None;
    }
    let (tuple, proto) = (&quote.tuple, quote.header.protocol);
    let hash = at.translator.hash4(tuple, proto);
    at.translator.find4(hash, tuple, proto, guard)
}

fn quoted4(message: &[u8]) -> Result<Quote4<'_>, Reason> {
    icmp::verify4(message)?;
    Quote4::parse_bare(message, InnerCheck::Ignore)
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
