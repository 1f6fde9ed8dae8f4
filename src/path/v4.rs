// SPDX-License-Identifier: GPL-2.0

//! IPv4 packets on their way to IPv6.

use super::{
    border, error, mss, rewrite, stateless,
    target::Target,
    tell, unwritten,
    way::{Kept, Way},
    Direction, Origin, Place, Verdict,
};
use crate::{
    linux::{
        bh::BhGuard,
        defrag::{self, Outcome},
        hooks::Family,
        rcu,
        route::Flow,
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
        checksum::{pseudo_v6, Sum},
        eam::Ends,
        ext::{self, Fragment, FRAGMENT_LEN},
        header::{self, Payload},
        icmp, ipv4, ipv6,
        l4::{self, Ports},
        mtu::{self, Fit},
        tuple::Tuple4,
        Reason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// What a fragment grows in IPv6: 20 octets of header become 40 + 8.
const FRAGMENT_GROWS: u16 = 28;

pub(super) struct V4;

impl Direction for V4 {
    const FAMILY: Family = Family::V4;

    /// Whether it is for a pool's address; else perhaps for stateless rules.
    type Concern = bool;

    #[inline(always)]
    fn concern(config: &Config, skb: &Skb) -> Option<bool> {
        let octets = skb.head().get(16..)?.first_chunk::<4>()?;
        let for_pool = config.pool(Ipv4Addr::from(*octets)).is_some();
        (for_pool || config.is_stateless()).then_some(for_pool)
    }

    #[inline(always)]
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        for_pool: bool,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause> {
        let config = at.config;
        let verdict = match for_pool {
            true => claimed(at, config, skb, guard),
            false => stateless::to_v6(at, config, skb, guard),
        };
        verdict.map_err(|cause| tell::sender4(at, config, skb, cause))
    }

    fn claims(at: &Place<'_>, skb: &mut Skb, for_pool: bool, guard: &rcu::Guard) -> bool {
        match ipv4::Header::read(skb.head()) {
            Ok(header) if for_pool => claims(at, skb, &header, guard),
            Ok(header) => {
                let l4_offset = usize::from(header.header_len);
                let kind = skb
                    .pull(l4_offset.saturating_add(1))
                    .then(|| skb.head().get(l4_offset));
                match kind.flatten() {
                    Some(kind)
                        if header.protocol == l4::ICMP
                            && header.frag_off == 0
                            && icmp::is_error4(*kind) =>
                    {
                        error::claims4(at, skb, &header, guard)
                    }
                    _ => stateless::claims4(at, at.config, skb, &header, guard),
                }
            }
            Err(_) => false,
        }
    }

    fn claims_fragment(at: &Place<'_>, skb: &mut Skb, guard: &rcu::Guard) -> bool {
        let header = ipv4::Header::read(skb.head());
        header.is_ok_and(|it| {
            it.is_fragment()
                && at.config.pool(it.daddr).is_none()
                && stateless::claims4(at, at.config, skb, &it, guard)
        })
    }

    fn collect(at: &Place<'_>, skb: Skb, bh: &BhGuard) -> Option<Outcome> {
        Some(defrag::v4(at.net, skb, bh))
    }
}

/// A packet that was an IPv6 one a moment ago: back to IPv6, or to this host by `flow`.
pub(super) fn back<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    flow: &Flow<Ipv4Addr>,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let counters = &at.translator.counters;
    let verdict = match config.pool(flow.daddr).is_some() {
        true => claimed(at, config, skb, guard),
        false => stateless::to_v6(at, config, skb, guard),
    };
    match verdict {
        Ok(Verdict::Untouched) => {
            let way = Way::v4(at, skb, flow, None, guard)?;
            Ok(Verdict::Send(way, Event::To4))
        }
        // It could not be told from an IPv6 one any more.
        Ok(Verdict::Collect | Verdict::Solicitation | Verdict::Segment | Verdict::Cut(_)) => {
            Err(Trouble::Segments.into())
        }
        verdict => {
            counters.claimed(Event::To4);
            verdict
        }
    }
}

/// A packet to a pool address: ours if its port is a host's, else perhaps this box's own.
#[inline(always)]
fn claimed<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let header = ipv4::Header::read(skb.head())?;
    if header.is_fragment() {
        return Ok(Verdict::collect(skb));
    }
    let l4_offset = usize::from(header.header_len);
    // ICMPv6 is not an IPv4 protocol.
    let header_len = l4::header_len(header.protocol).filter(|_| header.protocol != l4::ICMPV6);
    let Some(header_len) = header_len else {
        return not_ours(at, skb, &header, Reason::UnknownProtocol.into(), guard);
    };
    if !skb.pull(l4_offset.wrapping_add(header_len)) {
        return not_ours(at, skb, &header, Reason::Truncated.into(), guard);
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if header.protocol == l4::ICMP && transport.first().is_some_and(|kind| icmp::is_error4(*kind)) {
        return error::to_v6(at, config, skb, &header, l4_offset, guard);
    }
    let ports = match Ports::read(header.protocol, transport) {
        Ok(ports) => ports,
        Err(reason) => return not_ours(at, skb, &header, reason.into(), guard),
    };
    let tuple = Tuple4 {
        saddr: header.daddr,
        daddr: header.saddr,
        sport: ports.dport,
        dport: ports.sport,
    };
    let flags = tcp::Flags::read(header.protocol, transport);
    let Some((session, kept)) = session(at, config, skb, &tuple, (&header, flags), guard)? else {
        return not_ours(at, skb, &header, Trouble::NoMapping.into(), guard);
    };
    if l4_offset != ipv4::LEN {
        ext::check_options(skb.head(), &header)?;
    }
    let target = Target::of_session6(at, session, kept);
    rewrite(at, config, skb, &header, &target, guard)
}

/// Whether a packet to a pool address is a host's.
fn claims(at: &Place<'_>, skb: &mut Skb, header: &ipv4::Header, guard: &rcu::Guard) -> bool {
    let l4_offset = usize::from(header.header_len);
    let Some(header_len) = l4::header_len(header.protocol) else {
        return false;
    };
    // Who has the port is known when the fragments are together.
    if header.is_fragment() {
        return true;
    }
    if !skb.pull(l4_offset.saturating_add(header_len)) {
        return false;
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if header.protocol == l4::ICMP && transport.first().is_some_and(|kind| icmp::is_error4(*kind)) {
        return error::claims4(at, skb, header, guard);
    }
    let Ok(ports) = Ports::read(header.protocol, transport) else {
        return false;
    };
    let tuple = Tuple4 {
        saddr: header.daddr,
        daddr: header.saddr,
        sport: ports.dport,
        dport: ports.sport,
    };
    at.translator
        .mapping4(&tuple, header.protocol, guard)
        .is_some()
}

/// A packet that no host behind us waits for: the box's own services get it, or nobody.
#[cold]
pub(super) fn not_ours<'g>(
    at: &Place<'g>,
    skb: &Skb,
    header: &ipv4::Header,
    cause: Cause,
    guard: &rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let for_pool = at.config.pool(header.daddr).is_some();
    if !for_pool {
        return Ok(Verdict::Untouched);
    }
    if at.origin == Origin::Local || skb.is_local4(at.net, header.daddr, guard) {
        at.translator.counters.did(Event::Unclaimed, 1);
        return Ok(Verdict::Untouched);
    }
    Err(cause)
}

/// The session of a packet, moved on by it, and its route; nothing if no mapping wants the packet.
#[inline(always)]
fn session<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &Skb,
    tuple: &Tuple4,
    (header, flags): (&ipv4::Header, Option<tcp::Flags>),
    guard: &'g rcu::Guard,
) -> Result<Option<(&'g Session, Kept<'g>)>, Cause> {
    let proto = header.protocol;
    let hash = at.translator.hash4(tuple, proto);
    let arrival = Arrival {
        proto,
        flags,
        now: sys::jiffies(),
        hash,
    };
    if let Some(session) = at.translator.find4(hash, tuple, proto, guard) {
        let kept = Kept::of(at, skb, session, header.tos, true, guard);
        if !kept.is_here() {
            border::source4_of_session(at, skb, session, guard)?;
            border::policy(at, skb, false, guard)?;
        }
        let side = tcp::Side::V4;
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

/// A new session for a packet to a mapping's port.
#[cold]
fn open<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &Skb,
    tuple: &Tuple4,
    arrival: &Arrival,
    guard: &'g rcu::Guard,
) -> Result<Option<&'g Session>, Cause> {
    if at
        .translator
        .mapping4(tuple, arrival.proto, guard)
        .is_none()
    {
        return Ok(None);
    }
    border::source4(at, skb, tuple.turned().ends(), guard)?;
    border::policy(at, skb, false, guard)?;
    at.translator.open4(config, tuple, arrival, guard)
}

/// Octets of the transport header that translation changes.
#[inline(always)]
pub(super) fn touched(header: &ipv4::Header) -> usize {
    match header.frag_off {
        0 => l4::touched(header.protocol),
        _ => 0,
    }
}

/// Turns the packet into an IPv6 one.
#[inline(always)]
pub(super) fn rewrite<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv4::Header,
    target: &Target<'g, Ipv6Addr>,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let l4_offset = usize::from(header.header_len);
    let gso = skb.is_gso();
    if gso
        && (l4_offset != ipv4::LEN
            || !skb.gso_translates()
            || rewrite::is_open_elsewhere(skb, header.protocol, l4_offset))
    {
        return Ok(Verdict::Segment);
    }
    let fragment = Fragment::of_v4(header);
    let payload = Payload {
        protocol: header.protocol,
        len: skb.len().saturating_sub(l4_offset as u32),
        fragment,
        segment: None,
    };
    let values = &config.values;
    let traffic_class = (values.get(Id::ZeroTrafficClass) != 0).then_some(0);
    let (saddr, daddr) = (target.saddr, target.daddr);
    let new = header::to_v6(header, saddr, daddr, &payload, target.hop, traffic_class)?;
    let touched = touched(header);
    let way = match target.kept {
        Kept::Here(hop, mtu) => Way::Kept(hop, mtu),
        kept => {
            let flow = flow(skb, header, &new, target, touched);
            let keeper = match kept {
                Kept::By(session) => Some((session, header.tos)),
                _ => None,
            };
            Way::v6(at, skb, &flow, keeper, guard)?
        }
    };
    let mtu = way.mtu(at, guard);
    let lowest = config.values.get(Id::LowestIpv6Mtu);
    let most = mtu.min(lowest).saturating_sub(mtu::GROWTH);
    // Segments that are to be cut, one by one, into fragments.
    if gso && !header.df && !at.turned && !skb.segments_fit(most) {
        return Ok(Verdict::Segment);
    }
    // What was IPv6 before is not cut on its way.
    let df = header.df || at.turned;
    let fragments = match fit(at, skb, header, &new, df, (mtu, lowest))? {
        // The kernel would put a second Fragment header before the one that is there.
        Some(size) if fragment.is_some() => {
            return Ok(Verdict::Cut(size.saturating_sub(FRAGMENT_GROWS).into()));
        }
        fragments => fragments,
    };

    if values.get(Id::MssClamp) != 0 && header.protocol == l4::TCP && touched != 0 {
        let v6 = Ends { saddr, daddr };
        let v4 = Ends {
            saddr: header.daddr,
            daddr: header.saddr,
        };
        mss::lower(at, skb, l4_offset, v6, v4, guard)?;
    }
    let end = l4_offset.wrapping_add(touched);
    let partial = rewrite::is_partial(skb, header.protocol, l4_offset, end)?;
    let hlen = match fragment {
        Some(_) => ipv6::LEN.wrapping_add(FRAGMENT_LEN.into()),
        None => ipv6::LEN,
    };
    skb.make_room(end, hlen.wrapping_sub(ipv4::LEN))
        .map_err(|_| Trouble::Memory)?;
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    match header.protocol {
        _ if touched == 0 => {}
        l4::ICMP => echo(transport, &new, payload.len, target)?,
        protocol => {
            let bare = protocol == l4::UDP && !partial && l4::check_udp6(transport).is_err();
            rewrite::ports(
                transport,
                protocol,
                target.ports,
                target.delta(partial),
                partial,
            );
            if bare {
                sum_up(at, skb, l4_offset, &new, payload.len)?;
            }
        }
    }
    skb.retarget(l4_offset, hlen, true).map_err(unwritten)?;
    if let Some(place) = skb.head_mut().first_chunk_mut() {
        *place = new.emit();
    }
    if let Some(fragment) = fragment {
        let place = skb.head_mut().get_mut(ipv6::LEN..);
        if let Some(place) = place.and_then(|rest| rest.first_chunk_mut()) {
            *place = fragment.emit(l4::protocol_to_v6(header.protocol));
        }
    }
    if let Some(size) = fragments {
        skb.set_frag_max_size(size, true);
    }
    Ok(Verdict::Send(way, Event::To6))
}

/// What the route of the translated packet is looked up by.
#[cold]
fn flow(
    skb: &Skb,
    header: &ipv4::Header,
    new: &ipv6::Header,
    target: &Target<'_, Ipv6Addr>,
    touched: usize,
) -> Flow<Ipv6Addr> {
    let transport = skb.head().get(header.header_len.into()..);
    let transport = transport.filter(|_| touched != 0).unwrap_or(&[]);
    let selector = match (header.protocol, transport.first(), target.ports) {
        (l4::ICMP, Some(kind), _) => {
            let kind = icmp::echo_to_v6(*kind).unwrap_or(0);
            l4::selector(l4::ICMPV6, &[kind, 0])
        }
        (_, _, Some(ports)) => ports.selector(),
        _ => l4::selector(header.protocol, transport),
    };
    Flow {
        saddr: target.saddr,
        daddr: target.daddr,
        tos: new.traffic_class,
        proto: l4::protocol_to_v6(header.protocol),
        selector,
    }
}

/// Size of the fragments to cut, if any.
#[inline(always)]
fn fit(
    at: &Place<'_>,
    skb: &Skb,
    header: &ipv4::Header,
    new: &ipv6::Header,
    df: bool,
    (mtu, lowest): (u32, u32),
) -> Result<Option<u16>, Cause> {
    if skb.is_gso() {
        let mtu = mtu.saturating_sub(mtu::GROWTH);
        return match skb.segments_fit(mtu) {
            true => Ok(None),
            false => Err(tell::too_big4(at, skb, mtu)),
        };
    }
    let len = (ipv6::LEN as u32).saturating_add(new.payload_len.into());
    let biggest_fragment = skb.frag_max_size(false);
    if biggest_fragment == 0 {
        return match mtu::fit_v6(len, df, header.is_fragment(), mtu, lowest) {
            Fit::Whole => Ok(None),
            Fit::Fragments(size) => Ok(Some(size as u16)),
            // A socket of ours that would have had IPv4 cut its packet.
            Fit::TooBig(_) if at.origin == Origin::Local && skb.may_fragment() => {
                Ok(Some(mtu.min(u16::MAX.into()) as u16))
            }
            Fit::TooBig(mtu) => Err(tell::too_big4(at, skb, mtu)),
        };
    }
    // It came in fragments: those that leave must fit too.
    let size = u32::from(biggest_fragment.saturating_add(FRAGMENT_GROWS));
    match mtu::fit_v6(size, df, true, mtu, lowest) {
        Fit::Whole => Ok(Some(size.max(mtu::MIN_V6) as u16)),
        Fit::Fragments(size) => Ok(Some(size as u16)),
        Fit::TooBig(mtu) => Err(tell::too_big4(at, skb, mtu)),
    }
}

/// Makes the UDP checksum that the IPv4 sender left out (RFC 6146 section 3.4), of the datagram's
/// own length: what stands behind it in the `len` octets is no part of it (RFC 768).
#[cold]
fn sum_up(
    at: &Place<'_>,
    skb: &mut Skb,
    l4_offset: usize,
    new: &ipv6::Header,
    len: u32,
) -> Result<(), Cause> {
    // No kernel makes such segments.
    if skb.is_gso() {
        return Err(Trouble::Segments.into());
    }
    // A checksum further inside counts as it will be.
    skb.finish_checksum().map_err(|_| Reason::Truncated)?;
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    let len = l4::udp_len(transport, len)?;
    rewrite::udp_checksum(transport, 0);
    let sum = pseudo_v6(new.saddr, new.daddr, l4::UDP, len);
    let check = sum
        .then(Sum::ZERO.add16(skb.sum(l4_offset as u32, len)))
        .check_udp();
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    rewrite::udp_checksum(transport, check);
    at.translator.counters.did(Event::UdpChecksum, 1);
    Ok(())
}

fn echo(
    transport: &mut [u8],
    new: &ipv6::Header,
    len: u32,
    target: &Target<'_, Ipv6Addr>,
) -> Result<(), Reason> {
    let from = icmp::Echo::read(transport)?;
    let to = icmp::Echo {
        kind: icmp::echo_to_v6(from.kind)?,
        id: target.ports.map_or(from.id, |ports| ports.dport),
    };
    let delta = icmp::echo_delta(new.saddr, new.daddr, len, to, from).inverse();
    rewrite::echo(transport, to, delta);
    Ok(())
}
