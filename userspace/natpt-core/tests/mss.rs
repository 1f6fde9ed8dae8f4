// SPDX-License-Identifier: GPL-2.0
//! The MSS of SYNs.

use natpt_core::xlate::{
    checksum::Sum,
    mss::{clamp, largest},
    mtu::NextHops,
};
use proptest::prelude::*;

/// A TCP header with these options.
fn header(options: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 20];
    header.extend(options);
    header
}

#[test]
fn largest_fits_both_sides() {
    // req: A-172
    for (v6, v4, expect) in [
        (1500, 1500, 1440),
        (1420, 1500, 1360),
        (1500, 1400, 1360),
        (1280, 576, 536),
        (68, 68, 536),
        (u32::MAX, u32::MAX, u16::MAX),
    ] {
        assert_eq!(largest(NextHops { v6, v4 }), expect, "{v6} {v4}");
    }
}

#[test]
fn only_larger_ones_are_lowered() {
    // req: A-172
    for (options, most, expect) in [
        (&[2, 4, 0x05, 0xb4][..], 1440, &[2, 4, 0x05, 0xa0][..]),
        (&[2, 4, 0x05, 0xa0], 1440, &[2, 4, 0x05, 0xa0]),
        (&[2, 4, 0x02, 0x18], 1440, &[2, 4, 0x02, 0x18]),
        (&[1, 2, 4, 0x05, 0xb4], 1440, &[1, 2, 4, 0x05, 0xa0]),
        (&[8, 2, 2, 4, 0xff, 0xff], 536, &[8, 2, 2, 4, 0x02, 0x18]),
        // no option, one behind the end, ones that are malformed
        (&[], 1440, &[]),
        (&[1, 1, 1, 1], 1440, &[1, 1, 1, 1]),
        (&[0, 2, 4, 0x05, 0xb4], 1440, &[0, 2, 4, 0x05, 0xb4]),
        (&[0, 2, 2, 4, 0x05, 0xb4], 1440, &[0, 2, 2, 4, 0x05, 0xb4]),
        (&[2, 4, 0x05], 1440, &[2, 4, 0x05]),
        (&[2, 3, 0x05, 0xb4], 1440, &[2, 3, 0x05, 0xb4]),
        (&[8, 0, 2, 4, 0x05, 0xb4], 1440, &[8, 0, 2, 4, 0x05, 0xb4]),
    ] {
        let mut segment = header(options);
        let before = Sum::of(&segment).check();
        let delta = clamp(&mut segment, most);
        assert_eq!(segment, header(expect), "{options:x?}");
        let after = Sum::of(&segment).check();
        assert_eq!(delta.apply(before), after, "{options:x?}");
    }
}

proptest! {
    #[test]
    fn the_checksum_goes_with_it(
        options in prop::collection::vec(prop_oneof![0..5u8, any::<u8>()], 0..40),
        most in 536..1500u16,
    ) {
        // req: A-172
        let mut segment = header(&options);
        let before = Sum::of(&segment).check();
        let delta = clamp(&mut segment, most);
        let after = Sum::of(&segment).check();
        // 0 and 0xffff are the same sum
        prop_assert_eq!(delta.apply(before) % 0xffff, after % 0xffff);
    }
}
