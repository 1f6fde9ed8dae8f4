// SPDX-License-Identifier: GPL-2.0

//! IPv4 packets on their way to IPv6.

use super::{error, rewrite, tell, way::Way, Direction, Origin, Place, Verdict};
use crate::{
    linux::{
        defrag::{self, Outcome},
        route::Route,
        skb::{Skb, Summed},
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
        ext,
        header::{self, Hop, Payload},
        icmp, ipv4, ipv6,
        l4::{self, Ports},
        mtu::{self, Fit},
        tuple::Tuple4,
        Reason,
    },
};
use core::net::Ipv4Addr;
use kernel::sync::rcu;

/// What a fragment grows in IPv6: 20 octets of header become 40 + 8.
const FRAGMENT_GROWS: u16 = 28;

pub(super) struct V4;

impl Direction for V4 {
    const TO_V6: bool = true;

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
        if config.pool(Ipv4Addr::from(*daddr)).is_none() || !skb.is_routed() {
            return Ok(Verdict::Untouched);
        }
        claimed(at, config, skb, guard).map_err(|cause| tell::sender4(at, skb, cause))
    }

    fn collect(at: &Place<'_>, skb: Skb) -> Option<Outcome> {
        Some(defrag::v4(at.net, skb))
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
        return Ok(Verdict::Collect);
    }
    let l4_offset = usize::from(header.header_len);
    // ICMPv6 is not an IPv4 protocol.
    let header_len = l4::header_len(header.protocol).filter(|_| header.protocol != l4::ICMPV6);
    let Some(header_len) = header_len else {
        return not_ours(at, &header, Reason::UnknownProtocol.into());
    };
    if !skb.pull(l4_offset.wrapping_add(header_len)) {
        return not_ours(at, &header, Reason::Truncated.into());
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if header.protocol == l4::ICMP && transport.first().is_some_and(|kind| icmp::is_error4(*kind)) {
        return error::to_v6(at, config, skb, &header, l4_offset, guard);
    }
    let ports = match Ports::read(header.protocol, transport) {
        Ok(ports) => ports,
        Err(reason) => return not_ours(at, &header, reason.into()),
    };
    let tuple = Tuple4 {
        saddr: header.daddr,
        daddr: header.saddr,
        sport: ports.dport,
        dport: ports.sport,
    };
    let Some(session) = session(at, config, &tuple, header.protocol, transport, guard)? else {
        return not_ours(at, &header, Trouble::NoMapping.into());
    };
    ext::check_options(skb.head(), &header)?;
    rewrite(at, config, skb, &header, session, guard)
}

/// A packet that no host behind us waits for: the box's own services get it, or nobody.
#[cold]
pub(super) fn not_ours<'g>(
    at: &Place<'g>,
    header: &ipv4::Header,
    cause: Cause,
) -> Result<Verdict<'g>, Cause> {
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

/// Turns the packet into an IPv6 one of its session.
#[inline(always)]
fn rewrite<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv4::Header,
    session: &'g Session,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let l4_offset = usize::from(header.header_len);
    let gso = skb.is_gso();
    if gso && (l4_offset != ipv4::LEN || !skb.gso_translates()) {
        return Ok(Verdict::Segment);
    }
    let payload = Payload {
        protocol: header.protocol,
        len: skb.len().saturating_sub(l4_offset as u32),
        fragment: None,
        segment: None,
    };
    let hop = match at.origin {
        Origin::Network => Hop::Count,
        Origin::Local => Hop::Keep,
    };
    let values = &config.values;
    let traffic_class = (values.get(Id::ZeroTrafficClass) != 0).then_some(0);
    let (saddr, daddr) = (session.v6.daddr, session.v6.saddr);
    let new = header::to_v6(header, saddr, daddr, &payload, hop, traffic_class)?;
    let way = Way::of_session(
        at,
        skb,
        session,
        &session.to6,
        new.traffic_class,
        guard,
        |skb| {
            let tclass = new.traffic_class;
            let route = Route::v6(at.net, skb, saddr, daddr, tclass, new.next_header);
            Way::check(at, skb, false, route)
        },
    )?;
    let mtu = way.mtu(guard);
    let lowest = config.values.get(Id::LowestIpv6Mtu);
    let most = mtu.min(lowest).saturating_sub(mtu::GROWTH);
    // Segments that are to be cut, one by one, into fragments.
    if gso && !header.df && !skb.segments_fit(most) {
        return Ok(Verdict::Segment);
    }
    let fragments = fit(at, skb, header, &new, mtu, lowest)?;

    let header_len = l4::header_len(header.protocol).unwrap_or(0);
    if header.protocol == l4::ICMP {
        skb.finish_checksum().map_err(|_| Reason::Truncated)?;
    }
    let partial = skb.summed() == Summed::Partial;
    let grow = ipv6::LEN.wrapping_sub(ipv4::LEN);
    skb.make_room(l4_offset.wrapping_add(header_len), grow)
        .map_err(|_| Trouble::Memory)?;
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    match header.protocol {
        l4::ICMP => echo(transport, &new, payload.len, session)?,
        protocol => {
            let bare = protocol == l4::UDP && !partial && l4::check_udp6(transport).is_err();
            let ports = (session.v6.dport, session.v6.sport);
            let delta = session.delta(partial).inverse();
            rewrite::ports(transport, protocol, ports, delta, partial);
            if bare {
                sum_up(at, skb, l4_offset, &new, payload.len);
            }
        }
    }
    skb.retarget(l4_offset, ipv6::LEN, true)
        .map_err(|_| Reason::Truncated)?;
    if let Some(place) = skb.head_mut().first_chunk_mut() {
        *place = new.emit();
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
    mtu: u32,
    lowest: u32,
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
        return match mtu::fit_v6(len, header.df, false, mtu, lowest) {
            Fit::Whole => Ok(None),
            Fit::Fragments(size) => Ok(Some(size as u16)),
            Fit::TooBig(mtu) => Err(tell::too_big4(at, skb, mtu)),
        };
    }
    // It came in fragments: those that leave must fit too.
    let size = u32::from(biggest_fragment.saturating_add(FRAGMENT_GROWS));
    match mtu::fit_v6(size, header.df, true, mtu, lowest) {
        Fit::Whole => Ok(Some(size.max(mtu::MIN_V6) as u16)),
        Fit::Fragments(size) => Ok(Some(size as u16)),
        Fit::TooBig(mtu) => Err(tell::too_big4(at, skb, mtu)),
    }
}

/// Makes the UDP checksum that the IPv4 sender left out (RFC 6146 section 3.4).
#[cold]
fn sum_up(at: &Place<'_>, skb: &mut Skb, l4_offset: usize, new: &ipv6::Header, len: u32) {
    if let Some(transport) = skb.head_mut().get_mut(l4_offset..) {
        rewrite::udp_checksum(transport, 0);
    }
    let sum = pseudo_v6(new.saddr, new.daddr, l4::UDP, len);
    let check = sum
        .then(Sum::ZERO.add16(skb.sum_from(l4_offset)))
        .check_udp();
    if let Some(transport) = skb.head_mut().get_mut(l4_offset..) {
        rewrite::udp_checksum(transport, check);
    }
    at.translator.counters.did(Event::UdpChecksum, 1);
}

fn echo(
    transport: &mut [u8],
    new: &ipv6::Header,
    len: u32,
    session: &Session,
) -> Result<(), Reason> {
    let kind = *transport.first().ok_or(Reason::Truncated)?;
    let from = icmp::Echo {
        kind,
        id: session.v4.sport,
    };
    let to = icmp::Echo {
        kind: icmp::echo_to_v6(kind)?,
        id: session.v6.sport,
    };
    let delta = icmp::echo_delta(new.saddr, new.daddr, len, to, from).inverse();
    rewrite::echo(transport, to, delta);
    Ok(())
}
