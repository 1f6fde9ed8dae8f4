// SPDX-License-Identifier: GPL-2.0
//! What is to become of a packet.

use super::world::{Key, Known};
use crate::xlate::{packet::Packet, rewrite::Rewrite, tuple::Tuple4, DropReason};

/// The fate of a packet that is not dropped. `A` are its new addresses, `S` is what its
/// session remembers.
pub enum Decision<A, S> {
    /// It is not for translation.
    Pass,
    /// It is to a prefix or a pool, but nobody's: left to the normal stack.
    Unclaimed,
    /// It is a fragment that is to be put together with its others.
    Defrag,
    /// It is to be split into its segments first.
    Split,
    /// It solicits a neighbour that this host is proxy of.
    Solicitation,
    /// It is the SYN of a connection that nobody waits for, whose pool address and port are the
    /// source here: dropped for this reason, and its sender is told later.
    Hold(Tuple4, DropReason),
    /// It is an ICMP error: what it quotes decides.
    Error,
    /// It is translated. Packets of stateless rules have no session.
    Translate(Rewrite<A>, Option<S>),
}

impl<A, S> Decision<A, S> {
    /// A fragment is to be put together with its others: it may claim to be segments itself.
    pub(super) fn defrag(packet: &impl Packet) -> Self {
        match packet.is_gso() {
            true => Self::Split,
            false => Self::Defrag,
        }
    }
}

/// A first look at a packet, which is enough for most. `T` are its addresses and ports.
pub enum Lookup<A, S, T> {
    /// It is of a session, and nothing is against it.
    Known(Known<A, S>),
    /// It could be of a session, but there is none yet.
    New(Key<T>),
    /// There is more to decide.
    Other,
}
