// SPDX-License-Identifier: GPL-2.0

//! IPv6 packets on their way to IPv4.

use super::{
    border, error, mss, rewrite, stateless,
    target::Target,
    tell, unwritten, v4,
    way::{Kept, Way},
    Direction, Origin, Place, Verdict,
};
use crate::{
    linux::{
        bh::BhGuard,
        defrag::Outcome,
        hooks::Family,
        rcu,
        route::{native6, Flow},
        skb::Skb,
        sys,
    },
    nat::tcp,
    state::{
        config::Config,
        counters::{Cause, Event, Trouble},
        session::Session,
        translator::Arrival,
        variables::Id,
    },
    xlate::{
        addr,
        eam::Ends,
        ext::{self, Fragment, Walk},
        header::{self, Payload},
        icmp, ipv4, ipv6,
        l4::{self, Ports},
        mtu::{self, Fit},
        tuple::Tuple6,
        Reason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// Octets that are looked at for headers.
const HEADERS: usize = 2048;
/// What a fragment grows less in IPv4: 40 + 8 octets of headers become 20.
const FRAGMENT_SHRINKS: u16 = 28;

pub(super) struct V6;

impl Direction for V6 {
    const FAMILY: Family = Family::V6;

    type Concern = ();

    #[inline(always)]
    fn concern(config: &Config, skb: &Skb) -> Option<()> {
        let octets = skb.head().get(24..)?.first_chunk::<16>()?;
        let daddr = Ipv6Addr::from(*octets);
        (config.prefix_of(daddr).is_some() || is_mapped(config, daddr)).then_some(())
    }

    #[inline(always)]
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        (): (),
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause> {
        let config = at.config;
        claimed(at, config, skb, guard).map_err(|cause| tell::sender6(at, config, skb, cause))
    }

    fn claims(at: &Place<'_>, skb: &mut Skb, (): (), guard: &rcu::Guard) -> bool {
        let header = ipv6::Header::parse(skb.head());
        header.is_ok_and(|header| claims(at, at.config, skb, &header, guard))
    }

    fn claims_fragment(at: &Place<'_>, skb: &mut Skb, guard: &rcu::Guard) -> bool {
        let config = at.config;
        match ipv6::Header::parse(skb.head()) {
            Ok(header) if ext::is_skipped(header.next_header) => {
                skb.pull(HEADERS.min(skb.len() as usize));
                let walk = ext::walk(skb.head());
                walk.is_ok_and(|walk| walk.fragment.is_some_and(is_piece))
                    && stateless::claims6(at, config, skb, &header, guard)
            }
            _ => false,
        }
    }

    fn collect(at: &Place<'_>, skb: Skb, bh: &BhGuard) -> Option<Outcome> {
        let defrag = at.translator.defrag6.as_ref()?;
        Some(defrag.packet(at.net, skb, bh))
    }
}

/// Whether packets to an address may turn into ones to an IPv4 host of ours.
#[inline(always)]
fn is_mapped(config: &Config, daddr: Ipv6Addr) -> bool {
    config.is_stateless() && config.addresses().mapping6(daddr).is_some()
}

/// Whether a fragment has others. One that is whole by itself waits for nobody (RFC 6946).
#[inline(always)]
fn is_piece(fragment: Fragment) -> bool {
    fragment.offset != 0 || fragment.more
}

/// A packet whose destination is under a prefix.
#[inline(always)]
fn claimed<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let header = ipv6::Header::parse(skb.head())?;
    if !matches!(header.next_header, l4::TCP | l4::UDP) {
        skb.pull(HEADERS.min(skb.len() as usize));
    }
    let walk = ext::walk(skb.head())?;
    if config.is_stateless() {
        if let Some(verdict) = stateless::to_v4(at, config, skb, &header, &walk, guard)? {
            return Ok(verdict);
        }
    }
    if walk.fragment.is_some_and(is_piece) {
        return Ok(Verdict::collect(skb));
    }
    let l4_offset = usize::from(walk.l4_offset);
    // ICMP is not an IPv6 protocol.
    let header_len = l4::header_len(walk.protocol).filter(|_| walk.protocol != l4::ICMP);
    let Some(header_len) = header_len else {
        return refuse(
            at,
            config,
            skb,
            &header,
            Reason::UnknownProtocol.into(),
            guard,
        );
    };
    if !skb.pull(l4_offset.wrapping_add(header_len)) {
        return Err(Reason::Truncated.into());
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if walk.protocol == l4::ICMPV6 && transport.first().is_some_and(|kind| icmp::is_error6(*kind)) {
        // One to a host of its own route, which sent what it is about: perhaps from this box itself.
        if is_native(at, config, skb, (header.saddr, header.daddr), guard) {
            return Ok(Verdict::Untouched);
        }
        return error::to_v4(at, config, skb, &header, l4_offset, guard);
    }
    let ports = match Ports::read(walk.protocol, transport) {
        Ok(ports) => ports,
        Err(_) if is_for_proxy(at, skb, &header, transport, guard) => {
            return Ok(Verdict::Solicitation)
        }
        Err(reason) => return refuse(at, config, skb, &header, reason.into(), guard),
    };
    let tuple = Tuple6 {
        saddr: header.saddr,
        daddr: header.daddr,
        sport: ports.sport,
        dport: ports.dport,
    };
    let proto = l4::protocol_to_v4(walk.protocol);
    let flags = tcp::Flags::read(proto, transport);
    let known = (proto, flags, header.traffic_class);
    let Some((session, kept)) = session(at, config, skb, &tuple, known, guard)? else {
        at.translator.counters.did(Event::Unclaimed, 1);
        return Ok(Verdict::Untouched);
    };
    let target = Target::of_session4(at, session, kept);
    rewrite(at, config, skb, &header, &walk, &target, guard)
}

/// Whether a packet is a neighbour solicitation that this host may answer for another: what
/// ip6_forward() gives to itself.
fn is_for_proxy(
    at: &Place<'_>,
    skb: &Skb,
    header: &ipv6::Header,
    transport: &[u8],
    guard: &rcu::Guard,
) -> bool {
    at.origin == Origin::Network
        && header.hop_limit == 255
        && transport.first() == Some(&icmp::v6::SOLICITATION)
        && skb.is_proxied(at.net, guard)
}

/// Whether a packet is ours.
fn claims(
    at: &Place<'_>,
    config: &Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    guard: &rcu::Guard,
) -> bool {
    if config.is_stateless() && stateless::claims6(at, config, skb, header, guard) {
        return true;
    }
    if is_native(at, config, skb, (header.saddr, header.daddr), guard) {
        return false;
    }
    skb.pull(HEADERS.min(skb.len() as usize));
    let under_prefix = config.prefix_of(header.daddr).is_some();
    // What cannot be translated is ours too: it is dropped.
    let Ok(walk) = ext::walk(skb.head()) else {
        return under_prefix;
    };
    let kind = skb.head().get(usize::from(walk.l4_offset));
    if walk.protocol == l4::ICMPV6 && kind.is_some_and(|kind| icmp::is_error6(*kind)) {
        return under_prefix || error::claims6(at, skb, header, walk.l4_offset.into(), guard);
    }
    if !under_prefix {
        return false;
    }
    let proto = l4::protocol_to_v4(walk.protocol);
    let transport = skb.head().get(walk.l4_offset.into()..).unwrap_or(&[]);
    let Ok(ports) = Ports::read(walk.protocol, transport) else {
        return true;
    };
    let tuple = Tuple6 {
        saddr: header.saddr,
        daddr: header.daddr,
        sport: ports.sport,
        dport: ports.dport,
    };
    let hash = at.translator.hash6(&tuple, proto);
    config.rule_for(header.saddr, proto).is_some()
        || at.translator.find6(hash, &tuple, proto, guard).is_some()
}

/// The session of a packet, moved on by it, and its route; nothing if no rule wants the packet.
#[inline(always)]
fn session<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &Skb,
    tuple: &Tuple6,
    (proto, flags, traffic_class): (u8, Option<tcp::Flags>, u8),
    guard: &'g rcu::Guard,
) -> Result<Option<(&'g Session, Kept<'g>)>, Cause> {
    let hash = at.translator.hash6(tuple, proto);
    let arrival = Arrival {
        proto,
        flags,
        now: sys::jiffies(),
        hash,
    };
    if let Some(session) = at.translator.find6(hash, tuple, proto, guard) {
        let kept = Kept::of(at, skb, session, traffic_class, false, guard);
        if !kept.is_here() {
            border::policy(at, skb, true, guard)?;
        }
        let side = tcp::Side::V6;
        if at
            .translator
            .advance(config, session, side, &arrival, guard)
        {
            return Ok(Some((session, kept)));
        }
    }
    let session = open(at, config, skb, tuple, &arrival, guard)?;
    Ok(session.map(|session| (session, Kept::of_new(at, session))))
}

/// A packet that cannot be translated: dropped, unless it can go as it is.
#[cold]
fn refuse<'g>(
    at: &Place<'_>,
    config: &Config,
    skb: &Skb,
    header: &ipv6::Header,
    cause: Cause,
    guard: &rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    match is_native(at, config, skb, (header.saddr, header.daddr), guard) {
        true => Ok(Verdict::Untouched),
        false => Err(cause),
    }
}

/// Whether a destination has a route of its own, beside that of its prefix: packets are then not
/// for translation (RFC 7915 section 5.6).
pub(super) fn is_native(
    at: &Place<'_>,
    config: &Config,
    skb: &Skb,
    (saddr, daddr): (Ipv6Addr, Ipv6Addr),
    guard: &rcu::Guard,
) -> bool {
    let len = config.prefix_of(daddr).map_or(128, |prefix| prefix.len());
    at.translator.may_be_native()
        && native6(at.net, skb, (saddr, daddr), guard).is_some_and(|native| native > len)
}

#[cold]
fn open<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &Skb,
    tuple: &Tuple6,
    arrival: &Arrival,
    guard: &'g rcu::Guard,
) -> Result<Option<&'g Session>, Cause> {
    if addr::illegal_source6(tuple.saddr) {
        return Err(Reason::MartianSource.into());
    }
    if config.prefix_of(tuple.saddr).is_some() {
        return Err(Reason::SourceInPrefix.into());
    }
    if is_native(at, config, skb, (tuple.saddr, tuple.daddr), guard) {
        return Ok(None);
    }
    let policy = border::policy(at, skb, true, guard);
    if policy.is_err() && config.rule_for(tuple.saddr, arrival.proto).is_some() {
        policy?;
    }
    match at.translator.open6(config, tuple, arrival, guard)? {
        None if config.addresses().has_hosts6() && !config.is_stateful() => {
            Err(Reason::UnmappedSource.into())
        }
        session => Ok(session),
    }
}

/// Octets of the transport header that translation changes.
#[inline(always)]
pub(super) fn touched(walk: &Walk) -> usize {
    match walk.fragment {
        Some(fragment) if fragment.offset != 0 => 0,
        _ => l4::touched(walk.protocol),
    }
}

/// The IPv4 header of a packet.
#[inline(always)]
fn header4(
    at: &Place<'_>,
    config: &Config,
    skb: &Skb,
    header: &ipv6::Header,
    walk: &Walk,
    target: &Target<'_, Ipv4Addr>,
    came_in_fragments: bool,
) -> Result<ipv4::Header, Reason> {
    let payload = Payload {
        protocol: walk.protocol,
        len: skb.len().saturating_sub(walk.l4_offset.into()),
        fragment: walk.fragment,
        segment: skb
            .is_gso()
            .then(|| skb.segment_len(l4::touched(walk.protocol))),
    };
    let values = &config.values;
    let tos = (values.get(Id::IgnoreTrafficClass) != 0).then(|| values.get(Id::Tos) as u8);
    let (saddr, daddr) = (target.saddr, target.daddr);
    let mut new = header::to_v4(header, saddr, daddr, &payload, 0, target.hop, tos)?;
    if new.df && came_in_fragments {
        new.df = false;
        new.id = ident(at, target);
    } else if !new.df && walk.fragment.is_none() {
        new.id = at.translator.idents.next(target.ident, skb.segments());
    }
    Ok(new)
}

/// An identification for a packet that may be cut after all, as its sender would have it or has had
/// it.
#[cold]
fn ident(at: &Place<'_>, target: &Target<'_, Ipv4Addr>) -> u16 {
    at.translator.idents.next(target.ident, 1)
}

/// Whether the packet's segments cannot stay together.
#[inline(always)]
fn must_split(skb: &Skb, walk: &Walk) -> bool {
    skb.is_gso()
        && (usize::from(walk.l4_offset) != ipv6::LEN
            || !skb.gso_translates()
            || rewrite::is_open_elsewhere(skb, walk.protocol, ipv6::LEN))
}

/// Turns the packet into an IPv4 one.
#[inline(always)]
pub(super) fn rewrite<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    walk: &Walk,
    target: &Target<'g, Ipv4Addr>,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    if must_split(skb, walk) {
        return Ok(Verdict::Segment);
    }
    let biggest_fragment = skb.frag_max_size(true);
    let came_in_fragments = biggest_fragment != 0;
    let values = &config.values;
    let mut new = header4(at, config, skb, header, walk, target, came_in_fragments)?;
    let way = match target.kept {
        Kept::Here(hop, mtu) => Way::Kept(hop, mtu),
        _ if turns_back(at, config, target.daddr) => {
            return turn_back(at, config, skb, header, walk, target, guard);
        }
        kept => {
            let keeper = match kept {
                Kept::By(session) => Some((session, header.traffic_class)),
                _ => None,
            };
            Way::v4(at, skb, &flow(skb, walk, &new, target), keeper, guard)?
        }
    };

    let mtu = way.mtu(at, guard);
    let mut fragments = None;
    if skb.is_gso() {
        if !skb.segments_fit(mtu.saturating_add(mtu::GROWTH)) {
            // Every segment is to be cut, so its sender cannot help.
            if !new.df {
                return Ok(Verdict::Segment);
            }
            return Err(tell::too_big6(
                skb,
                mtu.saturating_add(mtu::GROWTH).max(mtu::MIN_V6),
            ));
        }
    } else {
        match mtu::fit_v4(new.total_len.into(), new.df, mtu) {
            Fit::Whole => {}
            Fit::Fragments(size) => fragments = Some(size as u16),
            // A socket of ours that would have had IPv6 cut its packet.
            Fit::TooBig(_) if at.origin == Origin::Local && skb.may_fragment() => {
                new.df = false;
                new.id = ident(at, target);
                fragments = Some(mtu as u16);
            }
            Fit::TooBig(mtu) => return Err(tell::too_big6(skb, mtu)),
        }
    }
    if came_in_fragments {
        let size = biggest_fragment
            .saturating_sub(FRAGMENT_SHRINKS)
            .max(mtu::MIN_V4 as u16);
        fragments = Some(fragments.unwrap_or(u16::MAX).min(size));
    }
    if values.get(Id::MssClamp) != 0 && walk.protocol == l4::TCP && touched(walk) != 0 {
        let v6 = Ends {
            saddr: header.daddr,
            daddr: header.saddr,
        };
        let v4 = Ends {
            saddr: new.saddr,
            daddr: new.daddr,
        };
        mss::lower(at, skb, walk.l4_offset.into(), v6, v4, guard)?;
    }
    apply(config, skb, header, walk, target, &new)?;
    if let Some(size) = fragments {
        skb.set_frag_max_size(size, false);
    }
    Ok(Verdict::Send(way, Event::To4))
}

/// What the route of the translated packet is looked up by.
#[cold]
fn flow(
    skb: &Skb,
    walk: &Walk,
    new: &ipv4::Header,
    target: &Target<'_, Ipv4Addr>,
) -> Flow<Ipv4Addr> {
    let transport = skb.head().get(walk.l4_offset.into()..);
    let transport = transport.filter(|_| touched(walk) != 0).unwrap_or(&[]);
    let selector = match (walk.protocol, transport.first(), target.ports) {
        (l4::ICMPV6, Some(kind), _) => {
            let kind = icmp::echo_to_v4(*kind).unwrap_or(0);
            l4::selector(l4::ICMP, &[kind, 0])
        }
        (_, _, Some(ports)) => ports.selector(),
        _ => l4::selector(walk.protocol, transport),
    };
    Flow {
        saddr: new.saddr,
        daddr: new.daddr,
        tos: new.tos,
        proto: new.protocol,
        selector,
    }
}

/// Whether an IPv4 packet to this address, were it to arrive, would be one of ours (RFC 6146 section
/// 3.8, RFC 7757 section 4.2): it turns back to IPv6 then. Those of this host meet a hook on their way.
pub(super) fn turns_back(at: &Place<'_>, config: &Config, daddr: Ipv4Addr) -> bool {
    at.origin == Origin::Network
        && !at.turned
        && (config.pool(daddr).is_some() || config.addresses().is_hairpin(daddr))
}

/// Turns the packet into an IPv4 one and back, or gives it to this host if no other wants it.
#[cold]
fn turn_back<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    walk: &Walk,
    target: &Target<'g, Ipv4Addr>,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    if must_split(skb, walk) {
        return Ok(Verdict::Segment);
    }
    let biggest_fragment = skb.frag_max_size(true);
    let came_in_fragments = biggest_fragment != 0;
    let new = header4(at, config, skb, header, walk, target, came_in_fragments)?;
    let flow = flow(skb, walk, &new, target);
    apply(config, skb, header, walk, target, &new)?;
    if came_in_fragments {
        skb.set_frag_max_size(biggest_fragment.saturating_sub(FRAGMENT_SHRINKS), false);
    }
    let place = at.turned();
    // The sender is told as an IPv4 host, by a packet that turns back too.
    v4::back(&place, config, skb, &flow, guard)
        .map_err(|cause| tell::sender4(&place, config, skb, cause))
}

/// Writes the new headers.
#[inline(always)]
fn apply(
    config: &Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    walk: &Walk,
    target: &Target<'_, Ipv4Addr>,
    new: &ipv4::Header,
) -> Result<(), Cause> {
    let l4_offset = usize::from(walk.l4_offset);
    let touched = touched(walk);
    let len = skb.len().saturating_sub(walk.l4_offset.into());
    let end = l4_offset.wrapping_add(touched);
    let partial = rewrite::is_partial(skb, walk.protocol, l4_offset, end)?;
    skb.make_room(end, 0).map_err(|_| Trouble::Memory)?;
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    match walk.protocol {
        _ if touched == 0 => {}
        l4::ICMPV6 => echo(transport, header, len, target)?,
        protocol => {
            let bare = protocol == l4::UDP && !partial && l4::check_udp6(transport).is_err();
            if bare && config.values.get(Id::Udp6ZeroChecksum) == 0 {
                return Err(Reason::UdpChecksumZero.into());
            }
            rewrite::ports(
                transport,
                protocol,
                target.ports,
                target.delta(partial),
                partial,
            );
            if bare {
                rewrite::udp_checksum(transport, 0);
            }
        }
    }
    skb.retarget(l4_offset, ipv4::LEN, false)
        .map_err(unwritten)?;
    if let Some(place) = skb.head_mut().first_chunk_mut() {
        *place = new.emit();
    }
    Ok(())
}

fn echo(
    transport: &mut [u8],
    header: &ipv6::Header,
    len: u32,
    target: &Target<'_, Ipv4Addr>,
) -> Result<(), Reason> {
    let from = icmp::Echo::read(transport)?;
    let to = icmp::Echo {
        kind: icmp::echo_to_v4(from.kind)?,
        id: target.ports.map_or(from.id, |ports| ports.sport),
    };
    let delta = icmp::echo_delta(header.saddr, header.daddr, len, from, to);
    rewrite::echo(transport, to, delta);
    Ok(())
}
