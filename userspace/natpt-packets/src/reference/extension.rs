// SPDX-License-Identifier: GPL-2.0
//! The extension structure behind a quoted packet (RFC 4884).

/// Original datagram and extension of what follows the ICMP header; `len` is the length attribute
/// in octets. One that cannot be is taken for none (section 5.5).
pub fn split(body: &[u8], len: usize) -> (&[u8], &[u8]) {
    if len == 0 || len > body.len() {
        return (body, &[]);
    }
    body.split_at(len)
}

/// Adds an extension to a quoted packet, which is padded to 128 octets and to a multiple of
/// `unit`; both and the ICMP header take no more than `limit` octets. Answers with the length
/// attribute.
pub fn append(quoted: &mut Vec<u8>, extension: &[u8], unit: usize, limit: usize) -> u8 {
    if extension.is_empty() {
        return 0;
    }
    let mut area = quoted.len().max(128);
    while area % unit != 0 {
        area += 1;
    }
    if area / unit > 255 || 8 + area + extension.len() > limit {
        return 0;
    }
    quoted.resize(area, 0);
    quoted.extend(extension);
    (area / unit) as u8
}
