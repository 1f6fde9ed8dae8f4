// SPDX-License-Identifier: GPL-2.0
//! Reading and writing fixed-size fields of byte slices.

/// The `N` bytes at `at`.
#[inline(always)]
pub fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// The 16-bit number at `at`.
#[inline(always)]
pub fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// The 32-bit number at `at`.
#[inline(always)]
pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// Writes `value` at `at`, or nothing where it does not fit.
#[inline(always)]
pub fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(field) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut()) {
        *field = value;
    }
}

/// Copies as much of `from` to `at` as fits and tells how much that was.
#[inline]
pub fn copy(bytes: &mut [u8], at: usize, from: &[u8]) -> usize {
    let Some(to) = bytes.get_mut(at..) else {
        return 0;
    };
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    to.len().min(from.len())
}
