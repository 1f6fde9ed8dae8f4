// SPDX-License-Identifier: GPL-2.0
//! Decisions about IPv4 packets (RFC 6146 section 3.5, RFC 7915 section 4).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    border::{check_source, native_yields, pass_or_drop},
    decision::{Decision, Lookup},
    error,
    options::Id,
    tcp::Flags,
    world::{Key, World},
};
use crate::xlate::{
    addresses::Addrs,
    ext::{self, Fragment},
    icmp, ipv4,
    l4::{self, Ports},
    packet::Packet,
    proto,
    rewrite::Rewrite,
    to6::{l4_offset, writable_len},
    tuple::Tuple4,
    DropReason,
};

/// Decide the fate of an IPv4 packet.
pub type Decision4<W> = Decision<Ipv6Addr, <W as World>::To6>;

/// The addresses of a packet.
const fn addrs(ip: &ipv4::Header) -> Addrs<Ipv4Addr> {
    Addrs {
        saddr: ip.saddr,
        daddr: ip.daddr,
    }
}

/// The ICMP message is an error.
fn is_error(packet: &impl Packet, ip: &ipv4::Header) -> bool {
    let kind = packet.linear().get(l4_offset(ip));
    ip.protocol == proto::ICMP && kind.is_some_and(|kind| icmp::is_error4(*kind))
}

/// Addresses and ports of a packet, inverted: the pool is the source.
#[inline(always)]
const fn tuple(ip: &ipv4::Header, ports: Ports) -> Tuple4 {
    Tuple4 {
        saddr: ip.daddr,
        daddr: ip.saddr,
        sport: ports.dport,
        dport: ports.sport,
    }
}

/// Decide about a packet with this header; `for_pool`: its destination is an address that hosts
/// share. Fails with the reason why it is dropped.
#[cold]
pub fn decide<W: World>(
    w: &W,
    packet: &mut W::Packet4,
    ip: &ipv4::Header,
    for_pool: bool,
) -> Result<Decision4<W>, DropReason> {
    match for_pool {
        true => stateful(w, packet, ip),
        false => stateless(w, packet, ip),
    }
}

/// Tell whether a packet is one that [`decide`] would not pass on; nothing changes by that.
pub fn claims<W: World>(w: &W, packet: &mut W::Packet4, for_pool: bool) -> bool {
    let Ok(ip) = ipv4::Header::read(packet.linear()) else {
        return false;
    };
    if for_pool {
        return claims_stateful(w, packet, &ip);
    }
    let has_kind = ip.frag_off == 0 && packet.pull(l4_offset(&ip).saturating_add(1));
    match has_kind && is_error(packet, &ip) {
        true => error::claims4(w, packet, &ip),
        false => claims_stateless(w, packet, &ip),
    }
}

/// Tell whether a packet is a fragment that is translated for itself.
pub fn claims_fragment<W: World>(w: &W, packet: &W::Packet4) -> bool {
    let ip = ipv4::Header::read(packet.linear());
    ip.is_ok_and(|ip| ip.is_fragment() && !w.is_pool(ip.daddr) && claims_stateless(w, packet, &ip))
}

/// The key of a packet's session.
#[inline(always)]
fn key<W: World>(w: &W, ip: &ipv4::Header, ports: Ports, transport: &[u8]) -> Key<Tuple4> {
    let tuple = tuple(ip, ports);
    Key {
        tuple,
        proto: ip.protocol,
        flags: Flags::read(ip.protocol, transport),
        tos: ip.tos,
        hash: w.hash4(&tuple, ip.protocol),
    }
}

/// Take a first look at a packet to a pool address, before [`decide`].
#[inline(always)]
pub fn look_up<W: World>(
    w: &W,
    packet: &mut W::Packet4,
    ip: &ipv4::Header,
) -> Lookup<Ipv6Addr, W::To6, Tuple4> {
    let header_len = match l4::header_len(ip.protocol) {
        Some(len) if !ip.is_fragment() && usize::from(ip.header_len) == ipv4::LEN => len,
        _ => return Lookup::Other,
    };
    if !packet.pull(ipv4::LEN.wrapping_add(header_len)) {
        return Lookup::Other;
    }
    let transport = packet.linear().get(ipv4::LEN..).unwrap_or(&[]);
    // ICMPv6 is not an IPv4 protocol; errors have no ports.
    let ports = match Ports::read(ip.protocol, transport) {
        Ok(ports) if ip.protocol != proto::ICMPV6 => ports,
        _ => return Lookup::Other,
    };
    let key = key(w, ip, ports, transport);
    match w.known4(packet, &key) {
        Ok(Some(known)) => Lookup::Known(known),
        Ok(None) => Lookup::New(key),
        Err(_) => Lookup::Other,
    }
}

/// Decide about a packet to a pool address: a host's if it has the port, else perhaps this box's
/// own.
fn stateful<W: World>(
    w: &W,
    packet: &mut W::Packet4,
    ip: &ipv4::Header,
) -> Result<Decision4<W>, DropReason> {
    if ip.is_fragment() {
        return Ok(Decision::defrag(packet));
    }
    // ICMPv6 is not an IPv4 protocol.
    let header_len = l4::session_len(ip.protocol).filter(|_| ip.protocol != proto::ICMPV6);
    let Some(header_len) = header_len else {
        return refuse_protocol(w, packet, ip);
    };
    if !packet.pull(l4_offset(ip).wrapping_add(header_len)) {
        return pass_or_drop(w, packet, ip, DropReason::Truncated);
    }
    if is_error(packet, ip) {
        return Ok(Decision::Error);
    }
    let transport = packet.linear().get(l4_offset(ip)..).unwrap_or(&[]);
    let ports = match Ports::of(ip.protocol, transport) {
        Ok(ports) => ports,
        Err(reason) => return pass_or_drop(w, packet, ip, reason),
    };
    let key = key(w, ip, ports, transport);
    match w.known4(packet, &key)? {
        Some(known) => {
            ext::check_options(packet.linear(), ip)?;
            Ok(Decision::Translate(known.0, Some(known.1)))
        }
        None if l4::is_other(ip.protocol) && !w.takes(ip.daddr, ip.protocol) => {
            refuse_protocol(w, packet, ip)
        }
        None => open(w, packet, ip, &key),
    }
}

/// Decide about a packet to a pool address that is of no protocol that its host takes.
#[cold]
fn refuse_protocol<W: World>(
    w: &W,
    packet: &W::Packet4,
    ip: &ipv4::Header,
) -> Result<Decision4<W>, DropReason> {
    pass_or_drop(w, packet, ip, DropReason::UnknownProtocol).or_else(|reason| {
        // It is answered, but not to anybody.
        check_source(w, packet, addrs(ip))?;
        Err(reason)
    })
}

/// Decide about a packet to a pool address that has no session: it opens one if a mapping has the
/// port.
#[cold]
pub fn open<W: World>(
    w: &W,
    packet: &W::Packet4,
    ip: &ipv4::Header,
    key: &Key<Tuple4>,
) -> Result<Decision4<W>, DropReason> {
    if !w.has_mapping4(&key.tuple, key.proto) {
        return refuse(w, packet, ip, key);
    }
    if w.is_taken4(packet, &key.tuple, key.proto) {
        return Ok(Decision::Unclaimed);
    }
    check_source(w, packet, addrs(ip))?;
    w.policy4(packet)?;
    let known = match w.open4(key) {
        Ok(Some(known)) => known,
        Ok(None) => return refuse(w, packet, ip, key),
        Err(DropReason::Filtered) if is_held(w, key) => {
            return Ok(Decision::Hold(key.tuple, DropReason::Filtered))
        }
        Err(reason) => return Err(reason),
    };
    ext::check_options(packet.linear(), ip)?;
    Ok(Decision::Translate(known.0, Some(known.1)))
}

/// Decide about a packet to a port of a pool address that no host has.
#[cold]
fn refuse<W: World>(
    w: &W,
    packet: &W::Packet4,
    ip: &ipv4::Header,
    key: &Key<Tuple4>,
) -> Result<Decision4<W>, DropReason> {
    match pass_or_drop(w, packet, ip, DropReason::NoMapping) {
        Err(_) if w.is_taken4(packet, &key.tuple, key.proto) => Ok(Decision::Unclaimed),
        Err(reason) if is_held(w, key) => {
            check_source(w, packet, addrs(ip))?;
            w.policy4(packet)?;
            Ok(Decision::Hold(key.tuple, reason))
        }
        other => other,
    }
}

/// A packet that is refused is the SYN of a connection that the other side may be opening, too
/// (RFC 5382 REQ-4).
fn is_held<W: World>(w: &W, key: &Key<Tuple4>) -> bool {
    key.flags.is_some_and(Flags::opens)
        && !w.is_own()
        && !w.is_inverted()
        && w.options().get(Id::HeldSyns) != 0
}

/// The SYN of a packet with this header to a port that no host has, if that may be held. Its headers
/// are brought to hand.
pub fn unclaimed_syn<W: World>(
    w: &W,
    packet: &mut W::Packet4,
    ip: &ipv4::Header,
) -> Option<Tuple4> {
    let header_len = l4::header_len(ip.protocol).filter(|_| ip.protocol == proto::TCP)?;
    if !packet.pull(l4_offset(ip).saturating_add(header_len)) {
        return None;
    }
    let transport = packet.linear().get(l4_offset(ip)..).unwrap_or(&[]);
    let key = key(w, ip, Ports::read(ip.protocol, transport).ok()?, transport);
    (is_held(w, &key) && !w.has_mapping4(&key.tuple, key.proto)).then_some(key.tuple)
}

/// A packet that leaves has the address and port of a host that talks to the same peer.
pub fn is_hosts<W: World>(w: &W, packet: &mut W::Packet4) -> bool {
    let Ok(ip) = ipv4::Header::read(packet.linear()) else {
        return false;
    };
    let header_len = l4::header_len(ip.protocol).filter(|_| ip.protocol != proto::ICMPV6);
    let Some(header_len) = header_len.filter(|_| w.is_pool(ip.saddr) && !ip.is_fragment()) else {
        return false;
    };
    if !packet.pull(l4_offset(&ip).saturating_add(header_len)) || is_error(packet, &ip) {
        return false;
    }
    let transport = packet.linear().get(l4_offset(&ip)..).unwrap_or(&[]);
    Ports::read(ip.protocol, transport).is_ok_and(|ports| {
        let session = tuple(&ip, ports).inverted();
        w.session4(&session, ip.protocol).is_some()
    })
}

/// A packet to a pool address is a host's.
fn claims_stateful<W: World>(w: &W, packet: &mut W::Packet4, ip: &ipv4::Header) -> bool {
    // Who has the port is known when the fragments are together.
    if ip.is_fragment() {
        return true;
    }
    // What nobody waits for is dropped, where it is not for this box.
    let is_nobodys = pass_or_drop::<W, (), ()>(w, packet, ip, DropReason::NoMapping).is_err();
    let header_len = l4::session_len(ip.protocol).filter(|_| ip.protocol != proto::ICMPV6);
    let Some(header_len) = header_len else {
        return is_nobodys;
    };
    if !packet.pull(l4_offset(ip).saturating_add(header_len)) {
        return is_nobodys;
    }
    if is_error(packet, ip) {
        return is_nobodys || error::claims4(w, packet, ip);
    }
    let transport = packet.linear().get(l4_offset(ip)..).unwrap_or(&[]);
    let Ok(ports) = Ports::of(ip.protocol, transport) else {
        return is_nobodys;
    };
    let Key { tuple, proto, .. } = key(w, ip, ports, transport);
    w.session4(&tuple, proto).is_some()
        || (is_nobodys || w.has_mapping4(&tuple, proto)) && !w.is_taken4(packet, &tuple, proto)
}

/// The packet is for stateless rules.
fn claims_stateless<W: World>(w: &W, packet: &W::Packet4, ip: &ipv4::Header) -> bool {
    w.addresses().claim4(addrs(ip)).is_some() && native_yields(w, packet, ip.daddr)
}

/// Decide about a packet that is for no pool: each of stateless rules is translated for itself,
/// fragments too.
#[cold]
fn stateless<W: World>(
    w: &W,
    packet: &mut W::Packet4,
    ip: &ipv4::Header,
) -> Result<Decision4<W>, DropReason> {
    let has_kind = !ip.is_fragment() && packet.pull(l4_offset(ip).saturating_add(icmp::LEN));
    if has_kind && is_error(packet, ip) {
        return Ok(Decision::Error);
    }
    let Some(pair) = w.addresses().claim4(addrs(ip)) else {
        return Ok(Decision::Pass);
    };
    if !native_yields(w, packet, ip.daddr) {
        return Ok(Decision::Pass);
    }
    check_source(w, packet, addrs(ip))?;
    w.policy4(packet)?;
    let pair = pair?;
    // Each has an ICMP of its own, and IGMP is for one link only (RFC 7915 section 4.2).
    if matches!(ip.protocol, proto::ICMPV6 | proto::IGMP) {
        return Err(DropReason::UnknownProtocol);
    }
    ext::check_options(packet.linear(), ip)?;
    let fragment = Fragment::of_v4(ip);
    if let Some(fragment) = fragment {
        if ip.protocol == proto::ICMP {
            return Ok(Decision::defrag(packet));
        }
        if packet.is_gso() {
            return Ok(Decision::Split);
        }
        ext::check_fragment(ip.protocol, fragment, ip.payload_len().into())?;
    }
    if !packet.pull(l4_offset(ip).saturating_add(writable_len(ip))) {
        return Err(DropReason::Truncated);
    }
    // Rules may ask for the ports of what is carried as it is.
    packet.pull(l4_offset(ip).saturating_add(l4::SELECTOR_LEN));
    // What cannot be summed up, or is not to be (RFC 7915 section 4.5).
    if writable_len(ip) != 0
        && ip.protocol == proto::UDP
        && (fragment.is_some() || w.options().get(Id::UdpZeroChecksum) == 0)
    {
        let datagram = packet.linear().get(l4_offset(ip)..).unwrap_or(&[]);
        l4::check_udp6(datagram)?;
    }
    Ok(Decision::Translate(Rewrite::to_v6(&pair), None))
}
