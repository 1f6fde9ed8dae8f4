// SPDX-License-Identifier: GPL-2.0
//! New addresses and ports of a packet, and its transport header with them.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    addresses::{AddrXlat, Addrs},
    bytes::put,
    checksum::{Delta, Sum},
    icmp::Echo,
    l4::{self, Ports},
    packet::field,
    proto,
};

/// The new ends of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<A> {
    /// Source address.
    pub saddr: A,
    /// Destination address.
    pub daddr: A,
    /// Absent where ports stay as they are.
    pub ports: Option<Ports>,
    /// The change of a finished transport checksum.
    pub finished: Delta,
    /// The change of one that counts the addresses only.
    pub partial: Delta,
}

impl<A> Rewrite<A> {
    /// The change of the transport checksum.
    #[inline(always)]
    const fn delta(&self, partial: bool) -> Delta {
        if partial {
            self.partial
        } else {
            self.finished
        }
    }

    const fn of_addresses(addrs: Addrs<A>, delta: Delta) -> Rewrite<A>
    where
        A: Copy,
    {
        Rewrite {
            saddr: addrs.saddr,
            daddr: addrs.daddr,
            ports: None,
            finished: delta,
            partial: delta,
        }
    }
}

impl Rewrite<Ipv4Addr> {
    /// An IPv6 packet between these addresses becomes an IPv4 one.
    pub const fn to_v4(pair: &AddrXlat) -> Self {
        Rewrite::of_addresses(pair.v4, Delta::of(sum6(&pair.v6), sum4(&pair.v4)))
    }
}

impl Rewrite<Ipv6Addr> {
    /// An IPv4 packet between these addresses becomes an IPv6 one.
    pub const fn to_v6(pair: &AddrXlat) -> Self {
        Rewrite::of_addresses(pair.v6, Delta::of(sum4(&pair.v4), sum6(&pair.v6)))
    }
}

const fn sum4(addrs: &Addrs<Ipv4Addr>) -> Sum {
    Sum::ZERO.add_v4(addrs.saddr).add_v4(addrs.daddr)
}

const fn sum6(addrs: &Addrs<Ipv6Addr>) -> Sum {
    Sum::ZERO.add_v6(addrs.saddr).add_v6(addrs.daddr)
}

/// Give a transport header new ports, where there are any, and the checksum that goes with its new
/// addresses. `partial`: the checksum counts the addresses only, as yet. A UDP checksum of 0 must
/// have been seen to.
#[inline(always)]
pub(super) fn ports<A>(transport: &mut [u8], protocol: u8, to: &Rewrite<A>, partial: bool) {
    if let Some(Ports { sport, dport }) = to.ports {
        put(transport, 0, sport.to_be_bytes());
        put(transport, 2, dport.to_be_bytes());
    }
    update(transport, protocol, to.delta(partial), partial);
}

/// Change the checksum of a transport header.
#[inline(always)]
pub fn update(transport: &mut [u8], protocol: u8, delta: Delta, partial: bool) {
    let Some(at) = l4::check_offset(protocol) else {
        return;
    };
    let check = field(transport, at);
    let check = match (partial, protocol) {
        (true, _) => delta.apply_partial(check),
        (false, proto::TCP) => delta.apply(check),
        (false, _) => delta.apply_udp(check),
    };
    put(transport, at, check.to_be_bytes());
}

/// Give an echo message a new type and identifier.
pub(super) fn echo(message: &mut [u8], to: Echo, delta: Delta) {
    put(message, 0, [to.kind]);
    put(message, 4, to.id.to_be_bytes());
    let check = delta.apply(field(message, 2));
    put(message, 2, check.to_be_bytes());
}

/// Set the checksum of a UDP header.
pub fn put_udp_check(datagram: &mut [u8], check: u16) {
    put(datagram, 6, check.to_be_bytes());
}
