// SPDX-License-Identifier: GPL-2.0

//! Dropped packets: counted, and their senders told.

use super::{ctx::Ctx, drop::drop, outcome::Outcome};
use crate::{
    linux::{
        family::{Family, V4, V6},
        icmp, log,
        skb::Skb,
        snmp::{self, Mib},
    },
    nat::options::Id,
    state::events::LIMITS,
    xlate::{
        icmp::{v4, v6},
        ipv4, ipv6, DropReason,
    },
};

/// Count a dropped packet where the kernel counts its own, too.
fn count<F: Family>(ctx: &Ctx<'_>, skb: &Skb<F>, reason: DropReason) {
    let mib = match reason {
        DropReason::NoRoute | DropReason::ProhibitRoute | DropReason::Blackhole if ctx.is_own() => {
            Mib::OutNoRoutes
        }
        _ if ctx.is_own() => return,
        DropReason::NoRoute | DropReason::ProhibitRoute | DropReason::Blackhole => Mib::InNoRoutes,
        DropReason::HopLimit => Mib::InHdrErrors,
        DropReason::MartianSource
        | DropReason::MartianTarget
        | DropReason::SourceInPrefix
        | DropReason::ForwardingOff => Mib::InAddrErrors,
        DropReason::PacketTooBig => Mib::TooBig,
        DropReason::IpsecPolicy | DropReason::NoMemory => Mib::InDiscards,
        _ => return,
    };
    snmp::count(ctx.net, skb, mib);
}

/// Return true if the packet met a limit, and its host was told of one a moment ago.
fn met_limit(ctx: &Ctx<'_>, skb: &Skb<V6>, reason: DropReason) -> bool {
    let ip = ipv6::Header::parse(skb.linear());
    LIMITS.contains(&reason)
        && !ctx.is_own()
        && ip.is_ok_and(|ip| !ctx.translator.may_answer(ip.saddr))
}

/// Drop an IPv6 packet and tell its sender why, if it is to know.
#[cold]
pub(super) fn drop_v6(ctx: &Ctx<'_>, skb: Skb<V6>, reason: DropReason) -> Outcome<V6> {
    count(ctx, &skb, reason);
    if ctx.has(Id::Icmp6Errors) {
        if let Some((kind, code, info)) = reason.answer().icmp6(skb.linear()) {
            if !met_limit(ctx, &skb, reason) {
                icmp::send6(&skb, kind, code, info);
            }
        }
    }
    ctx.translator.counters.dropped(reason);
    drop(skb, reason);
    Outcome::Dropped
}

/// Drop an IPv6 packet and tell its sender how big it may be.
#[cold]
pub(super) fn too_big_v6(ctx: &Ctx<'_>, skb: Skb<V6>, mtu: u32) -> Outcome<V6> {
    count(ctx, &skb, DropReason::PacketTooBig);
    if ctx.has(Id::Icmp6Errors) {
        icmp::send6(&skb, v6::TOO_BIG, 0, mtu);
    }
    ctx.translator.counters.dropped(DropReason::PacketTooBig);
    drop(skb, DropReason::PacketTooBig);
    Outcome::Dropped
}

/// Drop an IPv4 packet and tell its sender why, if it is to know.
#[cold]
pub(super) fn drop_v4(ctx: &Ctx<'_>, skb: Skb<V4>, reason: DropReason) -> Outcome<V4> {
    count(ctx, &skb, reason);
    if reason == DropReason::UdpChecksumZero {
        let ip = ipv4::Header::read(skb.linear());
        let datagram = ip.map(|ip| skb.linear().get(ip.header_len.into()..));
        log::unsummed4(&skb, datagram.ok().flatten().unwrap_or(&[]));
    }
    if ctx.has(Id::IcmpErrors) {
        if let Some((kind, code)) = reason.answer().icmp4(skb.linear()) {
            icmp::send4(ctx.net, &skb, kind, code, 0);
        }
    }
    ctx.translator.counters.dropped(reason);
    drop(skb, reason);
    Outcome::Dropped
}

/// Drop an IPv4 packet and tell its sender how big it may be.
#[cold]
pub(super) fn too_big_v4(ctx: &Ctx<'_>, skb: Skb<V4>, mtu: u32) -> Outcome<V4> {
    const FRAGMENTATION_NEEDED: u8 = 4;
    count(ctx, &skb, DropReason::PacketTooBig);
    if ctx.has(Id::IcmpErrors) {
        icmp::send4(ctx.net, &skb, v4::UNREACHABLE, FRAGMENTATION_NEEDED, mtu);
    }
    ctx.translator.counters.dropped(DropReason::PacketTooBig);
    drop(skb, DropReason::PacketTooBig);
    Outcome::Dropped
}
