// SPDX-License-Identifier: GPL-2.0
//! What translation needs to know of a packet.

use super::{bytes, DropReason};

/// A packet, from its network header on.
pub trait Packet {
    /// The bytes at hand; the rest may lie elsewhere.
    fn linear(&self) -> &[u8];

    /// Bytes in the packet.
    fn total_len(&self) -> u32;

    /// Bring at least `len` bytes to hand; false if there are not so many.
    fn pull(&mut self, len: usize) -> bool;

    /// Bring all bytes to hand, checksums finished. Fails with `Truncated` or `NoMemory`.
    fn complete(&mut self) -> Result<(), DropReason> {
        Ok(())
    }

    /// Tell whether the transport checksum counts the addresses only, and a device is to finish it.
    /// Any other open checksum that counts something before `end` is finished first; fails with
    /// `Truncated` where that cannot be.
    fn is_partial(
        &mut self,
        _protocol: u8,
        _l4_offset: usize,
        _end: usize,
    ) -> Result<bool, DropReason> {
        Ok(false)
    }

    /// The packet stands for several segments.
    fn is_gso(&self) -> bool {
        false
    }

    /// Number of packets that this will be on the wire.
    fn segments(&self) -> u32 {
        1
    }

    /// Length of one segment from its transport header on, which has at least `header_len` bytes.
    fn segment_len(&self, header_len: usize) -> u32 {
        header_len as u32
    }

    /// The segments may stay together when the family changes.
    fn gso_translates(&self, _protocol: u8, _l4_offset: usize) -> bool {
        true
    }

    /// All segments fit an MTU.
    fn segments_fit(&self, _mtu: u32) -> bool {
        true
    }

    /// Size of the biggest fragment that the packet was put together from, 0 if it was whole.
    fn frag_max_size(&self) -> u16 {
        0
    }

    /// The packet's sender lets its own host cut it on the way out.
    fn may_fragment(&self) -> bool {
        false
    }
}

/// The 16-bit number at `at`, 0 where there is none.
#[inline(always)]
pub(super) fn field(transport: &[u8], at: usize) -> u16 {
    bytes::be16(transport, at).unwrap_or(0)
}
