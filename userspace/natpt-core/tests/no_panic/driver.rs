// SPDX-License-Identifier: GPL-2.0
//! The pure rooms as the kernel compiles them, with one instance of each generic function.
#![no_std]

#[path = "../../../../src/nat/mod.rs"]
pub mod nat;
#[path = "../../../../src/xlate/mod.rs"]
pub mod xlate;

pub fn hash(key: &[u64; 2], words: [u64; 5]) -> u64 {
    nat::siphash::hash(key, words)
}

pub fn choose(
    map: &[u64; 1024],
    ranges: &[(u16, u16)],
    want: nat::port::PortPolicy,
    random: u32,
) -> Option<u16> {
    let words = |word| map.get(word).copied().unwrap_or(u64::MAX);
    nat::port::choose(words, ranges, want, random)
}
