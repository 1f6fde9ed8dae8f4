// SPDX-License-Identifier: GPL-2.0

//! DNS messages (RFC 1035, RFC 6891) as bytes.

mod edns;
mod field;
mod message;
mod name;
mod rdata;
mod writer;

pub use edns::Edns;
pub use field::{class, rcode, rtype, Malformed, HEADER, UDP_MAXIMUM, UDP_MINIMUM};
pub use message::{Header, Message, Question, Record, Section};
pub use name::Name;
pub use writer::Writer;
