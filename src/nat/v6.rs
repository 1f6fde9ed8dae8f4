// SPDX-License-Identifier: GPL-2.0
//! Decisions about IPv6 packets (RFC 6146 section 3.5, RFC 7915 section 5).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    border::is_native,
    decision::{Decision, Lookup},
    error,
    tcp::Flags,
    world::{Key, World},
};
use crate::xlate::{
    addr,
    addresses::Addrs,
    ext, icmp, ipv6,
    l4::{self, Ports},
    packet::Packet,
    proto,
    rewrite::Rewrite,
    to4::Headers,
    tuple::Tuple6,
    DropReason,
};

/// Bytes that are looked at for headers.
const HEADERS: usize = 2048;

/// Decide the fate of an IPv6 packet.
pub type Decision6<W> = Decision<Ipv4Addr, <W as World>::To4>;

/// The addresses of a packet.
const fn addrs(ip: &ipv6::Header) -> Addrs<Ipv6Addr> {
    Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    }
}

/// Bring the headers of a packet to hand.
fn pull_headers(packet: &mut impl Packet) {
    packet.pull(HEADERS.min(packet.total_len() as usize));
}

/// The type of an ICMPv6 message that is an error.
fn is_error(packet: &impl Packet, from: &Headers) -> bool {
    let kind = packet.linear().get(from.l4_offset());
    from.walk.protocol == proto::ICMPV6 && kind.is_some_and(|kind| icmp::is_error6(*kind))
}

/// Addresses and ports of a packet.
#[inline(always)]
const fn tuple(ip: &ipv6::Header, ports: Ports) -> Tuple6 {
    Tuple6 {
        saddr: ip.saddr,
        daddr: ip.daddr,
        sport: ports.sport,
        dport: ports.dport,
    }
}

/// Read the headers of a packet. Fails where they are not for translation.
#[inline(always)]
pub fn headers(packet: &mut impl Packet) -> Result<Headers, DropReason> {
    let ip = ipv6::Header::parse(packet.linear())?;
    if !matches!(ip.next_header, proto::TCP | proto::UDP) {
        pull_headers(packet);
    }
    let walk = ext::walk(packet.linear())?;
    Ok(Headers { ip, walk })
}

/// The key of a packet's session.
#[inline(always)]
fn key<W: World>(w: &W, from: &Headers, ports: Ports, transport: &[u8]) -> Key<Tuple6> {
    let tuple = tuple(&from.ip, ports);
    let proto = proto::protocol_to_v4(from.walk.protocol);
    Key {
        tuple,
        proto,
        flags: Flags::read(proto, transport),
        tos: from.ip.traffic_class,
        hash: w.hash6(&tuple, proto),
    }
}

/// Take a first look at a packet whose destination is under a prefix, before [`decide`].
#[inline(always)]
pub fn look_up<W: World>(
    w: &W,
    packet: &mut W::Packet6,
    from: &Headers,
) -> Lookup<Ipv4Addr, W::To4, Tuple6> {
    let walk = &from.walk;
    let header_len = match l4::header_len(walk.protocol) {
        Some(len) if !w.is_stateless() && !walk.fragment.is_some_and(|it| it.is_piece()) => len,
        _ => return Lookup::Other,
    };
    if !packet.pull(from.l4_offset().wrapping_add(header_len)) {
        return Lookup::Other;
    }
    let transport = packet.linear().get(from.l4_offset()..).unwrap_or(&[]);
    // ICMP is not an IPv6 protocol; errors have no ports.
    let ports = match Ports::read(walk.protocol, transport) {
        Ok(ports) if walk.protocol != proto::ICMP => ports,
        _ => return Lookup::Other,
    };
    let key = key(w, from, ports, transport);
    match w.known6(packet, &key) {
        Ok(Some(known)) => Lookup::Known(known),
        Ok(None) => Lookup::New(key),
        Err(_) => Lookup::Other,
    }
}

/// Decide about a packet with these headers, whose destination is under a prefix or mapped. Fails
/// with the reason why it is dropped.
#[cold]
pub fn decide<W: World>(
    w: &W,
    packet: &mut W::Packet6,
    from: &Headers,
) -> Result<Decision6<W>, DropReason> {
    let Headers { ip, walk } = from;
    if w.is_stateless() {
        if let Some(decision) = stateless(w, packet, from)? {
            return Ok(decision);
        }
    }
    if walk.fragment.is_some_and(|it| it.is_piece()) {
        return Ok(match is_native(w, packet, addrs(ip)) {
            true => Decision::Pass,
            false => Decision::defrag(packet),
        });
    }
    // ICMP is not an IPv6 protocol.
    let header_len = l4::session_len(walk.protocol).filter(|_| walk.protocol != proto::ICMP);
    let Some(header_len) = header_len else {
        return refuse(w, packet, from, DropReason::UnknownProtocol);
    };
    if !packet.pull(from.l4_offset().wrapping_add(header_len)) {
        return Err(DropReason::Truncated);
    }
    if is_error(packet, from) {
        // One to a host of its own route, which sent what it is about: perhaps from this box itself.
        return Ok(match is_native(w, packet, addrs(ip)) {
            true => Decision::Pass,
            false => Decision::Error,
        });
    }
    let transport = packet.linear().get(from.l4_offset()..).unwrap_or(&[]);
    let ports = match Ports::of(walk.protocol, transport) {
        Ok(ports) => ports,
        Err(_) if is_for_proxy(w, packet, ip, transport) => return Ok(Decision::Solicitation),
        Err(reason) => return refuse(w, packet, from, reason),
    };
    let key = key(w, from, ports, transport);
    match w.known6(packet, &key)? {
        Some(known) => Ok(Decision::Translate(known.0, Some(known.1))),
        // Only where a rule says so (RFC 6146 section 3.4).
        None if l4::is_other(key.proto) && w.rule(&key.tuple, key.proto).is_none() => {
            refuse(w, packet, from, DropReason::UnknownProtocol)
        }
        None => open(w, packet, ip, &key),
    }
}

/// Tell whether a packet, whose headers are not for translation, may go as it is.
#[cold]
pub fn may_pass<W: World>(w: &W, packet: &W::Packet6) -> bool {
    ipv6::Header::parse(packet.linear()).is_ok_and(|ip| {
        let is_others = w.prefix_of(ip.daddr).is_none() && !claims_stateless(w, packet, &ip);
        is_others || is_native(w, packet, addrs(&ip))
    })
}

/// Tell whether a packet is one that [`decide`] would not pass on; nothing changes by that.
pub fn claims<W: World>(w: &W, packet: &mut W::Packet6) -> bool {
    let Ok(ip) = ipv6::Header::parse(packet.linear()) else {
        return false;
    };
    if w.is_stateless() && claims_stateless(w, packet, &ip) {
        return true;
    }
    if is_native(w, packet, addrs(&ip)) {
        return false;
    }
    pull_headers(packet);
    let under_prefix = w.prefix_of(ip.daddr).is_some();
    // What cannot be translated is ours too: it is dropped.
    let Ok(walk) = ext::walk(packet.linear()) else {
        return under_prefix;
    };
    let from = Headers { ip, walk };
    if is_error(packet, &from) {
        return under_prefix || error::claims6(w, packet, &from);
    }
    let is_others = w.is_stateless() && w.addresses().already_translated(addrs(&ip));
    if !under_prefix || is_others {
        return false;
    }
    // Who its host is is known when the fragments are together; what has no rule may be refused.
    let is_refused = addr::illegal_source6(ip.saddr)
        || w.prefix_of(ip.saddr).is_some()
        || w.has_hosts6() && !w.is_stateful();
    if is_refused || from.walk.fragment.is_some_and(|it| it.is_piece()) {
        return true;
    }
    let transport = packet.linear().get(from.l4_offset()..).unwrap_or(&[]);
    let proto = proto::protocol_to_v4(walk.protocol);
    l4::is_other(proto)
        || Ports::read(walk.protocol, transport).map_or(true, |ports| {
            let tuple = tuple(&ip, ports);
            w.rule(&tuple, proto).is_some() || w.session6(&tuple, proto).is_some()
        })
}

/// Tell whether a packet is a fragment that is translated for itself.
pub fn claims_fragment<W: World>(w: &W, packet: &mut W::Packet6) -> bool {
    match ipv6::Header::parse(packet.linear()) {
        Ok(ip) if ext::is_skipped(ip.next_header) => {
            pull_headers(packet);
            let walk = ext::walk(packet.linear());
            walk.is_ok_and(|walk| walk.fragment.is_some_and(|it| it.is_piece()))
                && claims_stateless(w, packet, &ip)
        }
        _ => false,
    }
}

/// A packet that cannot be translated: dropped, unless it can go as it is.
#[cold]
fn refuse<W: World>(
    w: &W,
    packet: &W::Packet6,
    from: &Headers,
    reason: DropReason,
) -> Result<Decision6<W>, DropReason> {
    match is_native(w, packet, addrs(&from.ip)) {
        true => Ok(Decision::Pass),
        false => Err(reason),
    }
}

/// The packet is a neighbour solicitation that this host may answer for another: what
/// ip6_forward() gives to itself.
fn is_for_proxy<W: World>(w: &W, packet: &W::Packet6, ip: &ipv6::Header, transport: &[u8]) -> bool {
    !w.is_own()
        && ip.hop_limit == 255
        && transport.first() == Some(&icmp::v6::SOLICITATION)
        && w.is_proxy(packet)
}

/// Decide about a packet that has no session: it opens one if a rule wants it.
#[cold]
pub fn open<W: World>(
    w: &W,
    packet: &W::Packet6,
    ip: &ipv6::Header,
    key: &Key<Tuple6>,
) -> Result<Decision6<W>, DropReason> {
    if is_native(w, packet, addrs(ip)) {
        return Ok(Decision::Unclaimed);
    }
    if addr::illegal_source6(ip.saddr) {
        return Err(DropReason::MartianSource);
    }
    if w.prefix_of(ip.saddr).is_some() {
        return Err(DropReason::SourceInPrefix);
    }
    let rule = w.rule(&key.tuple, key.proto);
    if rule.is_some() {
        w.policy6(packet)?;
    }
    match w.open6(key, rule)? {
        Some(known) => Ok(Decision::Translate(known.0, Some(known.1))),
        None if w.has_hosts6() && !w.is_stateful() => Err(DropReason::UnmappedSource),
        None => Ok(Decision::Unclaimed),
    }
}

/// The packet is for stateless rules.
fn claims_stateless<W: World>(w: &W, packet: &W::Packet6, ip: &ipv6::Header) -> bool {
    w.addresses().claim6(addrs(ip)).is_some() && !is_native(w, packet, addrs(ip))
}

/// Decide about a packet if stateless rules are for it: each is translated for itself, fragments
/// too. ICMPv6 errors are looked at elsewhere.
#[cold]
fn stateless<W: World>(
    w: &W,
    packet: &mut W::Packet6,
    from: &Headers,
) -> Result<Option<Decision6<W>>, DropReason> {
    let (ip, walk) = (&from.ip, &from.walk);
    let first = walk.fragment.is_none_or(|it| it.offset == 0);
    if first && packet.pull(from.l4_offset().saturating_add(1)) && is_error(packet, from) {
        return Ok(None);
    }
    let Some(pair) = w.addresses().claim6(addrs(ip)) else {
        let for_others =
            w.prefix_of(ip.daddr).is_none() || w.addresses().already_translated(addrs(ip));
        return Ok(for_others.then_some(Decision::Pass));
    };
    if is_native(w, packet, addrs(ip)) {
        return Ok(Some(Decision::Pass));
    }
    w.policy6(packet)?;
    if addr::illegal_source6(ip.saddr) {
        return Err(DropReason::MartianSource);
    }
    let pair = pair?;
    // Each has an ICMP of its own.
    if walk.protocol == proto::ICMP {
        return Err(DropReason::UnknownProtocol);
    }
    if let Some(fragment) = walk.fragment.filter(|it| it.is_piece()) {
        // Its checksum needs the length of the whole (RFC 7915 section 5.2), and a host that shares its
        // address is known by ports only.
        if walk.protocol == proto::ICMPV6 || w.is_pool(pair.v4.daddr) {
            return Ok(Some(Decision::defrag(packet)));
        }
        if packet.is_gso() {
            return Ok(Some(Decision::Split));
        }
        let len = (packet.total_len() as usize).saturating_sub(from.l4_offset());
        ext::check_fragment(walk.protocol, fragment, len)?;
    }
    if !packet.pull(from.l4_offset().saturating_add(from.writable_len())) {
        return Err(DropReason::Truncated);
    }
    // Rules may ask for the ports of what is carried as it is.
    packet.pull(from.l4_offset().saturating_add(l4::SELECTOR_LEN));
    Ok(Some(Decision::Translate(Rewrite::to_v4(&pair), None)))
}
