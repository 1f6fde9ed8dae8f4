// SPDX-License-Identifier: GPL-2.0
//! SipHash-1-3 against other implementations.

use core::hash::Hasher;
use natpt_core::nat::siphash;
use proptest::prelude::*;
use std::collections::hash_map::DefaultHasher;

/// The hash of bytes: those of `words` and the lower 7 of `last`, which share a block with the length.
fn hash<const N: usize, const BLOCKS: usize>(key: &[u64; 2], words: [u64; N], last: u64) -> u64 {
    let length = (8 * N as u64 + 7) << 56;
    let last = (last & (u64::MAX >> 8)) | length;
    let blocks: Vec<u64> = words.into_iter().chain([last]).collect();
    siphash::hash::<BLOCKS>(key, blocks.try_into().unwrap())
}

/// Bytes 00 to 0f.
const KEY: [u64; 2] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];

#[test]
fn known_answers() {
    // From `openssl mac -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:8 SIPHASH`.
    let [a, b, c, d] = [
        0x0123_4567_89ab_cdef,
        0xfedc_ba98_7654_3210,
        0x2001_0db8_0000_0001,
        0xffff_ffff_ffff_ffff,
    ];
    let last = 0x0042_c0ff_ee00_ab17;
    assert_eq!(hash::<0, 1>(&KEY, [], last).to_be(), 0xfe49_a9d4_374e_b1fe);
    assert_eq!(hash::<1, 2>(&KEY, [a], last).to_be(), 0x32b5_3a5c_bf10_cb0c);
    assert_eq!(
        hash::<2, 3>(&KEY, [a, b], last).to_be(),
        0x38ce_3257_50b8_60ec
    );
    assert_eq!(
        hash::<3, 4>(&KEY, [a, b, c], last).to_be(),
        0x8d51_1058_9c67_1871
    );
    assert_eq!(
        hash::<4, 5>(&KEY, [a, b, c, d], last).to_be(),
        0xd165_087f_95a4_55b6
    );
}

proptest! {
    #[test]
    fn equals_the_standard_library(words in any::<[u64; 4]>(), last: u64) {
        let mut hasher = DefaultHasher::new();
        words.iter().for_each(|word| hasher.write(&word.to_le_bytes()));
        hasher.write(&last.to_le_bytes()[..7]);
        prop_assert_eq!(hash::<4, 5>(&[0, 0], words, last), hasher.finish());
    }

    #[test]
    fn every_bit_of_the_key_counts(words in any::<[u64; 2]>(), bit in 0usize..128) {
        let mut key = KEY;
        key[bit / 64] ^= 1u64 << (bit % 64);
        prop_assert_ne!(siphash::hash(&KEY, words), siphash::hash(&key, words));
    }
}
