// SPDX-License-Identifier: GPL-2.0

//! Names of transport protocols.

use natpt_core::xlate::proto;

/// Numbers and names of those that sessions mostly are of.
const PROTOCOLS: [(u8, &str); 11] = [
    (1, "icmp"),
    (6, "tcp"),
    (17, "udp"),
    (4, "ipip"),
    (33, "dccp"),
    (41, "ipv6"),
    (47, "gre"),
    (50, "esp"),
    (51, "ah"),
    (132, "sctp"),
    (136, "udplite"),
];

/// Those that are told apart where much is counted.
pub const KINDS: [&str; 4] = ["tcp", "udp", "icmp", "other"];

/// So many of each.
pub type ByKind = [u64; KINDS.len()];

/// The place of a protocol among these.
pub fn kind(number: Option<u8>) -> usize {
    match number {
        Some(proto::TCP) => 0,
        Some(proto::UDP) => 1,
        Some(proto::ICMP) => 2,
        _ => 3,
    }
}

/// The name of a protocol, or its number.
pub fn name(number: Option<u8>) -> String {
    let named = PROTOCOLS.iter().find(|it| Some(it.0) == number);
    named.map_or_else(
        || number.unwrap_or_default().to_string(),
        |(_, name)| String::from(*name),
    )
}

/// The protocol with a name or number.
pub fn number(word: &str) -> Option<u8> {
    let named = PROTOCOLS.iter().find(|it| word.eq_ignore_ascii_case(it.1));
    let is_number = word.bytes().all(|it| it.is_ascii_digit()) && !word.starts_with('0');
    named
        .map(|it| it.0)
        .or_else(|| word.parse().ok().filter(|_| is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        for (word, wanted) in [
            ("GRE", Some(47)),
            ("icmp", Some(1)),
            ("47", Some(47)),
            ("255", Some(255)),
            ("256", None),
            ("047", None),
            ("+47", None),
            ("0", None),
            ("", None),
            ("carp", None),
        ] {
            assert_eq!(number(word), wanted, "{word}");
        }
        assert_eq!(name(Some(132)), "sctp");
        assert_eq!(name(Some(253)), "253");
    }
}
