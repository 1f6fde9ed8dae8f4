// SPDX-License-Identifier: GPL-2.0

//! The kernel's packets, as translation looks at them.

use crate::{
    linux::{
        family::Family,
        skb::{OpenSum, Skb},
    },
    xlate::{l4, packet::Packet, DropReason},
};

impl<F: Family> Packet for Skb<F> {
    #[inline(always)]
    fn linear(&self) -> &[u8] {
        Skb::linear(self)
    }

    #[inline(always)]
    fn total_len(&self) -> u32 {
        Skb::len(self)
    }

    #[inline(always)]
    fn pull(&mut self, len: usize) -> bool {
        Skb::pull(self, len)
    }

    fn complete(&mut self) -> Result<(), DropReason> {
        self.finish_checksum().map_err(|_| DropReason::Truncated)?;
        match self.linearize() {
            true => Ok(()),
            false => Err(DropReason::NoMemory),
        }
    }

    #[inline(always)]
    fn is_partial(
        &mut self,
        protocol: u8,
        l4_offset: usize,
        end: usize,
    ) -> Result<bool, DropReason> {
        let Some(open) = self.open_sum() else {
            return Ok(false);
        };
        match l4::check_offset(protocol) {
            // That of ICMP is not left open by anybody.
            Some(offset) if offset != 2 && open.is_at(l4_offset, offset) => Ok(true),
            _ => finish(self, open, end),
        }
    }

    #[inline(always)]
    fn is_gso(&self) -> bool {
        Skb::is_gso(self)
    }

    #[inline(always)]
    fn segments(&self) -> u32 {
        Skb::segments(self)
    }

    fn segment_len(&self, header_len: usize) -> u32 {
        Skb::segment_len(self, header_len)
    }

    fn gso_translates(&self, protocol: u8, l4_offset: usize) -> bool {
        // One that is open elsewhere can be finished for a single packet only.
        let offset = l4::check_offset(protocol).unwrap_or(0);
        Skb::gso_translates(self)
            && self
                .open_sum()
                .is_none_or(|open| open.is_at(l4_offset, offset))
    }

    fn segments_fit(&self, mtu: u32) -> bool {
        Skb::segments_fit(self, mtu)
    }

    #[inline(always)]
    fn frag_max_size(&self) -> u16 {
        Skb::frag_max_size(self)
    }

    fn may_fragment(&self) -> bool {
        Skb::may_fragment(self)
    }
}

#[cold]
fn finish<F: Family>(skb: &mut Skb<F>, open: OpenSum, end: usize) -> Result<bool, DropReason> {
    if open.covers(end) {
        skb.finish_checksum().map_err(|_| DropReason::Truncated)?;
    }
    Ok(false)
}
