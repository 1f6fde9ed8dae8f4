// SPDX-License-Identifier: GPL-2.0
//! The Internet checksum as RFC 1071 describes it: word by word, the carry brought round at once.

/// The checksum of `parts` one after another.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0;
    for pair in parts.concat().chunks(2) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum = add(sum, u16::from_be_bytes([pair[0], low]));
    }
    !sum
}

/// Ones-complement addition.
pub fn add(a: u16, b: u16) -> u16 {
    let sum = u32::from(a) + u32::from(b);
    (sum % 0x10000 + sum / 0x10000) as u16
}

/// The pseudo-header of a transport over IPv6 (RFC 8200 section 8.1).
pub fn pseudo6(saddr: u128, daddr: u128, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = [saddr.to_be_bytes(), daddr.to_be_bytes()].concat();
    out.extend((len as u32).to_be_bytes());
    out.extend([0, 0, 0, protocol]);
    out
}

/// The pseudo-header of a transport over IPv4 (RFC 768, RFC 793).
pub fn pseudo4(saddr: u32, daddr: u32, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = [saddr.to_be_bytes(), daddr.to_be_bytes()].concat();
    out.extend([0, protocol]);
    out.extend((len as u16).to_be_bytes());
    out
}
