// SPDX-License-Identifier: GPL-2.0
//! What becomes of packets.

use natpt_core::xlate::DropReason;

/// The identification of packets that have none of their own.
pub const ID: u16 = 0x4242;

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It leaves on the other side.
    Out(Vec<u8>),
    /// It leaves on the side where it came in: a hairpin.
    Turned(Vec<u8>),
    /// It is dropped, with the name of the counter.
    Dropped(&'static str),
    /// The stack drops it before natpt sees it.
    Silent,
    /// It is not natpt's.
    Untouched,
    /// The kernel decides.
    Kernel,
}

impl From<DropReason> for Outcome {
    fn from(reason: DropReason) -> Outcome {
        Outcome::Dropped(reason.name())
    }
}
