// SPDX-License-Identifier: GPL-2.0
//! What decisions ask of their surroundings: configuration, sessions, and the box's other rules.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{options::Values, tcp};
use crate::xlate::{
    addr::Prefix,
    addresses::{Addresses, Addrs},
    packet::Packet,
    rewrite::Rewrite,
    tuple::{Tuple4, Tuple6},
    DropReason,
};

/// The key of a session, and what moves it on.
#[derive(Clone, Copy, Debug)]
pub struct Key<T> {
    /// Addresses and ports, with the IPv6 host as the source: those of an IPv4 packet are inverted.
    pub tuple: T,
    /// Transport protocol, as in IPv4.
    pub proto: u8,
    /// Those of a TCP segment.
    pub flags: Option<tcp::Flags>,
    /// Traffic class or type of service.
    pub tos: u8,
    /// Hash value of tuple and protocol, as [`World`] gives it.
    pub hash: u32,
}

impl<T> Key<T> {
    /// The key of a packet that moves nothing on.
    pub const fn plain(tuple: T, proto: u8, hash: u32) -> Key<T> {
        Key {
            tuple,
            proto,
            flags: None,
            tos: 0,
            hash,
        }
    }
}

/// The new form of a packet, and its session's memory of its way.
pub type Known<A, S> = (Rewrite<A>, S);

/// The surroundings of one packet.
pub trait World {
    /// An IPv6 packet.
    type Packet6: Packet;
    /// An IPv4 packet.
    type Packet4: Packet;
    /// A stateful rule.
    type Rule<'a>
    where
        Self: 'a;
    /// A session's memory of the way to IPv4.
    type To4;
    /// A session's memory of the way to IPv6.
    type To6;

    /// The options.
    fn options(&self) -> &Values;
    /// How stateless rules translate addresses.
    fn addresses(&self) -> Addresses<'_>;
    /// There are stateless rules.
    fn is_stateless(&self) -> bool;
    /// There are stateful rules.
    fn is_stateful(&self) -> bool;
    /// There are stateless rules for IPv6 hosts.
    fn has_hosts6(&self) -> bool;
    /// The longest prefix that an address is under.
    fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix>;
    /// Hosts share this address.
    fn is_pool(&self, addr: Ipv4Addr) -> bool;
    /// Find the stateful rule for packets with this tuple.
    fn rule(&self, tuple: &Tuple6, proto: u8) -> Option<Self::Rule<'_>>;
    /// Source of errors from IPv6 routers that have no IPv4 form (RFC 6791), if one is set.
    fn error_source(&self) -> Option<Ipv4Addr>;

    /// Hash value by which the session of an IPv6 packet is found.
    fn hash6(&self, tuple: &Tuple6, proto: u8) -> u32;
    /// Hash value by which the session of an IPv4 packet is found.
    fn hash4(&self, tuple: &Tuple4, proto: u8) -> u32;
    /// Find the session of an IPv6 packet and move it on. Fails where the packet may not pass.
    fn known6(
        &self,
        packet: &Self::Packet6,
        key: &Key<Tuple6>,
    ) -> Result<Option<Known<Ipv4Addr, Self::To4>>, DropReason>;
    /// Open a session for an IPv6 packet by its rule; none if there is none. Fails where it may not
    /// be.
    fn open6(
        &self,
        key: &Key<Tuple6>,
        rule: Option<Self::Rule<'_>>,
    ) -> Result<Option<Known<Ipv4Addr, Self::To4>>, DropReason>;
    /// Find the session of an IPv4 packet and move it on. Fails where the packet may not pass.
    fn known4(
        &self,
        packet: &Self::Packet4,
        key: &Key<Tuple4>,
    ) -> Result<Option<Known<Ipv6Addr, Self::To6>>, DropReason>;
    /// Open a session for an IPv4 packet; none if no mapping is for it. Fails where it may not be.
    fn open4(&self, key: &Key<Tuple4>) -> Result<Option<Known<Ipv6Addr, Self::To6>>, DropReason>;
    /// A host has the port that is the source of the tuple.
    fn has_mapping4(&self, tuple: &Tuple4, proto: u8) -> bool;
    /// A rule is for this protocol at a pool address.
    fn takes(&self, addr: Ipv4Addr, proto: u8) -> bool;
    /// The packet is of a connection of conntrack's, or for a socket of this host: for others than
    /// the host that has the port.
    fn is_taken4(&self, packet: &Self::Packet4, tuple: &Tuple4, proto: u8) -> bool;
    /// The session with this IPv6 side, in IPv4.
    fn session6(&self, tuple: &Tuple6, proto: u8) -> Option<Tuple4>;
    /// The session with this IPv4 side, in IPv6.
    fn session4(&self, tuple: &Tuple4, proto: u8) -> Option<Tuple6>;

    /// The packet is one of this host's sockets.
    fn is_own(&self) -> bool;
    /// The packet was of the other family a moment ago and goes back: there and back is one hop.
    fn is_inverted(&self) -> bool;
    /// The address is one of this host.
    fn is_local6(&self, addr: Ipv6Addr) -> bool;
    /// The address is one of this host where the packet came in.
    fn is_local4(&self, packet: &Self::Packet4, addr: Ipv4Addr) -> bool;
    /// This host may answer solicitations of others' addresses where the packet came in.
    fn is_proxy(&self, packet: &Self::Packet6) -> bool;
    /// Prefix length of the IPv6 route to the destination; none if there is none of interest.
    fn native6(&self, packet: &Self::Packet6, addrs: Addrs<Ipv6Addr>) -> Option<u8>;
    /// Prefix length of the IPv4 route to an address, loopback left aside.
    fn native4(&self, packet: &Self::Packet4, daddr: Ipv4Addr) -> Option<u8>;
    /// Fails where IPsec policy does not let the packet be forwarded as it came.
    fn policy6(&self, packet: &Self::Packet6) -> Result<(), DropReason>;
    /// The same for an IPv4 packet.
    fn policy4(&self, packet: &Self::Packet4) -> Result<(), DropReason>;
    /// Fails where a packet with these addresses cannot have come in where this one did.
    fn source4(&self, packet: &Self::Packet4, addrs: Addrs<Ipv4Addr>) -> Result<(), DropReason>;
}
