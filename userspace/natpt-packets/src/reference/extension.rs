// SPDX-License-Identifier: GPL-2.0
//! The extension structure behind a quoted packet (RFC 4884).

use std::net::Ipv6Addr;

use super::sum::checksum;

/// Original datagram and extension of what follows the ICMP header; `len` is the length attribute
/// in octets. One that cannot be is taken for none (section 5.5).
pub fn split(body: &[u8], len: usize) -> (&[u8], &[u8]) {
    if len == 0 || len > body.len() {
        return (body, &[]);
    }
    body.split_at(len)
}

/// Adds an extension, and an object that names the reporter, to a quoted packet, which is padded to
/// 128 octets and to a multiple of `unit`; all that and the ICMP header take no more than `limit`
/// octets. Answers with the length attribute.
pub fn append(
    quoted: &mut Vec<u8>,
    extension: &[u8],
    reporter: Option<Ipv6Addr>,
    unit: usize,
    limit: usize,
) -> u8 {
    let mut extension = extension.to_vec();
    let named = reporter.map(|it| with_reporter(&extension, it));
    if extension.is_empty() && named.is_none() {
        return 0;
    }
    let mut area = quoted.len().max(128);
    while area % unit != 0 {
        area += 1;
    }
    if let Some(named) = named.filter(|it| 8 + area + it.len() <= limit) {
        extension = named;
    }
    if area / unit > 255 || 8 + area + extension.len() > limit {
        return 0;
    }
    quoted.resize(area, 0);
    quoted.extend(extension);
    (area / unit) as u8
}

/// An extension with an Interface Information Object more, in which nothing but an IP address is
/// (RFC 5837 section 4.1: class 2, the third bit from below, address family 2).
fn with_reporter(extension: &[u8], reporter: Ipv6Addr) -> Vec<u8> {
    let mut out = match extension {
        [] => vec![0x20, 0, 0, 0],
        extension => extension.to_vec(),
    };
    out.extend([0, 24, 2, 4, 0, 2, 0, 0]);
    out.extend(reporter.octets());
    out[2..4].fill(0);
    let check = checksum(&[&out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    out
}
