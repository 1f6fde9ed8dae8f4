// SPDX-License-Identifier: GPL-2.0
//! SipHash-1-3 against other implementations.

use core::hash::Hasher;
use natpt_core::nat::siphash::hash;
use proptest::prelude::*;
use std::collections::hash_map::DefaultHasher;

/// Bytes 00 to 0f.
const KEY: [u64; 2] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];

#[test]
fn known_answers() {
    // From `openssl mac -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:8 SIPHASH`.
    let [a, b, c, d, e] = [
        0x0123_4567_89ab_cdef,
        0xfedc_ba98_7654_3210,
        0x2001_0db8_0000_0001,
        0xffff_ffff_ffff_ffff,
        0x42,
    ];
    assert_eq!(hash(&KEY, []).to_be(), 0xdcc4_0f05_5801_acab);
    assert_eq!(hash(&KEY, [a]).to_be(), 0x647a_2f07_2aa1_8207);
    assert_eq!(hash(&KEY, [a, b]).to_be(), 0x8b5f_0612_f2d8_1165);
    assert_eq!(hash(&KEY, [a, b, c]).to_be(), 0x1003_a604_e029_8c71);
    assert_eq!(hash(&KEY, [a, b, c, d]).to_be(), 0xab75_b5ee_e00c_9682);
    assert_eq!(hash(&KEY, [a, b, c, d, e]).to_be(), 0x732b_2164_88a4_aedd);
}

proptest! {
    #[test]
    fn equals_the_standard_library(words in any::<[u64; 5]>()) {
        let mut hasher = DefaultHasher::new();
        words.iter().for_each(|word| hasher.write(&word.to_le_bytes()));
        prop_assert_eq!(hash(&[0, 0], words), hasher.finish());
    }

    #[test]
    fn every_bit_of_the_key_counts(words in any::<[u64; 2]>(), bit in 0usize..128) {
        let mut key = KEY;
        key[bit / 64] ^= 1u64 << (bit % 64);
        prop_assert_ne!(hash(&KEY, words), hash(&key, words));
    }
}
