// SPDX-License-Identifier: GPL-2.0

//! IPv4 packets on their way to IPv6.

use super::{
    error, mss, rewrite, stateless, target::Target, tell, way::Way, Direction, Origin, Place,
    Verdict,
};
use crate::{
    linux::{
        defrag::{self, Outcome},
        route::Route,
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
use kernel::sync::rcu;

/// What a fragment grows in IPv6: 20 octets of header become 40 + 8.
const FRAGMENT_GROWS: u16 = 28;

pub(super) struct V4;

impl Direction for V4 {
    #[inline(always)]
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause> {
        let config = at.translator.config.read(guard);
        let Some(daddr) = skb
            .head()
            .get(16..)
            .and_then(|rest| rest.first_chunk::<4>())
        else {
            return Ok(Verdict::Untouched);
        };
        let for_pool = config.pool(Ipv4Addr::from(*daddr)).is_some();
        if !for_pool && !config.is_stateless() || !skb.is_routed() {
            return Ok(Verdict::Untouched);
        }
        let verdict = match for_pool {
            true => claimed(at, config, skb, guard),
            false => stateless::to_v6(at, config, skb, guard),
        };
        verdict.map_err(|cause| tell::sender4(at, config, skb, cause))
    }

    fn collect(at: &Place<'_>, skb: Skb) -> Option<Outcome> {
        Some(defrag::v4(at.net, skb))
    }
}

/// Fragments before anybody puts them together: stateless rules take them as they are.
pub(super) struct Fragments;

impl Direction for Fragments {
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause> {
        let config = at.translator.config.read(guard);
        let header = ipv4::Header::read(skb.head());
        // Those of ICMP have to be put together, by who is next.
        let piece = header.is_ok_and(|it| {
            it.is_fragment() && it.protocol != l4::ICMP && config.pool(it.daddr).is_none()
        });
        if !piece || !skb.is_routed() {
            return Ok(Verdict::Untouched);
        }
        let verdict = stateless::to_v6(at, config, skb, guard);
        verdict.map_err(|cause| tell::sender4(at, config, skb, cause))
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
        return not_ours(at, config, &header, Reason::UnknownProtocol.into());
    };
    if !skb.pull(l4_offset.wrapping_add(header_len)) {
        return not_ours(at, config, &header, Reason::Truncated.into());
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if header.protocol == l4::ICMP && transport.first().is_some_and(|kind| icmp::is_error4(*kind)) {
        return error::to_v6(at, config, skb, &header, l4_offset, guard);
    }
    let ports = match Ports::read(header.protocol, transport) {
        Ok(ports) => ports,
        Err(reason) => return not_ours(at, config, &header, reason.into()),
    };
    let tuple = Tuple4 {
        saddr: header.daddr,
        daddr: header.saddr,
        sport: ports.dport,
        dport: ports.sport,
    };
    let Some(session) = session(at, config, &tuple, header.protocol, transport, guard)? else {
        return not_ours(at, config, &header, Trouble::NoMapping.into());
    };
    ext::check_options(skb.head(), &header)?;
    let target = Target::of_session6(at, session);
    rewrite(at, config, skb, &header, &target, guard)
}

/// A packet that no host behind us waits for: the box's own services get it, or nobody.
#[cold]
pub(super) fn not_ours<'g>(
    at: &Place<'g>,
    config: &Config,
    header: &ipv4::Header,
    cause: Cause,
) -> Result<Verdict<'g>, Cause> {
    let for_pool = config.pool(header.daddr).is_some();
    if !for_pool {
        return Ok(Verdict::Untouched);
    }
    if at.origin == Origin::Local || sys::is_local4(at.net, header.daddr) {
        at.translator.counters.did(Event::Unclaimed, 1);
        return Ok(Verdict::Untouched);
    }
    Err(cause)
}

/// The session of a packet, moved on by it; nothing if no mapping wants the packet.
#[inline(always)]
fn session<'g>(
    at: &Place<'g>,
    config: &'g Config,
    tuple: &Tuple4,
    proto: u8,
    transport: &[u8],
    guard: &'g rcu::Guard,
) -> Result<Option<&'g Session>, Cause> {
    let hash = at.translator.hash4(tuple, proto);
    let arrival = Arrival {
        proto,
        flags: tcp::Flags::read(proto, transport),
        now: sys::jiffies(),
        hash,
    };
    let found = at.translator.find4(hash, tuple, proto, guard);
    let side = tcp::Side::V4;
    match found.filter(|it| at.translator.advance(config, it, side, &arrival, guard)) {
        Some(session) => Ok(Some(session)),
        None => at.translator.open4(config, tuple, &arrival, guard),
    }
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
    let tclass = new.traffic_class;
    let find = |skb: &Skb| {
        let next_header = l4::protocol_to_v6(header.protocol);
        let route = Route::v6(at.net, skb, saddr, daddr, tclass, next_header);
        Way::check(at, skb, false, route)
    };
    let way = match target.session {
        Some(session) => Way::of_session(at, skb, session, &session.to6, tclass, guard, find)?,
        None => find(skb)?,
    };
    let mtu = way.mtu(guard);
    let lowest = config.values.get(Id::LowestIpv6Mtu);
    let most = mtu.min(lowest).saturating_sub(mtu::GROWTH);
    // Segments that are to be cut, one by one, into fragments.
    if gso && !header.df && !target.back && !skb.segments_fit(most) {
        return Ok(Verdict::Segment);
    }
    // What was IPv6 before is not cut on its way.
    let df = header.df || target.back;
    let fragments = match fit(at, skb, header, &new, df, (mtu, lowest))? {
        // The kernel would put a second Fragment header before the one that is there.
        Some(size) if fragment.is_some() => {
            return Ok(Verdict::Cut(size.saturating_sub(FRAGMENT_GROWS).into()));
        }
        fragments => fragments,
    };

    let touched = touched(header);
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
    skb.retarget(l4_offset, hlen, true)
        .map_err(|_| Reason::Truncated)?;
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
    at.translator.counters.did(Event::To6, 1);
    Ok(Verdict::Send(way))
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
