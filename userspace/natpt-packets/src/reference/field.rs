// SPDX-License-Identifier: GPL-2.0
//! Numbers in packets.

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some((u16::from(*bytes.get(at)?) << 8) | u16::from(*bytes.get(at + 1)?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some((u32::from(u16_at(bytes, at)?) << 16) | u32::from(u16_at(bytes, at + 2)?))
}
