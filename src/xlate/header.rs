// SPDX-License-Identifier: GPL-2.0
//! Translation of IP headers (RFC 7915 sections 4.1 and 5.1).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    ext::{Fragment, FRAGMENT_LEN},
    ipv4, ipv6,
    proto::{protocol_to_v4, protocol_to_v6, FRAGMENT},
    DropReason,
};

/// Longest transport part that every IPv6 link carries whole when it comes back (1280 − 40).
const ALWAYS_FITS: u32 = 1240;

/// The header after the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Transport protocol of the packet before translation.
    pub protocol: u8,
    /// Length of the transport part, extension headers and options gone.
    pub len: u32,
    /// Place in a fragmented datagram.
    pub fragment: Option<Fragment>,
    /// Length of one segment's transport part, if the packet stands for several.
    pub segment: Option<u32>,
}

/// True if this translation is one hop on the packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlAction {
    /// A forwarded packet: one less.
    Count,
    /// A quoted packet or one of our own host.
    Keep,
}

impl TtlAction {
    /// The hop limit with which the packet goes on.
    #[inline]
    pub const fn next(self, hop_limit: u8) -> Result<u8, DropReason> {
        match (self, hop_limit) {
            (TtlAction::Keep, _) => Ok(hop_limit),
            (TtlAction::Count, 0 | 1) => Err(DropReason::HopLimit),
            (TtlAction::Count, _) => Ok(hop_limit.wrapping_sub(1)),
        }
    }
}

/// The IPv4 header of an IPv6 packet. `id` is the identification of one that may be cut on its way:
/// fragments bring their own, and what may not be cut needs none (RFC 6864). `tos` replaces the
/// traffic class where given.
#[inline]
pub fn to_v4(
    header: &ipv6::Header,
    saddr: Ipv4Addr,
    daddr: Ipv4Addr,
    payload: &Payload,
    id: u16,
    hop: TtlAction,
    tos: Option<u8>,
) -> Result<ipv4::Header, DropReason> {
    let total_len = payload.len.saturating_add(ipv4::LEN as u32);
    let total_len = u16::try_from(total_len).map_err(|_| DropReason::TooBig)?;
    let (id, df, mf, frag_off) = match payload.fragment {
        Some(fragment) => (fragment.id as u16, false, fragment.more, fragment.offset),
        None if payload.segment.unwrap_or(payload.len) > ALWAYS_FITS => (0, true, false, 0),
        None => (id, false, false, 0),
    };
    Ok(ipv4::Header {
        header_len: ipv4::LEN as u8,
        tos: tos.unwrap_or(header.traffic_class),
        total_len,
        id,
        df,
        mf,
        frag_off,
        ttl: hop.next(header.hop_limit)?,
        protocol: protocol_to_v4(payload.protocol),
        saddr,
        daddr,
    })
}

/// The IPv6 header of an IPv4 packet. A fragment's Fragment header follows it and is counted in
/// the length; `traffic_class` replaces the type of service where given.
#[inline]
pub fn to_v6(
    header: &ipv4::Header,
    saddr: Ipv6Addr,
    daddr: Ipv6Addr,
    payload: &Payload,
    hop: TtlAction,
    traffic_class: Option<u8>,
) -> Result<ipv6::Header, DropReason> {
    let (next_header, ext_len) = match payload.fragment {
        Some(_) => (FRAGMENT, FRAGMENT_LEN),
        None => (protocol_to_v6(payload.protocol), 0),
    };
    let payload_len = payload.len.saturating_add(u32::from(ext_len));
    Ok(ipv6::Header {
        traffic_class: traffic_class.unwrap_or(header.tos),
        flow_label: 0,
        payload_len: u16::try_from(payload_len).map_err(|_| DropReason::TooBig)?,
        next_header,
        hop_limit: hop.next(header.ttl)?,
        saddr,
        daddr,
    })
}
