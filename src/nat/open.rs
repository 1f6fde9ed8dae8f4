// SPDX-License-Identifier: GPL-2.0
//! What a new session is like (RFC 6146 section 3.5).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{tcp, world::Key};
use crate::xlate::{
    proto,
    side::Side,
    tuple::{Tuple4, Tuple6},
    DropReason,
};

impl<T> Key<T> {
    /// The state into which a packet from `side` brings its new session. Fails with `NoSession` if
    /// it is a TCP segment that opens none.
    pub fn first_state(&self, side: Side) -> Result<tcp::State, DropReason> {
        match self.flags {
            None => Ok(tcp::State::opened_by(side)),
            Some(flags) if flags.opens() => Ok(tcp::next(tcp::State::None, side, flags).state),
            Some(_) => Err(DropReason::NoSession),
        }
    }
}

impl Key<Tuple6> {
    /// The IPv4 side of a session of an IPv6 packet, whose host has this address and port there.
    pub const fn tuple4(&self, (addr, port): (Ipv4Addr, u16), peer: Ipv4Addr) -> Tuple4 {
        Tuple4 {
            saddr: addr,
            daddr: peer,
            sport: port,
            dport: match self.proto {
                proto::ICMP => port,
                _ => self.tuple.dport,
            },
        }
    }
}

impl Key<Tuple4> {
    /// The IPv6 side of a session of an IPv4 packet to this host.
    pub const fn tuple6(&self, (addr, port): (Ipv6Addr, u16), peer: Ipv6Addr) -> Tuple6 {
        Tuple6 {
            saddr: addr,
            daddr: peer,
            sport: port,
            dport: match self.proto {
                proto::ICMP => port,
                _ => self.tuple.dport,
            },
        }
    }
}
