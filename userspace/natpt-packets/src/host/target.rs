// SPDX-License-Identifier: GPL-2.0
//! What a packet turns into.

use natpt_core::xlate::{
    checksum::{Delta, Sum},
    eam::Pair,
    header::Hop,
};

use super::Session;

/// The new ends of a packet.
pub(super) struct Target<A> {
    pub saddr: A,
    pub daddr: A,
    /// Absent where ports stay as they are.
    pub ports: Option<(u16, u16)>,
    /// What the transport checksum changes by.
    pub delta: Delta,
    pub hop: Hop,
    /// Whether the packet was an IPv6 one a moment ago and turns back.
    pub back: bool,
}

impl Target<std::net::Ipv4Addr> {
    /// What an IPv6 packet of a session turns into.
    pub fn of_session4(session: &Session) -> Self {
        let v4 = &session.v4;
        Target {
            saddr: v4.saddr,
            daddr: v4.daddr,
            ports: Some((v4.sport, v4.dport)),
            delta: Delta::of(session.v6.sum(), v4.sum()),
            hop: Hop::Count,
            back: false,
        }
    }

    /// What an IPv6 packet between these addresses turns into.
    pub fn of_pair4(pair: &Pair) -> Self {
        Target {
            saddr: pair.v4.saddr,
            daddr: pair.v4.daddr,
            ports: None,
            delta: Delta::of(sum6(pair), sum4(pair)),
            hop: Hop::Count,
            back: false,
        }
    }
}

impl Target<std::net::Ipv6Addr> {
    /// What an IPv4 packet of a session turns into.
    pub fn of_session6(session: &Session) -> Self {
        let v6 = &session.v6;
        Target {
            saddr: v6.daddr,
            daddr: v6.saddr,
            ports: Some((v6.dport, v6.sport)),
            delta: Delta::of(session.v4.sum(), v6.sum()),
            hop: Hop::Count,
            back: false,
        }
    }

    /// What an IPv4 packet between these addresses turns into. There and back is one hop.
    pub fn of_pair6(pair: &Pair, back: bool) -> Self {
        Target {
            saddr: pair.v6.saddr,
            daddr: pair.v6.daddr,
            ports: None,
            delta: Delta::of(sum4(pair), sum6(pair)),
            hop: if back { Hop::Keep } else { Hop::Count },
            back,
        }
    }
}

fn sum4(pair: &Pair) -> Sum {
    Sum::ZERO.add_v4(pair.v4.saddr).add_v4(pair.v4.daddr)
}

fn sum6(pair: &Pair) -> Sum {
    Sum::ZERO.add_v6(pair.v6.saddr).add_v6(pair.v6.daddr)
}
