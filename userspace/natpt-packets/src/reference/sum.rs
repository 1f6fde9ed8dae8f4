// SPDX-License-Identifier: GPL-2.0
//! Checksums: the new one is as right, or as wrong, as the old one was.

/// Sixteen-bit words of `parts` one after another, added with end-around carry (RFC 1071).
fn total(parts: &[&[u8]]) -> u32 {
    let bytes = parts.concat();
    let mut sum: u32 = 0;
    for at in (0..bytes.len()).step_by(2) {
        let low = bytes.get(at + 1).copied().unwrap_or(0);
        sum += u32::from(bytes[at]) * 256 + u32::from(low);
        if sum > 0xffff {
            sum -= 0xffff;
        }
    }
    sum
}

/// The checksum of `parts`.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    0xffff - total(parts) as u16
}

/// What is missing from the right checksum of `parts`, which holds its checksum: 0 if it is right.
pub fn error(parts: &[&[u8]]) -> u16 {
    // With its checksum, a right packet adds up to all ones.
    (total(parts) % 0xffff) as u16
}

/// `check` put wrong by `error`.
pub fn spoil(check: u16, error: u16) -> u16 {
    ((u32::from(check) + u32::from(error)) % 0xffff) as u16
}
