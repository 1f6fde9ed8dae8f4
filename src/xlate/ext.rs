// SPDX-License-Identifier: GPL-2.0
//! IPv6 extension headers and IPv4 options.

use super::{bytes, ipv4, ipv6, l4, proto, DropReason};

/// Length of a Fragment header.
pub const FRAGMENT_LEN: u16 = 8;

/// Longest chain of extension headers that is followed.
const MAX_HEADERS: usize = 8;

/// Place of the first extension header.
const FIRST: u16 = ipv6::LEN as u16;

/// The packet's place in a fragmented datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Offset in units of 8 bytes.
    pub offset: u16,
    /// True if more fragments follow.
    pub more: bool,
    /// Identification.
    pub id: u32,
}

impl Fragment {
    /// The fragment that an IPv4 packet is, if it is one.
    #[inline]
    pub fn of_v4(header: &ipv4::Header) -> Option<Fragment> {
        header.is_fragment().then_some(Fragment {
            offset: header.frag_off,
            more: header.mf,
            id: u32::from(header.id),
        })
    }

    /// There are other fragments. One that is whole by itself waits for nobody (RFC 6946).
    #[inline]
    pub const fn is_piece(&self) -> bool {
        self.offset != 0 || self.more
    }

    /// The Fragment header.
    pub fn emit(&self, next_header: u8) -> [u8; FRAGMENT_LEN as usize] {
        let [o0, o1] = ((self.offset << 3) | u16::from(self.more)).to_be_bytes();
        let [i0, i1, i2, i3] = self.id.to_be_bytes();
        [next_header, 0, o0, o1, i0, i1, i2, i3]
    }
}

/// The result of a walk over the extension headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Where the transport header begins, from the start of the IPv6 header.
    pub l4_offset: u16,
    /// Transport protocol, as a next header value.
    pub protocol: u8,
    /// The Fragment header, if there was one.
    pub fragment: Option<Fragment>,
}

impl Walk {
    /// Length of the transport part by the header's own account.
    #[inline]
    pub const fn payload_len(&self, header: &ipv6::Header) -> u16 {
        header
            .payload_len
            .saturating_sub(self.l4_offset.saturating_sub(FIRST))
    }
}

/// Walks over the extension headers of an IPv6 packet.
#[inline]
pub fn walk(packet: &[u8]) -> Result<Walk, DropReason> {
    match bytes::array::<{ ipv6::LEN }>(packet, 0) {
        None => Err(DropReason::Truncated),
        Some([_, _, _, _, _, _, protocol, ..]) if !is_skipped(protocol) => Ok(Walk {
            l4_offset: FIRST,
            protocol,
            fragment: None,
        }),
        Some([_, _, _, _, _, _, first, ..]) => chain(packet, first).map_err(|stop| stop.reason),
    }
}

/// Where the Segments Left field stands that made `walk` answer `SourceRoute6`: the pointer of the
/// parameter problem that the sender is told.
pub fn segments_left(packet: &[u8]) -> Option<u16> {
    match chain(packet, *packet.get(6)?) {
        Err(stop) if stop.reason == DropReason::SourceRoute6 => Some(stop.offset.saturating_add(3)),
        _ => None,
    }
}

/// Why a walk ended early, and at which header.
struct Stop {
    reason: DropReason,
    offset: u16,
}

fn chain(packet: &[u8], first: u8) -> Result<Walk, Stop> {
    let mut protocol = first;
    let mut offset = FIRST;
    let mut fragment = None;
    for _ in 0..MAX_HEADERS {
        if !is_skipped(protocol) {
            return Ok(Walk {
                l4_offset: offset,
                protocol,
                fragment,
            });
        }
        let stop = |reason| Stop { reason, offset };
        let [next, len, o0, o1, i0, i1, i2, i3] =
            bytes::array::<8>(packet, usize::from(offset)).ok_or(stop(DropReason::Truncated))?;
        let mut size = u16::from(len).saturating_add(1).saturating_mul(8);
        match protocol {
            proto::ROUTING if o1 != 0 => return Err(stop(DropReason::SourceRoute6)),
            proto::FRAGMENT if is_extension(next) => return Err(stop(DropReason::FragmentHeader)),
            proto::FRAGMENT => {
                let field = u16::from_be_bytes([o0, o1]);
                size = FRAGMENT_LEN;
                fragment = Some(Fragment {
                    offset: field >> 3,
                    more: field & 1 != 0,
                    id: u32::from_be_bytes([i0, i1, i2, i3]),
                });
            }
            _ => {}
        }
        let end = offset.saturating_add(size);
        if packet.len() < usize::from(end) {
            return Err(stop(DropReason::Truncated));
        }
        offset = end;
        protocol = next;
    }
    Err(Stop {
        reason: DropReason::ExtHeaderChain,
        offset,
    })
}

/// The headers that are not carried over to IPv4 (RFC 7915 section 5.1).
#[inline(always)]
pub const fn is_skipped(next_header: u8) -> bool {
    matches!(
        next_header,
        proto::HOP_BY_HOP | proto::ROUTING | proto::FRAGMENT | proto::DESTINATION
    )
}

/// The headers that may not follow a Fragment header (RFC 7915 section 5.1.1).
const fn is_extension(next_header: u8) -> bool {
    is_skipped(next_header)
        || matches!(
            next_header,
            proto::AUTHENTICATION | proto::MOBILITY | proto::HIP | proto::SHIM6
        )
}

/// Refuses an IPv4 packet with a source route that has not ended; all other options are dropped.
#[inline]
pub fn check_options(packet: &[u8], header: &ipv4::Header) -> Result<(), DropReason> {
    if usize::from(header.header_len) == ipv4::LEN {
        return Ok(());
    }
    let options = packet
        .get(ipv4::LEN..usize::from(header.header_len))
        .ok_or(DropReason::Truncated)?;
    scan_options(options)
}

fn scan_options(options: &[u8]) -> Result<(), DropReason> {
    const END: u8 = 0;
    const NOP: u8 = 1;
    const LOOSE: u8 = 131;
    const STRICT: u8 = 137;
    let mut rest = options;
    loop {
        rest = match *rest {
            [] | [END, ..] => return Ok(()),
            [NOP, ref tail @ ..] => tail,
            [LOOSE | STRICT, len, pointer, ..] if pointer <= len => {
                return Err(DropReason::SourceRoute4)
            }
            // A malformed option ends the list: what stands behind it is dropped anyway.
            [_, len, ..] if len >= 2 => rest.get(usize::from(len)..).unwrap_or(&[]),
            _ => return Ok(()),
        };
    }
}

/// Refuses a transport header in more than one fragment (RFC 1858, RFC 3128). `len` bytes of the
/// transport are in this one.
pub fn check_fragment(protocol: u8, fragment: Fragment, len: usize) -> Result<(), DropReason> {
    match (protocol, fragment.offset) {
        (proto::TCP, 1) => Err(DropReason::TinyFragment),
        (protocol, 0) if len < l4::header_len(protocol).unwrap_or(8) => {
            Err(DropReason::TinyFragment)
        }
        _ => Ok(()),
    }
}
