// SPDX-License-Identifier: GPL-2.0
//! The IPv6 header.

use core::net::Ipv6Addr;

use super::{bytes, DropReason};

/// Length of the header.
pub const LEN: usize = 40;

/// An IPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Length of what follows the header, extension headers included.
    pub payload_len: u16,
    /// First extension header or transport protocol.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source.
    pub saddr: Ipv6Addr,
    /// Destination.
    pub daddr: Ipv6Addr,
}

impl Header {
    /// Reads a header.
    #[inline]
    pub fn parse(packet: &[u8]) -> Result<Header, DropReason> {
        let header = packet.first_chunk::<LEN>().ok_or(DropReason::Truncated)?;
        let (fixed, rest) = header
            .split_first_chunk::<8>()
            .ok_or(DropReason::Truncated)?;
        let (saddr, rest) = rest
            .split_first_chunk::<16>()
            .ok_or(DropReason::Truncated)?;
        let daddr = rest.first_chunk::<16>().ok_or(DropReason::Truncated)?;
        let [v0, v1, v2, v3, l0, l1, next_header, hop_limit] = *fixed;
        let word = u32::from_be_bytes([v0, v1, v2, v3]);
        if word >> 28 != 6 {
            return Err(DropReason::BadVersion);
        }
        Ok(Header {
            traffic_class: (word >> 20) as u8,
            flow_label: word & 0x000f_ffff,
            payload_len: u16::from_be_bytes([l0, l1]),
            next_header,
            hop_limit,
            saddr: Ipv6Addr::from_bits(u128::from_be_bytes(*saddr)),
            daddr: Ipv6Addr::from_bits(u128::from_be_bytes(*daddr)),
        })
    }

    /// The header as bytes.
    #[inline]
    pub fn emit(&self) -> [u8; LEN] {
        let word =
            (6 << 28) | (u32::from(self.traffic_class) << 20) | (self.flow_label & 0x000f_ffff);
        let mut out = [0; LEN];
        bytes::put(&mut out, 0, word.to_be_bytes());
        bytes::put(&mut out, 4, self.payload_len.to_be_bytes());
        bytes::put(&mut out, 6, [self.next_header, self.hop_limit]);
        bytes::put(&mut out, 8, self.saddr.octets());
        bytes::put(&mut out, 24, self.daddr.octets());
        out
    }
}
