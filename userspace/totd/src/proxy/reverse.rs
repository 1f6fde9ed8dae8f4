// SPDX-License-Identifier: GPL-2.0

//! Reverse names: ip6.arpa (RFC 3596 section 2.5), ip6.int before it, and in-addr.arpa.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::wire::Name;

/// The address of a whole reverse name.
pub fn address(name: &Name) -> Option<Ipv6Addr> {
    let mut labels = name.labels();
    let mut bits = 0u128;
    for at in 0..32 {
        let [digit] = *labels.next()? else {
            return None;
        };
        bits |= u128::from(char::from(digit).to_digit(16)?) << (4 * at);
    }
    let zone: [&[u8]; 2] = [labels.next()?, labels.next()?];
    let [ip6, top] = zone;
    (labels.next().is_none()
        && ip6.eq_ignore_ascii_case(b"ip6")
        && (top.eq_ignore_ascii_case(b"arpa") || top.eq_ignore_ascii_case(b"int")))
    .then(|| Ipv6Addr::from_bits(bits))
}

pub fn name4(addr: Ipv4Addr) -> Option<Name> {
    let [a, b, c, d] = addr.octets();
    Name::from_text(&format!("{d}.{c}.{b}.{a}.in-addr.arpa."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIBBLES: &str = "a.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2";

    fn of(text: &str) -> Option<Ipv6Addr> {
        address(&Name::from_text(text).unwrap())
    }

    // req: F-035 F-036
    #[test]
    fn addresses() {
        let addr = "2001:db8:64::c633:640a".parse().ok();
        assert_eq!(of(&format!("{NIBBLES}.ip6.arpa.")), addr);
        assert_eq!(of(&format!("{NIBBLES}.IP6.ARPA.").to_uppercase()), addr);
        assert_eq!(of(&format!("{NIBBLES}.ip6.int.")), addr);
        assert_eq!(of(&format!("1.{NIBBLES}.ip6.arpa.")), None);
        assert_eq!(of(&format!("{}.ip6.arpa.", &NIBBLES[2..])), None);
        assert_eq!(
            of(&format!("{}.ip6.arpa.", NIBBLES.replace('b', "g"))),
            None
        );
        assert_eq!(
            of(&format!("{}.ip6.arpa.", NIBBLES.replace('b', "bb"))),
            None
        );
        assert_eq!(of(&format!("{NIBBLES}.ip6.arpa.example.")), None);
        assert_eq!(of(&format!("{NIBBLES}.ip6.")), None);
        assert_eq!(of("."), None);
    }
}
