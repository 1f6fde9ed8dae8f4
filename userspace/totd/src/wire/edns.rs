// SPDX-License-Identifier: GPL-2.0

//! The OPT record (RFC 6891).

use super::field::{u16_at, UDP_MINIMUM};

#[derive(Clone, Copy)]
pub struct Edns<'a> {
    /// The whole record as it came.
    pub wire: &'a [u8],
    pub(super) options: &'a [u8],
    pub(super) size: u16,
    pub(super) ttl: u32,
}

impl<'a> Edns<'a> {
    const DO: u32 = 0x8000;

    /// The largest answer the sender takes over UDP.
    pub fn size(&self) -> usize {
        usize::from(self.size).max(UDP_MINIMUM)
    }

    /// The DO bit.
    pub fn dnssec(&self) -> bool {
        self.ttl & Self::DO != 0
    }

    /// The upper bits of the RCODE.
    pub fn extended_rcode(&self) -> u8 {
        (self.ttl >> 24) as u8
    }

    /// The options: their code and data.
    pub fn options(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = self.options;
        std::iter::from_fn(move || {
            let code = u16_at(rest, 0).ok()?;
            let len = usize::from(u16_at(rest, 2).ok()?);
            let data = rest.get(4..4 + len)?;
            rest = rest.get(4 + len..)?;
            Some((code, data))
        })
    }

    /// Our own OPT record, in answer to a query with this one.
    pub fn reply(&self) -> [u8; 11] {
        // Name, type, size 1232 (fits every path), extended RCODE and version 0, DO, no data.
        let dnssec = if self.dnssec() { 0x80 } else { 0 };
        [0, 0, 41, 0x04, 0xd0, 0, 0, dnssec, 0, 0, 0]
    }
}
