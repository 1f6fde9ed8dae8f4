// SPDX-License-Identifier: GPL-2.0

//! What a packet turns into: the addresses and ports of a session, or those of stateless rules.

use super::{way::Kept, Place};
use crate::{
    state::session::Session,
    xlate::{
        checksum::{Delta, Sum},
        eam::{Ends, Pair},
        header::Hop,
        l4::Ports,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// The new ends of a packet.
pub(super) struct Target<'g, A> {
    pub(super) saddr: A,
    pub(super) daddr: A,
    /// Absent where ports stay as they are.
    pub(super) ports: Option<Ports>,
    /// The route that its session keeps, or is to keep.
    pub(super) kept: Kept<'g>,
    /// Whether this is a hop on the packet's way.
    pub(super) hop: Hop,
    /// Chooses the counter for identification numbers.
    pub(super) ident: u32,
    finished: Delta,
    partial: Delta,
}

impl<A> Target<'_, A> {
    /// What translation adds to the transport checksum, or to one that counts the addresses only.
    #[inline(always)]
    pub(super) fn delta(&self, partial: bool) -> Delta {
        if partial {
            self.partial
        } else {
            self.finished
        }
    }
}

impl<'g> Target<'g, Ipv4Addr> {
    /// What an IPv6 packet of a session turns into.
    #[inline(always)]
    pub(super) fn of_session4(at: &Place<'_>, session: &'g Session, kept: Kept<'g>) -> Self {
        let v4 = &session.v4;
        Self {
            saddr: v4.saddr,
            daddr: v4.daddr,
            ports: Some(Ports {
                sport: v4.sport,
                dport: v4.dport,
            }),
            kept,
            hop: at.hop(),
            ident: session.ident,
            finished: session.delta(false),
            partial: session.delta(true),
        }
    }

    /// What an IPv6 packet between these addresses turns into.
    pub(super) fn of_pair4(at: &Place<'_>, pair: &Pair, proto: u8) -> Self {
        let Ends { saddr, daddr } = pair.v4;
        let delta = Delta::of(sum6(&pair.v6), sum4(&pair.v4));
        Self {
            saddr,
            daddr,
            ports: None,
            kept: Kept::Nowhere,
            hop: at.hop(),
            ident: at.translator.idents.slot(saddr, daddr, proto),
            finished: delta,
            partial: delta,
        }
    }
}

impl<'g> Target<'g, Ipv6Addr> {
    /// What an IPv4 packet of a session turns into.
    #[inline(always)]
    pub(super) fn of_session6(at: &Place<'_>, session: &'g Session, kept: Kept<'g>) -> Self {
        let v6 = &session.v6;
        Self {
            saddr: v6.daddr,
            daddr: v6.saddr,
            ports: Some(Ports {
                sport: v6.dport,
                dport: v6.sport,
            }),
            kept,
            hop: at.hop(),
            ident: session.ident,
            finished: session.delta(false).inverse(),
            partial: session.delta(true).inverse(),
        }
    }

    /// What an IPv4 packet between these addresses turns into.
    pub(super) fn of_pair6(at: &Place<'_>, pair: &Pair) -> Self {
        let delta = Delta::of(sum4(&pair.v4), sum6(&pair.v6));
        Self {
            saddr: pair.v6.saddr,
            daddr: pair.v6.daddr,
            ports: None,
            kept: Kept::Nowhere,
            hop: at.hop(),
            ident: 0,
            finished: delta,
            partial: delta,
        }
    }
}

fn sum4(ends: &Ends<Ipv4Addr>) -> Sum {
    Sum::ZERO.add_v4(ends.saddr).add_v4(ends.daddr)
}

fn sum6(ends: &Ends<Ipv6Addr>) -> Sum {
    Sum::ZERO.add_v6(ends.saddr).add_v6(ends.daddr)
}
