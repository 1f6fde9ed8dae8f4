// SPDX-License-Identifier: GPL-2.0

//! Router advertisements: the translation prefixes in them (PREF64, RFC 8781).

use std::net::Ipv6Addr;

use natpt_core::xlate::addr::{mask, Prefix};

const ROUTER_ADVERTISEMENT: [u8; 2] = [134, 0];
/// Offset of its options (RFC 4861 section 4.2).
const OPTIONS: usize = 16;
const PREF64: u8 = 38;

/// The prefixes in an ICMPv6 message, each with its lifetime in seconds; 0 withdraws it.
pub fn prefixes(message: &[u8]) -> Vec<(Prefix, u16)> {
    let mut found = Vec::new();
    if !message.starts_with(&ROUTER_ADVERTISEMENT) {
        return found;
    }
    let mut options = message.get(OPTIONS..).unwrap_or_default();
    while let Some(&[kind, len]) = options.first_chunk() {
        let Some((option, rest)) = options.split_at_checked(8 * usize::from(len)) else {
            // Its options do not fit: none of them is to be believed (RFC 4861 section 6.1.2).
            return Vec::new();
        };
        if len == 0 {
            return Vec::new();
        }
        options = rest;
        if let (PREF64, Ok(option)) = (kind, option.try_into()) {
            found.extend(pref64(option));
        }
    }
    found
}

/// An option of length 2; those of other lengths are not for us.
fn pref64(option: &[u8; 16]) -> Option<(Prefix, u16)> {
    let [_, _, high, low, start @ ..] = option;
    let word = u16::from_be_bytes([*high, *low]);
    let len = *[96, 64, 56, 48, 40, 32].get(usize::from(word & 7))?;
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(start);
    let bits = u128::from_be_bytes(bytes) & mask(len.into());
    let prefix = Prefix::new(Ipv6Addr::from_bits(bits), len).ok()?;
    Some((prefix, word & !7))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An advertisement with these options.
    fn advert(options: &[&[u8]]) -> Vec<u8> {
        let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        message.extend(options.concat());
        message
    }

    /// 2001:db8:64::/len, its length as PLC.
    fn option(lifetime: u16, plc: u16) -> Vec<u8> {
        let mut option = vec![38, 2];
        option.extend((lifetime | plc).to_be_bytes());
        option.extend([0x20, 1, 0xd, 0xb8, 0, 0x64, 0, 0, 0, 0, 0, 0]);
        option
    }

    fn read(message: &[u8]) -> Vec<(String, u16)> {
        let text = |prefix: Prefix| format!("{}/{}", prefix.addr(), prefix.len());
        let found = prefixes(message).into_iter();
        found.map(|(prefix, time)| (text(prefix), time)).collect()
    }

    // req: F-079 F-080
    #[test]
    fn all_codes_of_length() {
        for (plc, expected) in [
            "2001:db8:64::/96",
            "2001:db8:64::/64",
            "2001:db8:64::/56",
            "2001:db8:64::/48",
            "2001:db8::/40",
            "2001:db8::/32",
        ]
        .iter()
        .enumerate()
        {
            let message = advert(&[&option(1800, plc as u16)]);
            assert_eq!(read(&message), [(expected.to_string(), 1800)]);
        }
        for plc in [6, 7] {
            assert_eq!(read(&advert(&[&option(1800, plc)])), []);
        }
        let longest = advert(&[&option(8191 * 8, 0)]);
        assert_eq!(read(&longest), [("2001:db8:64::/96".into(), 65528)]);
    }

    // req: F-078
    #[test]
    fn other_lengths() {
        let mut short = option(600, 0)[..8].to_vec();
        short[1] = 1;
        let mut long = option(600, 0);
        long[1] = 3;
        long.extend([0; 8]);
        let good = option(600, 0);
        assert_eq!(
            read(&advert(&[&short, &long, &good])),
            [("2001:db8:64::/96".into(), 600)]
        );
    }

    #[test]
    fn among_other_options_and_alone() {
        let address = [1, 1, 2, 0, 0, 0, 0, 1];
        let (a, b) = (option(600, 0), option(0, 1));
        let message = advert(&[&address, &a, &address, &b]);
        let expected = [
            ("2001:db8:64::/96".into(), 600),
            ("2001:db8:64::/64".into(), 0),
        ];
        assert_eq!(read(&message), expected);
        // an option that is cut off makes the message worthless
        for len in 50..message.len() {
            assert_eq!(read(&message[..len]), []);
        }
        assert_eq!(read(&advert(&[&a, &[0, 0, 0, 0, 0, 0, 0, 0]])), []);
        let mut solicitation = message.clone();
        solicitation[0] = 133;
        assert_eq!(read(&solicitation), []);
    }
}
