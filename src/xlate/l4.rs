// SPDX-License-Identifier: GPL-2.0
//! The few fields of transport headers that translation looks at.

use super::{bytes, icmp, proto, DropReason};

/// Length of the fixed transport header.
#[inline]
pub const fn header_len(protocol: u8) -> Option<usize> {
    match protocol {
        proto::TCP => Some(20),
        proto::UDP | proto::ICMP | proto::ICMPV6 => Some(8),
        _ => None,
    }
}

/// Where the checksum stands in the transport header, for the protocols whose checksum covers the
/// addresses: all others are passed on as they are (RFC 7915 section 4.5).
#[inline]
pub const fn check_offset(protocol: u8) -> Option<usize> {
    match protocol {
        proto::TCP => Some(16),
        proto::UDP | proto::UDP_LITE | proto::DCCP => Some(6),
        proto::ICMP | proto::ICMPV6 => Some(2),
        _ => None,
    }
}

/// Bytes of the transport header that translation may change.
#[inline(always)]
pub const fn writable_len(protocol: u8) -> usize {
    match (header_len(protocol), check_offset(protocol)) {
        (Some(len), _) => len,
        (None, Some(offset)) => offset.saturating_add(2),
        (None, None) => 0,
    }
}

/// The byte with the TCP flags.
#[inline]
pub fn tcp_flags(segment: &[u8]) -> Option<u8> {
    segment.get(13).copied()
}

/// Bytes of the TCP header of a SYN; nothing for other segments.
pub fn syn_header_len(segment: &[u8]) -> Option<usize> {
    const SYN: u8 = 0x02;
    let len = usize::from(*segment.get(12)? >> 4) << 2;
    (tcp_flags(segment)? & SYN != 0 && len >= 20).then_some(len)
}

/// Refuses an IPv6 UDP datagram without a checksum (RFC 8200 section 8.1).
#[inline]
pub fn check_udp6(datagram: &[u8]) -> Result<(), DropReason> {
    match bytes::be16(datagram, 6) {
        None => Err(DropReason::Truncated),
        Some(0) => Err(DropReason::UdpChecksumZero),
        Some(_) => Ok(()),
    }
}

/// Length of a UDP datagram by its own account, which has to lie within the `len` bytes that its
/// packet has for it (RFC 768).
pub fn udp_len(datagram: &[u8], len: u32) -> Result<u32, DropReason> {
    match bytes::be16(datagram, 4).map(u32::from) {
        Some(own) if (8..=len).contains(&own) => Ok(own),
        _ => Err(DropReason::Truncated),
    }
}

/// Return true if sessions of a protocol, as in IPv4, have ports of the pool. Of others ports stay as
/// they are, if there are any.
#[inline(always)]
pub const fn has_pool_ports(protocol: u8) -> bool {
    matches!(protocol, proto::TCP | proto::UDP | proto::ICMP)
}

/// Return true if a protocol is another transport protocol. Never of what one IP version has alone.
#[inline]
pub const fn is_other(protocol: u8) -> bool {
    let is_of_one = matches!(
        protocol,
        proto::ICMPV6
            | proto::IGMP
            | proto::HOP_BY_HOP
            | proto::ROUTING
            | proto::FRAGMENT
            | proto::NONE
            | proto::DESTINATION
            | proto::MOBILITY
            | proto::SHIM6
    );
    !has_pool_ports(protocol) && !is_of_one
}

/// Length of the ports of such a protocol.
const fn ports_len(protocol: u8) -> usize {
    match protocol {
        proto::SCTP | proto::DCCP | proto::UDP_LITE => 4,
        _ => 0,
    }
}

/// Length of the part of a transport header that tells the session and that translation changes;
/// none of what is no transport protocol.
pub const fn session_len(protocol: u8) -> Option<usize> {
    match header_len(protocol) {
        None if is_other(protocol) => {
            let (ports, changed) = (ports_len(protocol), writable_len(protocol));
            Some(if ports > changed { ports } else { changed })
        }
        len => len,
    }
}

/// The ports of a packet; both are the identifier of an ICMP echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
}

impl Ports {
    /// As [`Ports::read`], also of other protocols, whose ports stay: none where there are none.
    pub fn of(protocol: u8, transport: &[u8]) -> Result<Ports, DropReason> {
        match (is_other(protocol), ports_len(protocol)) {
            (false, _) => Ports::read(protocol, transport),
            (true, 0) => Ok(Ports::echo(0)),
            (true, _) => {
                let [s0, s1, d0, d1] = bytes::array(transport, 0).ok_or(DropReason::Truncated)?;
                Ok(Ports {
                    sport: u16::from_be_bytes([s0, s1]),
                    dport: u16::from_be_bytes([d0, d1]),
                })
            }
        }
    }

    /// Reads the ports from the first 8 bytes of `transport`, all that an ICMP error must quote.
    #[inline(always)]
    pub fn read(protocol: u8, transport: &[u8]) -> Result<Ports, DropReason> {
        let [b0, b1, b2, b3, b4, b5, ..] =
            bytes::array::<8>(transport, 0).ok_or(DropReason::Truncated)?;
        match protocol {
            proto::TCP | proto::UDP => Ok(Ports {
                sport: u16::from_be_bytes([b0, b1]),
                dport: u16::from_be_bytes([b2, b3]),
            }),
            proto::ICMP if icmp::is_echo4(b0, b1) => Ok(Ports::echo(u16::from_be_bytes([b4, b5]))),
            proto::ICMPV6 if icmp::is_echo6(b0, b1) => {
                Ok(Ports::echo(u16::from_be_bytes([b4, b5])))
            }
            proto::ICMP | proto::ICMPV6 => Err(DropReason::IcmpType),
            _ => Err(DropReason::UnknownProtocol),
        }
    }

    /// As [`selector`] gives them.
    #[inline]
    pub const fn selector(&self) -> [u8; 4] {
        let ([s0, s1], [d0, d1]) = (self.sport.to_be_bytes(), self.dport.to_be_bytes());
        [s0, s1, d0, d1]
    }

    /// The identifier of an ICMP echo.
    #[inline]
    pub const fn echo(id: u16) -> Ports {
        Ports {
            sport: id,
            dport: id,
        }
    }
}

/// Bytes of a transport header that [`selector`] looks at.
pub const SELECTOR_LEN: usize = 4;

/// The key by which rules and policies tell flows apart, beside addresses and protocol: the ports
/// of a transport header, in network order, or type and code of ICMP; zeros where there are none.
#[inline]
pub fn selector(protocol: u8, transport: &[u8]) -> [u8; SELECTOR_LEN] {
    match (protocol, transport) {
        (
            proto::TCP | proto::UDP | proto::UDP_LITE | proto::DCCP | proto::SCTP,
            &[s0, s1, d0, d1, ..],
        ) => [s0, s1, d0, d1],
        (proto::ICMP | proto::ICMPV6, &[kind, code, ..]) => [kind, code, 0, 0],
        _ => [0; SELECTOR_LEN],
    }
}
