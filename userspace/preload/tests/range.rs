// SPDX-License-Identifier: GPL-2.0
//! Values of the environment.

use std::net::Ipv4Addr;

use preload::range::{prefix, Range, Ranges};

fn addr(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

// req: G-042
#[test]
fn prefixes() {
    for (text, addr, len) in [
        ("2001:db8:64::", "2001:db8:64::", 96),
        ("2001:db8:64::0", "2001:db8:64::", 96),
        ("2001:db8:64::0.0.0.0", "2001:db8:64::", 96),
        (" 2001:db8:64:: ", "2001:db8:64::", 96),
        ("64:ff9b::/96", "64:ff9b::", 96),
        ("2001:db8:64::/64", "2001:db8:64::", 64),
        ("2001:db8:64::/56", "2001:db8:64::", 56),
        ("2001:db8:64::/48", "2001:db8:64::", 48),
        ("2001:db8::/40", "2001:db8::", 40),
        ("2001:db8::/32", "2001:db8::", 32),
    ] {
        let prefix = prefix(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (prefix.addr(), prefix.len()),
            (addr.parse().unwrap(), len),
            "{text}"
        );
    }
    let long = "2001:db8::".repeat(20);
    for text in [
        "",
        "/",
        "/96",
        "zz",
        "2001:db8:64::/95",
        "2001:db8:64::/352",
        "2001:db8:64::/+96",
        "2001:db8:64::/",
        "2001:db8:64::/9 6",
        "2001:db8:64::1",
        "2001:db8:64::/96/96",
        "::",
        "::ffff:0:0/96",
        "fe80::/64",
        "ff00::/96",
        "198.51.100.0/24",
        "2001:db8::\0/96",
        // req: B-029
        "64:ff9b:1:2::",
        &long,
    ] {
        assert!(prefix(text.as_bytes()).is_none(), "{text:?}");
    }
}

#[test]
fn ranges() {
    let range = Range::parse(b"10.170.160.0/20").unwrap();
    assert!(range.contains(addr("10.170.160.0")));
    assert!(range.contains(addr("10.170.175.255")));
    assert!(!range.contains(addr("10.170.176.0")));
    assert_eq!(
        (range.first(), range.last_index()),
        (addr("10.170.160.0"), 4095)
    );
    assert!(Range::parse(b"192.0.2.1")
        .unwrap()
        .contains(addr("192.0.2.1")));
    assert!(!Range::parse(b"192.0.2.1")
        .unwrap()
        .contains(addr("192.0.2.0")));
    assert!(Range::parse(b"0.0.0.0/0")
        .unwrap()
        .contains(addr("203.0.113.9")));
    for text in [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.0/",
        "a",
        "::/0",
        "10.0.0.0/8,",
    ] {
        assert!(Range::parse(text.as_bytes()).is_none(), "{text:?}");
    }
    assert!(range.overlaps(Range::parse(b"10.0.0.0/8").unwrap()));
    assert!(range.overlaps(Range::parse(b"10.170.161.0/24").unwrap()));
    assert!(!range.overlaps(Range::parse(b"10.170.176.0/20").unwrap()));
}

#[test]
fn lists() {
    let list = Ranges::parse(b"10.0.0.0/8, 192.168.0.0/16,,192.0.2.1").unwrap();
    for (text, is_in) in [
        ("10.1.2.3", true),
        ("192.168.255.255", true),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("11.0.0.0", false),
        ("0.0.0.0", false),
    ] {
        assert_eq!(list.contains(addr(text)), is_in, "{text}");
    }
    assert!(!Ranges::parse(b"").unwrap().contains(addr("10.0.0.1")));
    assert!(Ranges::parse(b"10.0.0.0/8;11.0.0.0/8").is_none());
    assert!(Ranges::parse("10.0.0.1,".repeat(64).as_bytes()).is_some());
    assert!(Ranges::parse("10.0.0.1,".repeat(65).as_bytes()).is_none());
}
