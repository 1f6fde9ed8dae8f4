// SPDX-License-Identifier: GPL-2.0
//! The extension structure behind a quoted packet (RFC 4884).

use std::net::Ipv6Addr;

use super::sum::{checksum, error};

/// Original datagram and extension of what follows the ICMP header; `len` is the length attribute
/// in bytes. One that cannot be is taken for none (section 5.5).
pub fn split(body: &[u8], len: usize) -> (&[u8], &[u8]) {
    if len == 0 || len > body.len() {
        return (body, &[]);
    }
    body.split_at(len)
}

/// Adds an extension, and an object that names the reporter, to a quoted packet, which is padded to
/// 128 bytes and to a multiple of `unit`; all that and the ICMP header take no more than `limit`
/// bytes. What is quoted is cut as far as need be, but not below 128 bytes; objects that have no
/// room then are left out, the last one first. Answers with the length attribute.
pub fn append(
    quoted: &mut Vec<u8>,
    extension: &[u8],
    reporter: Option<Ipv6Addr>,
    unit: usize,
    limit: usize,
) -> u8 {
    let most = limit - 8 - 128;
    let mut extension = extension.to_vec();
    while extension.len() > most {
        extension = without_last(&extension);
    }
    if let Some(reporter) = reporter {
        let named = with_reporter(&extension, reporter);
        if named.len() <= most {
            extension = named;
        }
    }
    if extension.is_empty() {
        return 0;
    }
    // The longest area that leaves room and can be told in one byte.
    let mut longest = 255 * unit;
    while 8 + longest + extension.len() > limit {
        longest -= unit;
    }
    quoted.truncate(longest);
    quoted.resize(quoted.len().max(128).div_ceil(unit) * unit, 0);
    let attribute = quoted.len() / unit;
    quoted.extend(extension);
    attribute as u8
}

/// An extension with one object less, and a new checksum; nothing if no object is left, or if it
/// cannot be read.
fn without_last(extension: &[u8]) -> Vec<u8> {
    if extension.len() < 4 || error(&[extension]) != 0 {
        return Vec::new();
    }
    let (mut at, mut last) = (4, 4);
    while at < extension.len() {
        last = at;
        at += match extension[at..] {
            [high, low, ..] if (high, low) >= (0, 4) => u16::from_be_bytes([high, low]).into(),
            // What has no length is all the rest.
            _ => extension.len(),
        };
    }
    match last {
        4 => Vec::new(),
        last => {
            let mut out = extension[..last].to_vec();
            seal(&mut out);
            out
        }
    }
}

fn seal(extension: &mut [u8]) {
    extension[2..4].fill(0);
    let check = checksum(&[extension]);
    extension[2..4].copy_from_slice(&check.to_be_bytes());
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
    seal(&mut out);
    out
}
