// SPDX-License-Identifier: GPL-2.0

//! What the sender of a dropped packet is told.

use super::{Origin, Place};
use crate::{
    linux::{
        icmp,
        skb::Skb,
        snmp::{self, Mib},
    },
    state::{
        config::Config,
        counters::{Cause, Trouble},
        variables::Id,
    },
    xlate::{
        ext,
        icmp::{v4, v6},
        l4, Reason,
    },
};

/// ICMP codes of the answers (RFC 792, RFC 1812, RFC 4443).
mod code {
    pub(super) const NO_ROUTE: u8 = 0;
    pub(super) const PROHIBITED: u8 = 1;
    pub(super) const ADDRESS: u8 = 3;
    pub(super) const PORT: u8 = 4;
    pub(super) const SOURCE: u8 = 5;
    pub(super) const HOST4: u8 = 1;
    pub(super) const PROTOCOL4: u8 = 2;
    pub(super) const FRAGMENTATION4: u8 = 4;
    pub(super) const SOURCE_ROUTE4: u8 = 5;
    pub(super) const PROHIBITED4: u8 = 13;
}

/// Whether a packet is valid but must not pass, and nothing says how its sender is told: as if by an
/// administrator's will, then (RFC 7915 sections 4.4 and 5.4).
fn is_prohibited(cause: Cause) -> bool {
    match cause {
        Cause::Xlate(reason) => matches!(
            reason,
            Reason::ExtHeaderChain
                | Reason::FragmentHeader
                | Reason::NotGlobal
                | Reason::TooBig
                | Reason::UdpChecksumZero
        ),
        Cause::Trouble(_) => false,
    }
}

/// Whether an IPv6 packet is an ICMPv6 message.
fn is_icmp6(packet: &[u8]) -> bool {
    ext::walk(packet).is_ok_and(|walk| walk.protocol == l4::ICMPV6)
}

/// Counts a dropped packet where the kernel counts its own, too.
fn count(at: &Place<'_>, skb: &Skb, ipv6: bool, cause: Cause) {
    if at.origin == Origin::Local {
        if let Cause::Trouble(Trouble::Route | Trouble::Prohibited | Trouble::Blackhole) = cause {
            snmp::count(at.net, skb, ipv6, Mib::OutNoRoutes);
        }
        return;
    }
    let mib = match cause {
        Cause::Xlate(Reason::HopLimit) => Mib::InHdrErrors,
        Cause::Xlate(Reason::MartianSource | Reason::MartianTarget | Reason::SourceInPrefix)
        | Cause::Trouble(Trouble::Forwarding) => Mib::InAddrErrors,
        Cause::Trouble(Trouble::Route | Trouble::Prohibited | Trouble::Blackhole) => {
            Mib::InNoRoutes
        }
        Cause::Trouble(Trouble::Mtu) => Mib::TooBig,
        Cause::Trouble(Trouble::Policy | Trouble::Memory) => Mib::InDiscards,
        _ => return,
    };
    snmp::count(at.net, skb, ipv6, mib);
}

/// Tells the sender of an IPv6 packet why it is dropped, if it is to know.
#[cold]
pub(super) fn sender6(at: &Place<'_>, config: &Config, skb: &Skb, cause: Cause) -> Cause {
    // A hairpin may have failed on its second half: it is an IPv4 packet then.
    let is_v6 = skb.head().first().is_some_and(|octet| octet >> 4 == 6);
    if !is_v6 {
        return cause;
    }
    count(at, skb, true, cause);
    if config.values.get(Id::Icmp6Errors) == 0 {
        return cause;
    }
    let (kind, code, info) = match cause {
        Cause::Xlate(Reason::HopLimit) => (v6::TIME_EXCEEDED, 0, 0),
        Cause::Xlate(Reason::UnknownProtocol) => (v6::UNREACHABLE, code::PORT, 0),
        Cause::Xlate(Reason::UnmappedSource) => (v6::UNREACHABLE, code::SOURCE, 0),
        Cause::Xlate(Reason::SourceRoute6) => match ext::segments_left(skb.head()) {
            Some(pointer) => (v6::PARAMETER, 0, pointer.into()),
            None => return cause,
        },
        Cause::Trouble(Trouble::Route) => (v6::UNREACHABLE, code::NO_ROUTE, 0),
        Cause::Trouble(Trouble::Ports | Trouble::Sessions | Trouble::Ceiling) => {
            (v6::UNREACHABLE, code::ADDRESS, 0)
        }
        Cause::Trouble(Trouble::Prohibited) => (v6::UNREACHABLE, code::PROHIBITED, 0),
        _ if is_prohibited(cause) && !is_icmp6(skb.head()) => {
            (v6::UNREACHABLE, code::PROHIBITED, 0)
        }
        _ => return cause,
    };
    icmp::send6(skb, kind, code, info);
    cause
}

/// Tells the sender of an IPv6 packet how big it may be.
#[cold]
pub(super) fn too_big6(skb: &Skb, mtu: u32) -> Cause {
    icmp::send6(skb, v6::TOO_BIG, 0, mtu);
    Trouble::Mtu.into()
}

/// Tells the sender of an IPv4 packet why it is dropped, if it is to know.
#[cold]
pub(super) fn sender4(at: &Place<'_>, config: &Config, skb: &Skb, cause: Cause) -> Cause {
    count(at, skb, false, cause);
    if config.values.get(Id::IcmpErrors) == 0 {
        return cause;
    }
    let (kind, code) = match cause {
        Cause::Xlate(Reason::HopLimit) => (v4::TIME_EXCEEDED, 0),
        // IGMP is dropped in silence (RFC 7915 section 4.2).
        Cause::Xlate(Reason::UnknownProtocol) if skb.head().get(9) != Some(&l4::IGMP) => {
            (v4::UNREACHABLE, code::PROTOCOL4)
        }
        Cause::Xlate(Reason::SourceRoute4) => (v4::UNREACHABLE, code::SOURCE_ROUTE4),
        Cause::Trouble(Trouble::Route) => (v4::UNREACHABLE, code::HOST4),
        Cause::Trouble(Trouble::Prohibited) => (v4::UNREACHABLE, code::PROHIBITED4),
        _ if is_prohibited(cause) => (v4::UNREACHABLE, code::PROHIBITED4),
        _ => return cause,
    };
    icmp::send4(at.net, skb, kind, code, 0);
    cause
}

/// Tells the sender of an IPv4 packet how big it may be.
#[cold]
pub(super) fn too_big4(at: &Place<'_>, skb: &Skb, mtu: u32) -> Cause {
    icmp::send4(at.net, skb, v4::UNREACHABLE, code::FRAGMENTATION4, mtu);
    Trouble::Mtu.into()
}
