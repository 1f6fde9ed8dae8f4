// SPDX-License-Identifier: GPL-2.0
//! The tables of RFC 7915.

/// What becomes of the second word of an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing but a length attribute.
    Unused,
    /// An MTU.
    Mtu,
    /// A pointer.
    Pointer,
    /// This pointer.
    NextHeader,
}

/// ICMPv4 type, code; ICMPv6 type, code (section 4.2). What is not here is silently dropped.
pub const TO_V6: [(u8, u8, u8, u8, Word); 19] = [
    (3, 0, 1, 0, Word::Unused),
    (3, 1, 1, 0, Word::Unused),
    (3, 2, 4, 1, Word::NextHeader),
    (3, 3, 1, 4, Word::Unused),
    (3, 4, 2, 0, Word::Mtu),
    (3, 5, 1, 0, Word::Unused),
    (3, 6, 1, 0, Word::Unused),
    (3, 7, 1, 0, Word::Unused),
    (3, 8, 1, 0, Word::Unused),
    (3, 9, 1, 1, Word::Unused),
    (3, 10, 1, 1, Word::Unused),
    (3, 11, 1, 0, Word::Unused),
    (3, 12, 1, 0, Word::Unused),
    (3, 13, 1, 1, Word::Unused),
    (3, 15, 1, 1, Word::Unused),
    (11, 0, 3, 0, Word::Unused),
    (11, 1, 3, 1, Word::Unused),
    (12, 0, 4, 0, Word::Pointer),
    (12, 2, 4, 0, Word::Pointer),
];

/// ICMPv6 type, code; ICMPv4 type, code (section 5.2). Packet Too Big has any code.
pub const TO_V4: [(u8, u8, u8, u8, Word); 9] = [
    (1, 0, 3, 1, Word::Unused),
    (1, 1, 3, 10, Word::Unused),
    (1, 2, 3, 1, Word::Unused),
    (1, 3, 3, 1, Word::Unused),
    (1, 4, 3, 3, Word::Unused),
    (3, 0, 11, 0, Word::Unused),
    (3, 1, 11, 1, Word::Unused),
    (4, 0, 12, 0, Word::Pointer),
    (4, 1, 3, 2, Word::Unused),
];

/// Figure 3: the field of an IPv4 header, from and to an byte; the field of an IPv6 header.
#[rustfmt::skip]
pub const POINTERS_TO_V6: [(u32, u32, u8); 7] = [
    (0, 0, 0),    // Version/IHL → Version/Traffic Class
    (1, 1, 1),    // Type of Service → Traffic Class/Flow Label
    (2, 3, 4),    // Total Length → Payload Length
    (8, 8, 7),    // Time to Live → Hop Limit
    (9, 9, 6),    // Protocol → Next Header
    (12, 15, 8),  // Source Address
    (16, 19, 24), // Destination Address
];

/// Figure 6: the field of an IPv6 header, from and to an byte; the field of an IPv4 header.
#[rustfmt::skip]
pub const POINTERS_TO_V4: [(u32, u32, u8); 7] = [
    (0, 0, 0),    // Version/Traffic Class → Version/IHL, Type of Service
    (1, 1, 1),    // Traffic Class/Flow Label → Type of Service
    (4, 5, 2),    // Payload Length → Total Length
    (6, 6, 9),    // Next Header → Protocol
    (7, 7, 8),    // Hop Limit → Time to Live
    (8, 23, 12),  // Source Address
    (24, 39, 16), // Destination Address
];

/// RFC 1191 section 7.1.
pub const PLATEAUS: [u32; 11] = [
    68, 296, 508, 1006, 1492, 2002, 4352, 8166, 17914, 32000, 65535,
];
