// SPDX-License-Identifier: GPL-2.0
//! Transport headers: ports, pseudo-headers, and what a quoted one becomes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    field::u16_at,
    sum::{checksum, error, spoil},
};

/// Source and destination port.
pub fn ports(transport: &[u8]) -> (u16, u16) {
    (
        u16_at(transport, 0).unwrap_or(0),
        u16_at(transport, 2).unwrap_or(0),
    )
}

/// RFC 8200 section 8.1.
pub fn pseudo6(from: Ipv6Addr, to: Ipv6Addr, next: u8, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(from.octets());
    out.extend(to.octets());
    out.extend((len as u32).to_be_bytes());
    out.extend([0, 0, 0, next]);
    out
}

/// RFC 768 and RFC 793.
pub fn pseudo4(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(from.octets());
    out.extend(to.octets());
    out.extend([0, protocol]);
    out.extend((len as u16).to_be_bytes());
    out
}

/// Where the checksum is that counts the addresses, if a protocol has one.
pub fn check_at(protocol: u8) -> Option<usize> {
    match protocol {
        1 | 58 => Some(2),
        6 => Some(16),
        17 | 33 | 136 => Some(6),
        _ => None,
    }
}

/// The ports of a quoted packet, both of them the identifier of an echo: what an ICMP error needs
/// to find its session. Protocols that have none have no session.
pub fn quoted_ports(protocol: u8, transport: &[u8]) -> Result<Option<(u16, u16)>, &'static str> {
    let echo = u16_at(transport, 4).ok_or("quote")?;
    match (protocol, transport[0], transport[1]) {
        (6 | 17, ..) => Ok(Some(ports(transport))),
        (1, 8 | 0, 0) | (58, 128 | 129, 0) => Ok(Some((echo, echo))),
        (1, 3 | 4 | 5 | 11 | 12, _) | (58, 0..=127, _) => Err("error about an error"),
        (1 | 58, ..) => Err("quoted ICMP type"),
        _ => Ok(None),
    }
}

/// A quoted transport header with new ports, where there are any. The pseudo-headers are those of
/// the whole packet, of which the end may be missing: it is the same on both sides.
pub fn requote(
    protocol: u8,
    transport: &[u8],
    ports: Option<(u16, u16)>,
    old: &[u8],
    new: &[u8],
) -> Vec<u8> {
    let mut out = transport.to_vec();
    let is_icmp = protocol == 1 || protocol == 58;
    if is_icmp {
        out[0] = match transport[0] {
            128 => 8,
            129 => 0,
            8 => 128,
            _ => 129,
        };
    }
    match ports {
        Some((from, _)) if is_icmp => out[4..6].copy_from_slice(&from.to_be_bytes()),
        Some((from, to)) => {
            out[0..2].copy_from_slice(&from.to_be_bytes());
            out[2..4].copy_from_slice(&to.to_be_bytes());
        }
        None => {}
    }
    let at = check_at(protocol).unwrap_or(0);
    let like_udp = [17, 33, 136].contains(&protocol);
    // A checksum that was left out stays so (it cannot be made of a part).
    if like_udp && u16_at(transport, at) == Some(0) {
        return out;
    }
    if let Some(place) = out.get_mut(at..at + 2) {
        place.fill(0);
        let mut check = spoil(checksum(&[new, &out]), error(&[old, transport]));
        if like_udp && check == 0 {
            check = 0xffff;
        }
        out[at..at + 2].copy_from_slice(&check.to_be_bytes());
    }
    out
}
