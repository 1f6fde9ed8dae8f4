// SPDX-License-Identifier: GPL-2.0
//! What the box's own rules make of a packet before it is translated: where it can come from, and
//! whether it finds its way without us.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{decision::Decision, world::World};
use crate::xlate::{addr, addresses::Addrs, ipv4, DropReason};

/// A packet that no host behind us waits for: the box's own services get it, or nobody.
#[cold]
pub(super) fn pass_or_drop<W: World, A, S>(
    w: &W,
    packet: &W::Packet4,
    ip: &ipv4::Header,
    reason: DropReason,
) -> Result<Decision<A, S>, DropReason> {
    if !w.is_pool(ip.daddr) {
        return Ok(Decision::Pass);
    }
    match w.is_own() || w.is_local4(packet, ip.daddr) {
        true => Ok(Decision::Unclaimed),
        false => Err(reason),
    }
}

/// Fails where an IPv4 packet cannot come from where it says.
#[cold]
pub fn check_source<W: World>(
    w: &W,
    packet: &W::Packet4,
    addrs: Addrs<Ipv4Addr>,
) -> Result<(), DropReason> {
    if addr::is_martian4(addrs.saddr) {
        return Err(DropReason::MartianSource);
    }
    match w.is_own() || w.is_inverted() {
        true => Ok(()),
        false => w.source4(packet, addrs),
    }
}

/// Fails where an ICMPv6 error cannot come from where it says.
pub(super) fn check_reporter6<W: World>(
    w: &W,
    reporter: Ipv6Addr,
    quoted: Addrs<Ipv6Addr>,
) -> Result<(), DropReason> {
    if w.is_own() || w.is_inverted() {
        return Ok(());
    }
    if addr::illegal_source6(reporter) || w.is_local6(reporter) {
        return Err(DropReason::MartianSource);
    }
    match w.addresses().may_report6(reporter, quoted) {
        true => Ok(()),
        false => Err(DropReason::SourceInPrefix),
    }
}

/// The destination has a route of its own, beside that of its prefix: packets are then not for
/// translation (RFC 7915 section 5.6).
pub(super) fn is_native<W: World>(w: &W, packet: &W::Packet6, addrs: Addrs<Ipv6Addr>) -> bool {
    let len = w.prefix_of(addrs.daddr).map_or(128, |prefix| prefix.len());
    w.native6(packet, addrs).is_some_and(|native| native > len)
}

/// Translation goes before the ways of IPv4: always, unless there is a route of its own to a mapped
/// destination, or any to another one (RFC 7915 section 4.6).
pub(super) fn native_yields<W: World>(w: &W, packet: &W::Packet4, daddr: Ipv4Addr) -> bool {
    if addr::is_unroutable4(daddr) {
        return false;
    }
    let native = w.native4(packet, daddr);
    match w.addresses().host6(daddr) {
        Some(mapping) => native.is_none_or(|len| len <= mapping.v4().1),
        None => native.is_none(),
    }
}
