// SPDX-License-Identifier: GPL-2.0

//! Numbers in messages.

/// Not a DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

pub const HEADER: usize = 12;

/// The size that every host takes over UDP without being asked (RFC 1035 section 4.2.1).
pub const UDP_MINIMUM: usize = 512;

/// The size that fits every path without fragments.
pub const UDP_MAXIMUM: usize = 1232;

pub mod class {
    pub const IN: u16 = 1;
}

pub mod rtype {
    pub const A: u16 = 1;
    pub const NS: u16 = 2;
    pub const CNAME: u16 = 5;
    pub const SOA: u16 = 6;
    pub const PTR: u16 = 12;
    pub const TXT: u16 = 16;
    pub const SIG: u16 = 24;
    pub const AAAA: u16 = 28;
    pub const DNAME: u16 = 39;
    pub const OPT: u16 = 41;
    pub const DS: u16 = 43;
    pub const RRSIG: u16 = 46;
    pub const TSIG: u16 = 250;
    pub const IXFR: u16 = 251;
    pub const AXFR: u16 = 252;
}

pub mod rcode {
    pub const NOERROR: u8 = 0;
    pub const FORMERR: u8 = 1;
    pub const SERVFAIL: u8 = 2;
    pub const NXDOMAIN: u8 = 3;
    pub const NOTIMP: u8 = 4;
    pub const REFUSED: u8 = 5;
}

pub fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.copied().map(u16::from_be_bytes).ok_or(Malformed)
}

pub fn u32_at(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.copied().map(u32::from_be_bytes).ok_or(Malformed)
}
