// SPDX-License-Identifier: GPL-2.0
//! Fields of byte slices.

use natpt_core::xlate::bytes::{array, be16, be32, copy, put};

#[test]
fn what_is_not_there_is_not_read() {
    let bytes = [1, 2, 3, 4, 5];
    assert_eq!(array(&bytes, 3), Some([4, 5]));
    assert_eq!(array::<2>(&bytes, 4), None);
    assert_eq!(array::<0>(&bytes, 6), None);
    assert_eq!((be16(&bytes, 3), be16(&bytes, 4)), (Some(0x0405), None));
    let word = Some(0x0203_0405);
    assert_eq!((be32(&bytes, 1), be32(&bytes, 2)), (word, None));
}

#[test]
fn what_does_not_fit_is_not_written() {
    let mut bytes = [0; 4];
    put(&mut bytes, 2, [1, 2]);
    put(&mut bytes, 3, [3, 4]);
    put(&mut bytes, 9, [5]);
    assert_eq!(bytes, [0, 0, 1, 2]);
    assert_eq!(copy(&mut bytes, 0, &[7]), 1);
    assert_eq!(copy(&mut bytes, 2, &[8, 9, 10]), 2);
    assert_eq!(copy(&mut bytes, 4, &[1]), 0);
    assert_eq!(copy(&mut bytes, 5, &[1]), 0);
    assert_eq!(bytes, [7, 0, 8, 9]);
}
