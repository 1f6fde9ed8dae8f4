// SPDX-License-Identifier: GPL-2.0
//! The IPv4 header.

use core::net::Ipv4Addr;

use super::{bytes, checksum::Sum, DropReason};

/// Length of a header without options.
pub const LEN: usize = 20;

/// Flag bits of the `frag_off` field.
const DF: u16 = 0x4000;
const MF: u16 = 0x2000;
const OFFSET: u16 = 0x1fff;

/// An IPv4 header; options are counted but not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of the header, options included, in bytes.
    pub header_len: u8,
    /// Type of service: DSCP and ECN.
    pub tos: u8,
    /// Length of the packet.
    pub total_len: u16,
    /// Identification.
    pub id: u16,
    /// Don't fragment.
    pub df: bool,
    /// More fragments.
    pub mf: bool,
    /// Fragment offset in units of 8 bytes.
    pub frag_off: u16,
    /// Time to live.
    pub ttl: u8,
    /// Transport protocol.
    pub protocol: u8,
    /// Source.
    pub saddr: Ipv4Addr,
    /// Destination.
    pub daddr: Ipv4Addr,
}

impl Header {
    /// Reads a header whose lengths and checksum the stack has verified.
    #[inline]
    pub fn read(packet: &[u8]) -> Result<Header, DropReason> {
        let [ver_ihl, tos, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
            *packet.first_chunk::<LEN>().ok_or(DropReason::Truncated)?;
        if ver_ihl >> 4 != 4 {
            return Err(DropReason::BadVersion);
        }
        let header_len = (ver_ihl & 0x0f) << 2;
        if usize::from(header_len) < LEN {
            return Err(DropReason::BadHeaderLength);
        }
        let frag = u16::from_be_bytes([f0, f1]);
        Ok(Header {
            header_len,
            tos,
            total_len: u16::from_be_bytes([l0, l1]),
            id: u16::from_be_bytes([i0, i1]),
            df: frag & DF != 0,
            mf: frag & MF != 0,
            frag_off: frag & OFFSET,
            ttl,
            protocol,
            saddr: Ipv4Addr::new(s0, s1, s2, s3),
            daddr: Ipv4Addr::new(d0, d1, d2, d3),
        })
    }

    /// Reads a header and verifies its lengths and checksum (RFC 1812 section 5.2.2).
    pub fn parse(packet: &[u8]) -> Result<Header, DropReason> {
        let header = Header::read(packet)?;
        if header.total_len < u16::from(header.header_len) {
            return Err(DropReason::BadHeaderLength);
        }
        let bytes = packet
            .get(..usize::from(header.header_len))
            .ok_or(DropReason::Truncated)?;
        if Sum::of(bytes).check() != 0 {
            return Err(DropReason::BadHeaderChecksum);
        }
        Ok(header)
    }

    /// The header as bytes, without options and with its checksum.
    #[inline(always)]
    pub fn emit(&self) -> [u8; LEN] {
        let flag = |set, flag| if set { flag } else { 0 };
        let frag = flag(self.df, DF) | flag(self.mf, MF) | (self.frag_off & OFFSET);
        let first = u32::from_be_bytes([0x45, self.tos, 0, 0]) | u32::from(self.total_len);
        let second = (u32::from(self.id) << 16) | u32::from(frag);
        let third = u32::from_be_bytes([self.ttl, self.protocol, 0, 0]);
        let sum = Sum::ZERO
            .add32(first)
            .add32(second)
            .add32(third)
            .add_v4(self.saddr)
            .add_v4(self.daddr);
        let mut out = [0; LEN];
        bytes::put(&mut out, 0, first.to_be_bytes());
        bytes::put(&mut out, 4, second.to_be_bytes());
        bytes::put(&mut out, 8, (third | u32::from(sum.check())).to_be_bytes());
        bytes::put(&mut out, 12, self.saddr.octets());
        bytes::put(&mut out, 16, self.daddr.octets());
        out
    }

    /// Return true if the packet is one of several fragments.
    #[inline]
    pub const fn is_fragment(&self) -> bool {
        self.mf || self.frag_off != 0
    }

    /// Length of what follows the header.
    #[inline]
    pub const fn payload_len(&self) -> u16 {
        self.total_len.saturating_sub(self.header_len as u16)
    }

    /// The destination is unicast only: multicast and broadcast are never translated.
    #[inline]
    pub const fn is_unicast(&self) -> bool {
        !super::addr::is_martian4(self.daddr)
    }
}
