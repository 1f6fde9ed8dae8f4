// SPDX-License-Identifier: GPL-2.0

//! Packets of stateless rules: each is translated for itself, fragments too.

use super::{error, target::Target, tell, v4, v6, Place, Verdict};
use crate::{
    linux::{log, route::native4, skb::Skb},
    state::{config::Config, counters::Cause, variables::Id},
    xlate::{
        addr,
        eam::{Ends, Pair},
        ext::{self, Fragment, Walk},
        icmp, ipv4, ipv6, l4, Reason,
    },
};
use core::net::Ipv4Addr;
use kernel::sync::rcu;

/// An IPv6 packet, if stateless rules are for it; ICMPv6 errors are looked at elsewhere.
#[cold]
pub(super) fn to_v4<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    header: &ipv6::Header,
    walk: &Walk,
    guard: &'g rcu::Guard,
) -> Result<Option<Verdict<'g>>, Cause> {
    let addresses = config.addresses();
    let l4_offset = usize::from(walk.l4_offset);
    let first = walk.fragment.is_none_or(|it| it.offset == 0);
    if first && walk.protocol == l4::ICMPV6 && skb.pull(l4_offset.saturating_add(1)) {
        let kind = skb.head().get(l4_offset);
        if kind.is_some_and(|kind| icmp::is_error6(*kind)) {
            return Ok(None);
        }
    }
    let (saddr, daddr) = (header.saddr, header.daddr);
    let ends = Ends { saddr, daddr };
    let Some(pair) = addresses.claim6(ends) else {
        let for_others = config.prefix_of(daddr).is_none() || addresses.is_done(ends);
        return Ok(for_others.then_some(Verdict::Untouched));
    };
    if v6::is_native(at, config, skb, saddr, daddr) {
        return Ok(Some(Verdict::Untouched));
    }
    if addr::illegal_source6(saddr) {
        return Err(Reason::MartianSource.into());
    }
    let pair = pair?;
    // Each has an ICMP of its own.
    if walk.protocol == l4::ICMP {
        return Err(Reason::UnknownProtocol.into());
    }
    if let Some(fragment) = walk.fragment.filter(|it| it.offset != 0 || it.more) {
        // Its checksum needs the length of the whole (RFC 7915 section 5.2).
        if walk.protocol == l4::ICMPV6 {
            return Ok(Some(Verdict::collect(skb)));
        }
        if skb.is_gso() {
            return Ok(Some(Verdict::Segment));
        }
        let len = (skb.len() as usize).saturating_sub(l4_offset);
        ext::check_fragment(walk.protocol, fragment, len)?;
    }
    let touched = v6::touched(walk);
    if !skb.pull(l4_offset.saturating_add(touched)) {
        return Err(Reason::Truncated.into());
    }
    let target = Target::of_pair4(at, &pair, l4::protocol_to_v4(walk.protocol));
    if let Some(back) = addresses
        .claim4(pair.v4)
        .filter(|_| addresses.is_hairpin(pair.v4.daddr))
    {
        if !v6::turn(at, config, skb, header, walk, &target)? {
            return Ok(Some(Verdict::Segment));
        }
        let verdict = back_to_v6(at, config, skb, &back?, guard);
        // The sender is told as an IPv4 host, by a packet that turns round too.
        return verdict
            .map(Some)
            .map_err(|cause| tell::sender4(at, config, skb, cause));
    }
    v6::rewrite(at, config, skb, header, walk, &target, guard).map(Some)
}

/// The second half of a hairpin: the packet is an IPv4 one for the moment.
fn back_to_v6<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    pair: &Pair,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let header = ipv4::Header::read(skb.head())?;
    let target = Target::of_pair6(at, pair, true);
    v4::rewrite(at, config, skb, &header, &target, guard)
}

/// An IPv4 packet that is for no pool.
#[cold]
pub(super) fn to_v6<'g>(
    at: &Place<'g>,
    config: &'g Config,
    skb: &mut Skb,
    guard: &'g rcu::Guard,
) -> Result<Verdict<'g>, Cause> {
    let Ok(header) = ipv4::Header::read(skb.head()) else {
        return Ok(Verdict::Untouched);
    };
    let l4_offset = usize::from(header.header_len);
    if header.protocol == l4::ICMP && !header.is_fragment() && skb.pull(l4_offset.saturating_add(8))
    {
        let kind = skb.head().get(l4_offset);
        if kind.is_some_and(|kind| icmp::is_error4(*kind)) {
            return error::to_v6(at, config, skb, &header, l4_offset, guard);
        }
    }
    let ends = Ends {
        saddr: header.saddr,
        daddr: header.daddr,
    };
    let addresses = config.addresses();
    let Some(pair) = addresses.claim4(ends) else {
        return Ok(Verdict::Untouched);
    };
    if !native_yields(at, config, skb, header.daddr) {
        return Ok(Verdict::Untouched);
    }
    let pair = pair?;
    // Each has an ICMP of its own, and IGMP is for one link only (RFC 7915 section 4.2).
    if matches!(header.protocol, l4::ICMPV6 | l4::IGMP) {
        return Err(Reason::UnknownProtocol.into());
    }
    ext::check_options(skb.head(), &header)?;
    let fragment = Fragment::of_v4(&header);
    if let Some(fragment) = fragment {
        if header.protocol == l4::ICMP {
            return Ok(Verdict::collect(skb));
        }
        if skb.is_gso() {
            return Ok(Verdict::Segment);
        }
        ext::check_fragment(header.protocol, fragment, header.payload_len().into())?;
    }
    let touched = v4::touched(&header);
    if !skb.pull(l4_offset.saturating_add(touched)) {
        return Err(Reason::Truncated.into());
    }
    let transport = skb.head().get(l4_offset..).unwrap_or(&[]);
    // What cannot be summed up, or is not to be (RFC 7915 section 4.5).
    if touched != 0
        && header.protocol == l4::UDP
        && (fragment.is_some() || config.values.get(Id::UdpZeroChecksum) == 0)
    {
        l4::check_udp6(transport).inspect_err(|_| log::unsummed4(skb, transport))?;
    }
    let target = Target::of_pair6(at, &pair, false);
    v4::rewrite(at, config, skb, &header, &target, guard)
}

/// Whether translation goes before the ways of IPv4: always, unless there is a route of its own to
/// a mapped destination, or any to another one (RFC 7915 section 4.6).
pub(super) fn native_yields(at: &Place<'_>, config: &Config, skb: &Skb, daddr: Ipv4Addr) -> bool {
    if addr::is_martian4(daddr) {
        return false;
    }
    let native = native4(at.net, skb, daddr);
    match config.addresses().host6(daddr) {
        Some(mapping) => native.is_none_or(|len| len <= mapping.v4().1),
        None => native.is_none(),
    }
}
