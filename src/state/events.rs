// SPDX-License-Identifier: GPL-2.0

//! What is told to those who listen.

use super::{mapping::BibEntry, session::Session};
use crate::{
    linux::{bh::BhLock, sys},
    xlate::DropReason,
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::{prelude::*, static_lock_class};

/// Something that has happened.
pub(crate) enum Happening<'a> {
    MappingOpened(&'a BibEntry),
    MappingClosed(&'a BibEntry),
    SessionOpened(&'a Session, &'a BibEntry),
    SessionClosed(&'a Session, &'a BibEntry, End),
    Limited(Limited),
}

/// Why a session ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Expired,
    Evicted,
    Removed,
    Deleted,
}

/// A packet has met a limit.
pub(crate) struct Limited {
    pub(crate) why: DropReason,
    pub(crate) proto: u8,
    /// The host that sent it.
    pub(crate) host: Option<Ipv6Addr>,
    /// The pool address that it wanted a port of, or came to.
    pub(crate) pool: Ipv4Addr,
    /// How many have, since somebody was told.
    pub(crate) refused: u32,
}

/// Limits that are told of, and the groups of events.
pub(crate) const LIMITS: [DropReason; 7] = [
    DropReason::HostMappings,
    DropReason::HostSessions,
    DropReason::HostRate,
    DropReason::MappingSessions,
    DropReason::SessionLimit,
    DropReason::MappingLimit,
    DropReason::PortsExhausted,
];
const GROUPS: usize = 3;

/// What was told last.
#[derive(Default)]
pub(super) struct Told {
    /// The number of each group's last event.
    pub(super) numbers: [u32; GROUPS],
    /// When a limit was last told of, and packets that have met it since.
    limits: [(Option<u32>, u32); LIMITS.len()],
}

/// The events of a namespace. The lock has them go out in the order of their numbers.
#[pin_data]
pub(crate) struct Events {
    #[pin]
    pub(super) told: BhLock<Told>,
}

impl Events {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            told <- BhLock::new(Told::default(), static_lock_class!()),
        })
    }
}

impl Happening<'_> {
    /// The place of its group.
    pub(super) fn group(&self) -> usize {
        match self {
            Self::MappingOpened(..) | Self::MappingClosed(..) => 0,
            Self::SessionOpened(..) | Self::SessionClosed(..) => 1,
            Self::Limited(..) => 2,
        }
    }
}

impl Told {
    /// A packet has met a limit: return how many have, if it is time to tell.
    pub(super) fn met(&mut self, why: DropReason, now: u32) -> Option<u32> {
        let mut limits = LIMITS.iter().zip(&mut self.limits);
        let (_, (last, count)) = limits.find(|(limit, _)| **limit == why)?;
        *count = count.saturating_add(1);
        if last.is_some_and(|last| now.wrapping_sub(last) < sys::hz()) {
            return None;
        }
        *last = Some(now);
        Some(core::mem::take(count))
    }
}
