// SPDX-License-Identifier: GPL-2.0
//! Protocol numbers: what IPv4 has as its protocol and IPv6 as a next header.

/// Hop-by-Hop Options header.
pub const HOP_BY_HOP: u8 = 0;
/// ICMP.
pub const ICMP: u8 = 1;
/// IGMP.
pub const IGMP: u8 = 2;
/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// DCCP.
pub const DCCP: u8 = 33;
/// Routing header.
pub const ROUTING: u8 = 43;
/// Fragment header.
pub const FRAGMENT: u8 = 44;
/// Authentication Header.
pub const AUTHENTICATION: u8 = 51;
/// ICMPv6.
pub const ICMPV6: u8 = 58;
/// No next header.
pub const NONE: u8 = 59;
/// Destination Options header.
pub const DESTINATION: u8 = 60;
/// SCTP.
pub const SCTP: u8 = 132;
/// Mobility header.
pub const MOBILITY: u8 = 135;
/// UDP-Lite.
pub const UDP_LITE: u8 = 136;
/// Host Identity Protocol.
pub const HIP: u8 = 139;
/// Shim6.
pub const SHIM6: u8 = 140;

/// The IPv4 protocol number of an IPv6 transport.
#[inline]
pub const fn protocol_to_v4(next_header: u8) -> u8 {
    match next_header {
        ICMPV6 => ICMP,
        other => other,
    }
}

/// The IPv6 next header of an IPv4 protocol.
#[inline]
pub const fn protocol_to_v6(protocol: u8) -> u8 {
    match protocol {
        ICMP => ICMPV6,
        other => other,
    }
}
