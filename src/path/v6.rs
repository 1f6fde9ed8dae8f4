// SPDX-License-Identifier: GPL-2.0

//! IPv6 packets on their way to IPv4.

use super::{error, rewrite, tell, way::Way, Direction, Origin, Place, Verdict};
use crate::{
    linux::{
        defrag::Outcome,
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
        addr,
        ext::{self, Fragment, Walk},
        header::{self, Hop, Payload},
        icmp, ipv4, ipv6,
        l4::{self, Ports},
        mtu::{self, Fit},
        tuple::Tuple6,
        Reason,
    },
};
use core::net::Ipv6Addr;
use kernel::sync::rcu;

/// Octets that are looked at for headers.
const HEADERS: usize = 2048;
/// What a fragment grows less in IPv4: 40 + 8 octets of headers become 20.
const FRAGMENT_SHRINKS: u16 = 28;

pub(super) struct V6;

impl Direction for V6 {
    const TO_V6: bool = false;

    #[inline(always)]
    fn translate<'g>(
        at: &Place<'g>,
        skb: &mut Skb,
        guard: &'g rcu::Guard,
    ) -> Result<Verdict<'g>, Cause> {
        let config = at.translator.config.read(guard);
        let Some(daddr) = skb
            .head()
            .get(24..)
            .and_then(|rest| rest.first_chunk::<16>())
        else {
            return Ok(Verdict::Untouched);
        };
        if config.prefix_of(Ipv6Addr::from(*daddr)).is_none() || !skb.is_routed() {
            return Ok(Verdict::Untouched);
        }
        claimed(at, config, skb, guard).map_err(|cause| tell::sender6(skb, cause))
    }

    fn collect(at: &Place<'_>, skb: Skb) -> Option<Outcome> {
        let defrag = at.translator.defrag6.as_ref()?;
        Some(defrag.packet(at.net, skb))
    }
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
    // One that is whole by itself waits for nobody (RFC 6946).
    if walk.fragment.is_some_and(|it| it.offset != 0 || it.more) {
        return Ok(Verdict::Collect);
    }
    let l4_offset = usize::from(walk.l4_offset);
    // ICMP is not an IPv6 protocol.
    let header_len = l4::header_len(walk.protocol).filter(|_| walk.protocol != l4::ICMP);
    let header_len = header_len.ok_or(Reason::UnknownProtocol)?;
    if !skb.pull(l4_offset.wrapping_add(header_len)) {
        return Err(Reason::Truncated.into());
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    if walk.protocol == l4::ICMPV6 && transport.first().is_some_and(|kind| icmp::is_error6(*kind)) {
        return error::to_v4(at, config, skb, &header, l4_offset, guard);
    }
    let ports = Ports::read(walk.protocol, transport)?;
    let tuple = Tuple6 {
        saddr: header.saddr,
        daddr: header.daddr,
        sport: ports.sport,
        dport: ports.dport,
    };
    let Some(session) = session(at, config, &tuple, walk.protocol, transport, guard)? else {
        at.translator.counters.did(Event::Unclaimed, 1);
        return Ok(Verdict::Untouched);
    };
    rewrite(at, config, skb, &header, &walk, session, guard)
}

/// The session of a packet, moved on by it; nothing if no rule wants the packet.
#[inline(always)]
fn session<'g>(
    at: &Place<'g>,
    config: &'g Config,
    tuple: &Tuple6,
    protocol: u8,
    transport: &[u8],
    guard: &'g rcu::Guard,
) -> Result<Option<&'g Session>, Cause> {
    let proto = l4::protocol_to_v4(protocol);
    let hash = at.translator.hash6(tuple, proto);
    let arrival = Arrival {
        proto,
        flags: tcp::Flags::read(proto, transport),
        now: sys::jiffies(),
        hash,
    };
    let found = at.translator.find6(hash, tuple, proto, guard);
    let side = tcp::Side::V6;
    match found.filter(|it| at.translator.advance(config, it, side, &arrival, guard)) {
        Some(session) => Ok(Some(session)),
        None => open(at, config, tuple, &arrival, guard),
    }
}

#[cold]
fn open<'g>(
    at: &Place<'g>,
    config: &'g Config,
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
    at.translator.open6(config, tuple, arrival, guard)
}

/// Turns the packet into an IPv4 one of its session.
#[inline(always)]
fn rewrite<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    walk: &Walk,
    session: &'g Session,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let l4_offset = usize::from(walk.l4_offset);
    let gso = skb.is_gso();
    if gso && (l4_offset != ipv6::LEN || !skb.gso_translates()) {
        return Ok(Verdict::Segment);
    }
    let header_len = l4::header_len(walk.protocol).unwrap_or(0);
    let biggest_fragment = skb.frag_max_size(true);
    let id = at.translator.idents.next(session.ident, skb.segments());
    let payload = Payload {
        protocol: walk.protocol,
        len: skb.len().saturating_sub(l4_offset as u32),
        // A packet that came in fragments may be cut again, as the sender allowed.
        fragment: walk
            .fragment
            .or((biggest_fragment != 0).then_some(Fragment {
                offset: 0,
                more: false,
                id: id.into(),
            })),
        segment: gso.then(|| skb.segment_len(header_len)),
    };
    let hop = match at.origin {
        Origin::Network => Hop::Count,
        Origin::Local => Hop::Keep,
    };
    let values = &config.values;
    let tos = (values.get(Id::IgnoreTrafficClass) != 0).then(|| values.get(Id::Tos) as u8);
    let (saddr, daddr) = (session.v4.saddr, session.v4.daddr);
    let mut new = header::to_v4(header, saddr, daddr, &payload, id, hop, tos)?;
    let way = Way::of_session(at, skb, session, &session.to4, new.tos, guard, |skb| {
        let route = Route::v4(at.net, skb, saddr, daddr, new.tos, new.protocol);
        Way::check(at, skb, true, route)
    })?;

    let mtu = way.mtu(guard);
    let mut fragments = None;
    if gso {
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
                fragments = Some(mtu as u16);
            }
            Fit::TooBig(mtu) => return Err(tell::too_big6(skb, mtu)),
        }
    }
    if biggest_fragment != 0 {
        let size = biggest_fragment
            .saturating_sub(FRAGMENT_SHRINKS)
            .max(mtu::MIN_V4 as u16);
        fragments = Some(fragments.unwrap_or(u16::MAX).min(size));
    }

    if walk.protocol == l4::ICMPV6 {
        skb.finish_checksum().map_err(|_| Reason::Truncated)?;
    }
    let partial = skb.summed() == Summed::Partial;
    skb.make_room(l4_offset.wrapping_add(header_len), 0)
        .map_err(|_| Trouble::Memory)?;
    let transport = skb.head_mut().get_mut(l4_offset..).unwrap_or(&mut []);
    match walk.protocol {
        l4::ICMPV6 => echo(transport, header, payload.len, session)?,
        protocol => {
            if protocol == l4::UDP && !partial {
                l4::check_udp6(transport)?;
            }
            let ports = (session.v4.sport, session.v4.dport);
            let delta = session.delta(partial);
            rewrite::ports(transport, protocol, ports, delta, partial);
        }
    }
    skb.retarget(l4_offset, ipv4::LEN, false)
        .map_err(|_| Reason::Truncated)?;
    if let Some(place) = skb.head_mut().first_chunk_mut() {
        *place = new.emit();
    }
    if let Some(size) = fragments {
        skb.set_frag_max_size(size, false);
    }
    at.translator.counters.did(Event::To4, 1);
    Ok(Verdict::Send(way))
}

fn echo(
    transport: &mut [u8],
    header: &ipv6::Header,
    len: u32,
    session: &Session,
) -> Result<(), Reason> {
    let kind = *transport.first().ok_or(Reason::Truncated)?;
    let from = icmp::Echo {
        kind,
        id: session.v6.sport,
    };
    let to = icmp::Echo {
        kind: icmp::echo_to_v4(kind)?,
        id: session.v4.sport,
    };
    let delta = icmp::echo_delta(header.saddr, header.daddr, len, from, to);
    rewrite::echo(transport, to, delta);
    Ok(())
}
