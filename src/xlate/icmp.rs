// SPDX-License-Identifier: GPL-2.0
//! ICMP types, codes and pointers (RFC 7915 sections 4.2 and 5.2).

use core::net::Ipv6Addr;

use super::{
    bytes::array,
    checksum::{pseudo_v6, Delta, Sum},
    proto::ICMPV6,
    DropReason,
};

/// Length of the header of every message that is translated.
pub const LEN: usize = 8;

/// ICMPv4 types.
pub mod v4 {
    #![allow(missing_docs)]
    pub const ECHO_REPLY: u8 = 0;
    pub const UNREACHABLE: u8 = 3;
    /// Code of [`UNREACHABLE`].
    pub const PORT: u8 = 3;
    pub const SOURCE_QUENCH: u8 = 4;
    pub const REDIRECT: u8 = 5;
    pub const ECHO: u8 = 8;
    pub const TIME_EXCEEDED: u8 = 11;
    pub const PARAMETER: u8 = 12;
}

/// ICMPv6 types.
pub mod v6 {
    #![allow(missing_docs)]
    pub const UNREACHABLE: u8 = 1;
    pub const TOO_BIG: u8 = 2;
    pub const TIME_EXCEEDED: u8 = 3;
    pub const PARAMETER: u8 = 4;
    pub const ECHO: u8 = 128;
    pub const ECHO_REPLY: u8 = 129;
    pub const SOLICITATION: u8 = 135;
}

/// The second word of an error's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Nothing.
    Zero,
    /// An MTU, still to be translated.
    Mtu,
    /// A pointer, still to be translated.
    Pointer,
    /// This pointer, whatever the original says.
    PointerTo(u8),
}

/// Type, code and second word of a translated error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorType {
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Second word.
    pub field: Field,
}

impl ErrorType {
    const fn new(kind: u8, code: u8, field: Field) -> ErrorType {
        ErrorType { kind, code, field }
    }
}

/// The ICMPv6 error for an ICMPv4 error.
pub const fn error_to_v6(kind: u8, code: u8) -> Result<ErrorType, DropReason> {
    Ok(match (kind, code) {
        // Protocol unreachable: the next header field was the problem.
        (v4::UNREACHABLE, 2) => ErrorType::new(v6::PARAMETER, 1, Field::PointerTo(6)),
        (v4::UNREACHABLE, 3) => ErrorType::new(v6::UNREACHABLE, 4, Field::Zero),
        (v4::UNREACHABLE, 4) => ErrorType::new(v6::TOO_BIG, 0, Field::Mtu),
        (v4::UNREACHABLE, 0 | 1 | 5..=8 | 11 | 12) => {
            ErrorType::new(v6::UNREACHABLE, 0, Field::Zero)
        }
        (v4::UNREACHABLE, 9 | 10 | 13 | 15) => ErrorType::new(v6::UNREACHABLE, 1, Field::Zero),
        (v4::TIME_EXCEEDED, 0 | 1) => ErrorType::new(v6::TIME_EXCEEDED, code, Field::Zero),
        (v4::PARAMETER, 0 | 2) => ErrorType::new(v6::PARAMETER, 0, Field::Pointer),
        _ => return Err(DropReason::IcmpType),
    })
}

/// The ICMPv4 error for an ICMPv6 error.
pub const fn error_to_v4(kind: u8, code: u8) -> Result<ErrorType, DropReason> {
    Ok(match (kind, code) {
        (v6::UNREACHABLE, 0 | 2 | 3) => ErrorType::new(v4::UNREACHABLE, 1, Field::Zero),
        (v6::UNREACHABLE, 1) => ErrorType::new(v4::UNREACHABLE, 10, Field::Zero),
        (v6::UNREACHABLE, 4) => ErrorType::new(v4::UNREACHABLE, 3, Field::Zero),
        (v6::TOO_BIG, _) => ErrorType::new(v4::UNREACHABLE, 4, Field::Mtu),
        (v6::TIME_EXCEEDED, 0 | 1) => ErrorType::new(v4::TIME_EXCEEDED, code, Field::Zero),
        (v6::PARAMETER, 0) => ErrorType::new(v4::PARAMETER, 0, Field::Pointer),
        (v6::PARAMETER, 1) => ErrorType::new(v4::UNREACHABLE, 2, Field::Zero),
        _ => return Err(DropReason::IcmpType),
    })
}

/// The place in an IPv6 header that matches a place in an IPv4 header (RFC 7915 figure 3).
pub const fn pointer_to_v6(pointer: u8) -> Result<u8, DropReason> {
    Ok(match pointer {
        0 | 1 => pointer,
        2 | 3 => 4,
        8 => 7,
        9 => 6,
        12..=15 => 8,
        16..=19 => 24,
        _ => return Err(DropReason::IcmpPointer),
    })
}

/// The place in an IPv4 header that matches a place in an IPv6 header (RFC 7915 figure 6).
pub const fn pointer_to_v4(pointer: u32) -> Result<u8, DropReason> {
    Ok(match pointer {
        0 | 1 => pointer as u8,
        4 | 5 => 2,
        6 => 9,
        7 => 8,
        8..=23 => 12,
        24..=39 => 16,
        _ => return Err(DropReason::IcmpPointer),
    })
}

/// Return true if an ICMPv4 type is that of an error message (RFC 1122 section 3.2.2).
#[inline]
pub const fn is_error4(kind: u8) -> bool {
    matches!(
        kind,
        v4::UNREACHABLE | v4::SOURCE_QUENCH | v4::REDIRECT | v4::TIME_EXCEEDED | v4::PARAMETER
    )
}

/// Return true if an ICMPv6 type is that of an error message (RFC 4443 section 2.1).
#[inline]
pub const fn is_error6(kind: u8) -> bool {
    kind < 128
}

/// Return true if an ICMPv4 message is an echo request or reply.
#[inline]
pub const fn is_echo4(kind: u8, code: u8) -> bool {
    matches!((kind, code), (v4::ECHO | v4::ECHO_REPLY, 0))
}

/// Return true if an ICMPv6 message is an echo request or reply.
#[inline]
pub const fn is_echo6(kind: u8, code: u8) -> bool {
    matches!((kind, code), (v6::ECHO | v6::ECHO_REPLY, 0))
}

/// The ICMPv4 type of an ICMPv6 echo.
#[inline]
pub const fn echo_to_v4(kind: u8) -> Result<u8, DropReason> {
    match kind {
        v6::ECHO => Ok(v4::ECHO),
        v6::ECHO_REPLY => Ok(v4::ECHO_REPLY),
        _ => Err(DropReason::IcmpType),
    }
}

/// The ICMPv6 type of an ICMPv4 echo.
#[inline]
pub const fn echo_to_v6(kind: u8) -> Result<u8, DropReason> {
    match kind {
        v4::ECHO => Ok(v6::ECHO),
        v4::ECHO_REPLY => Ok(v6::ECHO_REPLY),
        _ => Err(DropReason::IcmpType),
    }
}

/// Type and identifier of an echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// ICMP type.
    pub kind: u8,
    /// Identifier.
    pub id: u16,
}

impl Echo {
    /// Reads an ICMP message; whether it is an echo is for others to tell.
    #[inline]
    pub fn read(message: &[u8]) -> Result<Echo, DropReason> {
        let [kind, _, _, _, i0, i1, ..] = array::<8>(message, 0).ok_or(DropReason::Truncated)?;
        let id = u16::from_be_bytes([i0, i1]);
        Ok(Echo { kind, id })
    }

    const fn sum(self) -> Sum {
        Sum::ZERO.add16((self.kind as u16) << 8).add16(self.id)
    }
}

/// The change of the checksum when an ICMPv6 echo of `len` bytes becomes an ICMPv4 one, which has
/// no pseudo-header. The way from IPv4 to IPv6 is its inverse.
#[inline]
pub const fn echo_delta(saddr: Ipv6Addr, daddr: Ipv6Addr, len: u32, from: Echo, to: Echo) -> Delta {
    Delta::of(
        pseudo_v6(saddr, daddr, ICMPV6, len).then(from.sum()),
        to.sum(),
    )
}

/// Verifies the checksum of a whole ICMPv4 message.
pub fn verify4(message: &[u8]) -> Result<(), DropReason> {
    verify(Sum::of(message))
}

/// Verifies the checksum of a whole ICMPv6 message.
pub fn verify6(message: &[u8], saddr: Ipv6Addr, daddr: Ipv6Addr) -> Result<(), DropReason> {
    let pseudo = pseudo_v6(saddr, daddr, ICMPV6, message.len() as u32);
    verify(pseudo.then(Sum::of(message)))
}

fn verify(sum: Sum) -> Result<(), DropReason> {
    match sum.check() {
        0 => Ok(()),
        _ => Err(DropReason::IcmpChecksum),
    }
}
