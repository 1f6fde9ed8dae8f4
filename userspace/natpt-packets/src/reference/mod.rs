// SPDX-License-Identifier: GPL-2.0
//! A translator that is slow and obviously right: each function is a table or a section of an RFC,
//! packets are lists of bytes that grow at the end, and checksums are summed up from the start.
//! It shares no code with `natpt_core::xlate`.

mod address;
pub(crate) mod extension;
mod field;
mod four;
pub(crate) mod header;
mod icmp;
mod inner;
mod mapping;
mod network;
mod six;
mod stateless;
mod sum;
pub(crate) mod tables;

pub use network::{End, Fate, Mapping, Network, Session};

impl Network {
    /// What becomes of an IPv6 packet.
    pub fn to_v4(&self, packet: &[u8]) -> Fate {
        let fate = stateless::to_v4(self, packet);
        let fate = fate.unwrap_or_else(|| four::translate(self, packet));
        fate.unwrap_or_else(Fate::Dropped)
    }

    /// What becomes of an IPv4 packet.
    pub fn to_v6(&self, packet: &[u8]) -> Fate {
        let fate = stateless::to_v6(self, packet);
        let fate = fate.unwrap_or_else(|| six::translate(self, packet));
        fate.unwrap_or_else(Fate::Dropped)
    }
}
