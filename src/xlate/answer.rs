// SPDX-License-Identifier: GPL-2.0
//! The ICMP errors that answer dropped packets (RFC 792, RFC 1812 section 5.2.7, RFC 4443).

use super::{
    ext,
    icmp::{v4, v6},
    proto,
    reason::Answer,
};

impl Answer {
    /// Type, code and second word of the ICMPv6 error about a packet; none if there is to be none.
    pub fn icmp6(self, packet: &[u8]) -> Option<(u8, u8, u32)> {
        let (kind, code) = match self {
            Answer::Silence => return None,
            Answer::TimeExceeded => (v6::TIME_EXCEEDED, 0),
            Answer::Protocol => (v6::UNREACHABLE, 4),
            Answer::Source => (v6::UNREACHABLE, 5),
            Answer::SourceRoute => {
                let pointer = ext::segments_left(packet)?;
                return Some((v6::PARAMETER, 0, pointer.into()));
            }
            Answer::NoRoute => (v6::UNREACHABLE, 0),
            Answer::Unreachable => (v6::UNREACHABLE, 3),
            Answer::Prohibited => (v6::UNREACHABLE, 1),
            // Not about ICMPv6 (RFC 7915 section 5.4).
            Answer::Untranslatable => {
                let walk = ext::walk(packet);
                if walk.is_ok_and(|walk| walk.protocol == proto::ICMPV6) {
                    return None;
                }
                (v6::UNREACHABLE, 1)
            }
        };
        Some((kind, code, 0))
    }

    /// Type and code of the ICMPv4 error about a packet; none if there is to be none.
    pub fn icmp4(self, packet: &[u8]) -> Option<(u8, u8)> {
        Some(match self {
            Answer::Silence | Answer::Source => return None,
            Answer::TimeExceeded => (v4::TIME_EXCEEDED, 0),
            // IGMP is dropped in silence (RFC 7915 section 4.2).
            Answer::Protocol if packet.get(9) == Some(&proto::IGMP) => return None,
            Answer::Protocol => (v4::UNREACHABLE, 2),
            Answer::SourceRoute => (v4::UNREACHABLE, 5),
            Answer::NoRoute | Answer::Unreachable => (v4::UNREACHABLE, 1),
            Answer::Prohibited | Answer::Untranslatable => (v4::UNREACHABLE, 13),
        })
    }
}
