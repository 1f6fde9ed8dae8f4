// SPDX-License-Identifier: GPL-2.0
//! IP headers, as they are written in RFC 791 and RFC 8200.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    field::{u16_at, u32_at},
    sum::checksum,
};

/// The fields of an IPv6 header that matter.
pub struct Six {
    pub class: u8,
    pub payload_len: usize,
    pub next: u8,
    pub hops: u8,
    pub from: Ipv6Addr,
    pub to: Ipv6Addr,
}

/// Reads an IPv6 header.
pub fn six(packet: &[u8]) -> Result<Six, &'static str> {
    let header: &[u8; 40] = packet.first_chunk().ok_or("short")?;
    if header[0] / 16 != 6 {
        return Err("version");
    }
    let addr = |at| {
        let bytes: [u8; 16] = header[at..at + 16].try_into().unwrap_or_default();
        Ipv6Addr::from(bytes)
    };
    Ok(Six {
        class: header[0] % 16 * 16 + header[1] / 16,
        payload_len: u16_at(header, 4).unwrap_or(0).into(),
        next: header[6],
        hops: header[7],
        from: addr(8),
        to: addr(24),
    })
}

/// A Fragment Header (RFC 8200 section 4.5), or its fields in an IPv4 header.
#[derive(Clone, Copy)]
pub struct Piece {
    /// In units of 8 bytes.
    pub offset: u16,
    pub more: bool,
    pub id: u32,
}

/// What comes behind the extension headers.
pub struct Chain {
    /// Where, from the start of the packet.
    pub at: usize,
    pub protocol: u8,
    pub piece: Option<Piece>,
}

/// RFC 7915 section 5.1: Hop-by-Hop Options, Routing with no segments left, Destination Options
/// and Fragment are skipped. More than eight of them are not followed.
pub fn chain(packet: &[u8], first: u8) -> Result<Chain, &'static str> {
    let mut chain = Chain {
        at: 40,
        protocol: first,
        piece: None,
    };
    let mut count = 0;
    while [0, 43, 44, 60].contains(&chain.protocol) {
        count += 1;
        if count > 8 {
            return Err("chain");
        }
        let header = packet.get(chain.at..chain.at + 8).ok_or("short")?;
        let mut len = 8 + 8 * usize::from(header[1]);
        if chain.protocol == 43 && header[3] != 0 {
            return Err("segments left");
        }
        if chain.protocol == 44 {
            // Section 5.1.1: only ESP may follow.
            if [0, 43, 44, 51, 60, 135, 139, 140].contains(&header[0]) {
                return Err("extension header behind a fragment header");
            }
            len = 8;
            chain.piece = Some(Piece {
                offset: u16_at(header, 2).unwrap_or(0) / 8,
                more: header[3] % 2 == 1,
                id: u32_at(header, 4).unwrap_or(0),
            });
        }
        chain.protocol = header[0];
        chain.at += len;
        if chain.at > packet.len() {
            return Err("short");
        }
    }
    if count == 8 {
        // The eighth was followed, but what is behind it was not looked at.
        return Err("chain");
    }
    Ok(chain)
}

/// The fields of an IPv4 header that matter.
pub struct Four {
    /// Bytes of the header, options included.
    pub len: usize,
    pub tos: u8,
    pub total_len: usize,
    pub id: u16,
    pub df: bool,
    pub more: bool,
    pub offset: u16,
    pub ttl: u8,
    pub protocol: u8,
    pub from: Ipv4Addr,
    pub to: Ipv4Addr,
}

/// Reads an IPv4 header.
pub fn four(packet: &[u8]) -> Result<Four, &'static str> {
    let header: &[u8; 20] = packet.first_chunk().ok_or("short")?;
    if header[0] / 16 != 4 {
        return Err("version");
    }
    let len = usize::from(header[0] % 16) * 4;
    if len < 20 {
        return Err("header length");
    }
    Ok(Four {
        len,
        tos: header[1],
        total_len: u16_at(header, 2).unwrap_or(0).into(),
        id: u16_at(header, 4).unwrap_or(0),
        df: header[6] & 0x40 != 0,
        more: header[6] & 0x20 != 0,
        offset: u16_at(header, 6).unwrap_or(0) % 0x2000,
        ttl: header[8],
        protocol: header[9],
        from: Ipv4Addr::new(header[12], header[13], header[14], header[15]),
        to: Ipv4Addr::new(header[16], header[17], header[18], header[19]),
    })
}

/// What the IPv4 header of a translated packet says.
pub struct NewFour {
    pub tos: u8,
    pub payload_len: usize,
    pub id: u16,
    pub piece: Option<Piece>,
    pub ttl: u8,
    pub protocol: u8,
    pub from: Ipv4Addr,
    pub to: Ipv4Addr,
}

impl NewFour {
    /// Section 5.1, field by field; whether it may be fragmented.
    pub fn write(&self) -> Result<(Vec<u8>, bool), &'static str> {
        let total_len = 20 + self.payload_len;
        if total_len > 65535 {
            return Err("too long for IPv4");
        }
        let mut df = total_len > 1260;
        // What may not be cut needs no identification (RFC 6864 section 4.1).
        let (mut id, mut offset, mut more) = (if df { 0 } else { self.id }, 0, false);
        if let Some(piece) = self.piece {
            (id, offset, more, df) = (piece.id as u16, piece.offset, piece.more, false);
        }
        let mut out = vec![0x45, self.tos];
        out.extend((total_len as u16).to_be_bytes());
        out.extend(id.to_be_bytes());
        let flags = if df { 0x4000 } else { 0 } + if more { 0x2000 } else { 0 };
        out.extend((flags + offset).to_be_bytes());
        out.extend([
            self.ttl,
            if self.protocol == 58 {
                1
            } else {
                self.protocol
            },
            0,
            0,
        ]);
        out.extend(self.from.octets());
        out.extend(self.to.octets());
        let check = checksum(&[&out]).to_be_bytes();
        out[10] = check[0];
        out[11] = check[1];
        Ok((out, !df))
    }
}

/// What the IPv6 header of a translated packet says.
pub struct NewSix {
    pub class: u8,
    pub payload_len: usize,
    pub piece: Option<Piece>,
    pub hops: u8,
    pub protocol: u8,
    pub from: Ipv6Addr,
    pub to: Ipv6Addr,
}

impl NewSix {
    /// Section 4.1, field by field.
    pub fn write(&self) -> Result<Vec<u8>, &'static str> {
        let next = if self.protocol == 1 {
            58
        } else {
            self.protocol
        };
        let mut fragment = Vec::new();
        if let Some(piece) = self.piece {
            fragment.extend([next, 0]);
            fragment.extend((piece.offset * 8 + u16::from(piece.more)).to_be_bytes());
            fragment.extend(piece.id.to_be_bytes());
        }
        let payload_len = self.payload_len + fragment.len();
        if payload_len > 65535 {
            return Err("too long for IPv6");
        }
        let mut out = vec![0x60 + self.class / 16, self.class % 16 * 16, 0, 0];
        out.extend((payload_len as u16).to_be_bytes());
        out.extend([if fragment.is_empty() { next } else { 44 }, self.hops]);
        out.extend(self.from.octets());
        out.extend(self.to.octets());
        out.extend(fragment);
        Ok(out)
    }
}
