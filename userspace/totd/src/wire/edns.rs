// SPDX-License-Identifier: GPL-2.0

//! The OPT record (RFC 6891).

use super::field::{u16_at, UDP_MAXIMUM, UDP_MINIMUM};

#[derive(Clone, Copy)]
pub struct Edns<'a> {
    /// The whole record as it came, and its offset in the message.
    pub at: usize,
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

    /// The version of EDNS.
    pub fn version(&self) -> u8 {
        (self.ttl >> 16) as u8
    }

    /// The options that are not just for the next one who gets them (RFC 7873, RFC 7828, RFC 7830).
    pub fn lasting(&self) -> Vec<u8> {
        const COOKIE: u16 = 10;
        const KEEPALIVE: u16 = 11;
        const PADDING: u16 = 12;
        let mut lasting = Vec::new();
        for (code, data) in self.options() {
            if !matches!(code, COOKIE | KEEPALIVE | PADDING) {
                lasting.extend_from_slice(&code.to_be_bytes());
                lasting.extend_from_slice(&(data.len() as u16).to_be_bytes());
                lasting.extend_from_slice(data);
            }
        }
        lasting
    }

    /// An OPT record of our own.
    pub fn write(to: &mut Vec<u8>, extended_rcode: u8, dnssec: bool, options: &[u8]) {
        // Name and type, size, extended RCODE and version 0, DO.
        to.extend_from_slice(&[0, 0, 41]);
        to.extend_from_slice(&(UDP_MAXIMUM as u16).to_be_bytes());
        let dnssec = if dnssec { 0x80 } else { 0 };
        to.extend_from_slice(&[extended_rcode, 0, dnssec, 0]);
        to.extend_from_slice(&(options.len() as u16).to_be_bytes());
        to.extend_from_slice(options);
    }
}
