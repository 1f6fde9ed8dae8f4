// SPDX-License-Identifier: GPL-2.0
//! Comments on rules.

use natpt_core::nat::comment::Comment;
use proptest::prelude::*;

fn text(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    Comment::new(bytes).map(|comment| comment.with_nul().to_vec())
}

const LENGTH: Result<Vec<u8>, &str> = Err("a comment has 1 to 63 bytes");
const CODING: Result<Vec<u8>, &str> = Err("a comment is UTF-8");
const CONTROL: Result<Vec<u8>, &str> =
    Err("a comment has no control characters and no quotation marks");

#[test]
fn lengths() {
    assert_eq!(text(b""), LENGTH);
    assert_eq!(text(b"x"), Ok(b"x\0".to_vec()));
    let longest = ["\u{e9}".repeat(31), "x".into()].concat();
    assert_eq!(
        text(longest.as_bytes()),
        Ok((longest.clone() + "\0").into_bytes())
    );
    assert_eq!(text(&[b'x'; 64]), LENGTH);
}

#[test]
fn characters() {
    for good in [
        "a 'b'; # c",
        "\u{a0}",
        "\u{7ff}\u{800}",
        "\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}",
    ] {
        assert_eq!(text(good.as_bytes()), Ok((good.to_string() + "\0").into()));
    }
    for bad in [
        "\0", "a\0b", "a\n", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}", "a\"b",
    ] {
        assert_eq!(text(bad.as_bytes()), CONTROL, "{bad:?}");
    }
    assert!(text(b" ").is_ok() && text(b"~").is_ok());
    for bad in [
        &b"\xff"[..],
        b"a\x80",
        b"\xc3",
        b"\xc3a",
        b"\xe2\x82",
        // longer than need be
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        // a surrogate, and beyond the last
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ] {
        assert_eq!(text(bad), CODING, "{bad:x?}");
    }
}

/// What the standard library says.
fn is_good(bytes: &[u8]) -> bool {
    let is_plain = |text: &str| !text.contains(|c: char| c.is_control() || c == '"');
    (1..64).contains(&bytes.len()) && std::str::from_utf8(bytes).is_ok_and(is_plain)
}

#[test]
fn all_of_two_bytes() {
    for bytes in (0..=u16::MAX).map(u16::to_be_bytes) {
        assert_eq!(text(&bytes).is_ok(), is_good(&bytes), "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..6)) {
        prop_assert_eq!(text(&bytes).is_ok(), is_good(&bytes));
    }

    #[test]
    fn any_text(all: String) {
        prop_assert_eq!(text(all.as_bytes()).is_ok(), is_good(all.as_bytes()));
    }

    #[test]
    fn any_bytes_of_three_and_four(high in 0xe0u8.., tail: [u8; 3]) {
        let bytes = [&[high][..], &tail].concat();
        for bytes in [&bytes[..], &bytes[..3]] {
            prop_assert_eq!(text(bytes).is_ok(), is_good(bytes));
        }
    }
}
