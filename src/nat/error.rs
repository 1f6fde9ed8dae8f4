// SPDX-License-Identifier: GPL-2.0
//! Decisions about ICMP errors: what they quote tells whose they are (RFC 6146 section 3.5,
//! RFC 7757 section 4.2).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    border::{check_reporter6, check_source, native_yields, pass_or_drop},
    decision,
    world::World,
};
use crate::xlate::{
    addresses::{Addrs, ErrorXlat},
    icmp, ipv4, ipv6, l4,
    packet::Packet,
    quote::{InnerCheck, Quote4, Quote6},
    to4::Headers,
    to6::l4_offset,
    tuple::{Tuple4, Tuple6},
    DropReason,
};

/// Source of errors about packets of stateless rules from routers that have no IPv4 form, if none
/// is set (RFC 7600 section 4.5).
const DUMMY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// How an ICMPv6 error becomes an ICMPv4 one.
pub struct ErrorTo4<'a> {
    /// The error and what it quotes.
    pub quote: Quote6<'a>,
    /// The quoted packet in IPv4.
    pub inner: Tuple4,
    /// Source of the new error.
    pub saddr: Ipv4Addr,
    /// Destination of the new error.
    pub daddr: Ipv4Addr,
    /// The reporter, where that has no IPv4 form.
    pub reporter: Option<Ipv6Addr>,
    /// It is for a host with stateless rules on the side where it came in.
    pub is_hairpin: bool,
}

/// How an ICMPv4 error becomes an ICMPv6 one.
pub struct ErrorTo6<'a> {
    /// The error and what it quotes.
    pub quote: Quote4<'a>,
    /// The quoted packet in IPv6.
    pub inner: Tuple6,
    /// Source of the new error; it goes to the source of the quoted packet.
    pub saddr: Ipv6Addr,
}

/// Decide the fate of an ICMP error.
pub enum Decision<E> {
    /// It is about no packet of ours.
    Pass,
    /// The same, and it is to a pool address that is the box's own.
    Unclaimed,
    /// It is translated.
    Translate(E),
}

fn quoted6<'a>(packet: &'a impl Packet, from: &Headers) -> Result<Quote6<'a>, DropReason> {
    let end = ipv6::LEN.saturating_add(from.ip.payload_len.into());
    let message = packet.linear().get(from.l4_offset()..end);
    let message = message.ok_or(DropReason::Truncated)?;
    icmp::verify6(message, from.ip.saddr, from.ip.daddr)?;
    Quote6::parse_any(message)
}

fn quoted4<'a>(packet: &'a impl Packet, ip: &ipv4::Header) -> Result<Quote4<'a>, DropReason> {
    let message = packet.linear().get(l4_offset(ip)..ip.total_len.into());
    let message = message.ok_or(DropReason::Truncated)?;
    icmp::verify4(message)?;
    Quote4::parse_any(message, InnerCheck::Ignore)
}

/// Why an error about a packet without a session is dropped.
const fn not_ours(protocol: u8) -> DropReason {
    match l4::is_other(protocol) {
        true => DropReason::InnerProtocol,
        false => DropReason::NoSession,
    }
}

/// The quoted packet in IPv4, if it is one of a session.
fn session6<W: World>(w: &W, quote: &Quote6<'_>) -> Result<Tuple4, DropReason> {
    if let Some(reason) = quote.no_ports {
        return Err(reason);
    }
    let session = w.session6(&quote.tuple.inverted(), quote.protocol());
    Ok(session.ok_or(not_ours(quote.protocol()))?.inverted())
}

/// The quoted packet in IPv6, turned round, if it is one of a session.
fn session4<W: World>(w: &W, quote: &Quote4<'_>) -> Option<Tuple6> {
    match quote.no_ports {
        Some(_) => None,
        None => w.session4(&quote.tuple, quote.header.protocol),
    }
}

/// Decide about an ICMPv6 error, all of whose bytes are at hand. Fails with the reason why it is
/// dropped.
pub fn decide6<'p, W: World>(
    w: &W,
    packet: &'p W::Packet6,
    from: &Headers,
) -> Result<Decision<ErrorTo4<'p>>, DropReason> {
    let ip = &from.ip;
    let under_prefix = w.prefix_of(ip.daddr).is_some();
    let quote = match quoted6(packet, from) {
        Ok(quote) => quote,
        Err(_) if !under_prefix => return Ok(Decision::Pass),
        Err(reason) => return Err(reason),
    };
    let outer = Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    };
    let addresses = w.addresses();
    let stateless = match w.is_stateless() {
        true => addresses.error6(outer, quote.tuple.addrs()),
        false => None,
    };
    let (pair, inner) = match stateless {
        Some(pair) => (pair, quote.tuple.in_v4(pair.quoted)),
        None if !under_prefix => return Ok(Decision::Pass),
        None => {
            let v4 = session6(w, &quote)?;
            let pair = ErrorXlat {
                saddr: addresses.v4_of(ip.saddr),
                daddr: v4.saddr,
                quoted: v4.addrs(),
            };
            (pair, v4)
        }
    };
    check_reporter6(w, ip.saddr, quote.tuple.addrs())?;
    w.policy6(packet)?;
    // A router that has no IPv4 form answers as the pool, unless told otherwise.
    let source = match stateless {
        Some(_) => Some(w.error_source().unwrap_or(DUMMY)),
        None => w.error_source(),
    };
    Ok(Decision::Translate(ErrorTo4 {
        saddr: pair.saddr.or(source).unwrap_or(inner.daddr),
        daddr: pair.daddr,
        reporter: (pair.saddr.is_none() && source.is_some()).then_some(ip.saddr),
        is_hairpin: stateless.is_some() && addresses.is_hairpin(pair.daddr),
        quote,
        inner,
    }))
}

/// An ICMPv4 error about no packet of ours.
fn others4<W: World, E>(
    w: &W,
    packet: &W::Packet4,
    ip: &ipv4::Header,
    reason: DropReason,
) -> Result<Decision<E>, DropReason> {
    let decision = pass_or_drop::<W, (), ()>(w, packet, ip, reason)?;
    match decision {
        decision::Decision::Unclaimed => Ok(Decision::Unclaimed),
        _ if is_to_stateless(w, packet, ip) => Err(reason),
        _ => Ok(Decision::Pass),
    }
}

/// An ICMPv4 message is for a host of stateless rules.
fn is_to_stateless<W: World>(w: &W, packet: &W::Packet4, ip: &ipv4::Header) -> bool {
    let outer = Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    };
    w.is_stateless() && w.addresses().claim4(outer).is_some() && native_yields(w, packet, ip.daddr)
}

/// Decide about an ICMPv4 error, all of whose bytes are at hand. Fails with the reason why it is
/// dropped.
pub fn decide4<'p, W: World>(
    w: &W,
    packet: &'p W::Packet4,
    ip: &ipv4::Header,
) -> Result<Decision<ErrorTo6<'p>>, DropReason> {
    let quote = match quoted4(packet, ip) {
        Ok(quote) => quote,
        Err(reason) => return others4(w, packet, ip, reason),
    };
    let outer = Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    };
    let stateless = match w.is_stateless() {
        true => w.addresses().error4(outer, quote.tuple.addrs()),
        false => None,
    };
    let (saddr, inner) = match stateless {
        Some(_) if !native_yields(w, packet, ip.daddr) => return Ok(Decision::Pass),
        Some(pair) => {
            let pair = pair?;
            let saddr = pair.saddr.ok_or(DropReason::MartianSource)?;
            (saddr, quote.tuple.in_v6(pair.quoted))
        }
        None => {
            let Some(v6) = session4(w, &quote) else {
                let reason = quote.no_ports.unwrap_or(not_ours(quote.header.protocol));
                return others4(w, packet, ip, reason);
            };
            let prefix = w.prefix_of(v6.daddr).ok_or(DropReason::NoPrefix)?;
            (prefix.source(ip.saddr)?, v6)
        }
    };
    check_source(w, packet, outer)?;
    w.policy4(packet)?;
    Ok(Decision::Translate(ErrorTo6 {
        quote,
        inner,
        saddr,
    }))
}

/// Tell whether an ICMPv6 error is about a packet that we translated.
pub fn claims6<W: World>(w: &W, packet: &mut W::Packet6, from: &Headers) -> bool {
    if !packet.pull(packet.total_len() as usize) {
        return false;
    }
    let Ok(quote) = quoted6(packet, from) else {
        return false;
    };
    let outer = Addrs {
        saddr: from.ip.saddr,
        daddr: from.ip.daddr,
    };
    w.is_stateless() && w.addresses().error6(outer, quote.tuple.addrs()).is_some()
        || session6(w, &quote).is_ok()
}

/// Tell whether an ICMPv4 error is about a packet that we translated.
pub fn claims4<W: World>(w: &W, packet: &mut W::Packet4, ip: &ipv4::Header) -> bool {
    if !packet.pull(packet.total_len() as usize) {
        return false;
    }
    if !w.is_pool(ip.daddr) && is_to_stateless(w, packet, ip) {
        return true;
    }
    let Ok(quote) = quoted4(packet, ip) else {
        return false;
    };
    let outer = Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    };
    w.is_stateless() && w.addresses().error4(outer, quote.tuple.addrs()).is_some()
        || session4(w, &quote).is_some()
}
