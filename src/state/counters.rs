// SPDX-License-Identifier: GPL-2.0

//! What is counted: what was done, and why packets were dropped.

use crate::{
    linux::{
        memory::{self, Account},
        percpu,
    },
    xlate::DropReason,
};
use kernel::prelude::*;

macro_rules! events {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// The counted event.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Event {
            $(#[doc = $doc] $variant,)*
        }

        impl Event {
            const ALL: &'static [(&'static str, &'static str)] = &[$(($name, $doc),)*];
        }
    };
}

events! {
    To4 "translated-6to4" "packets translated from IPv6 to IPv4",
    To6 "translated-4to6" "packets translated from IPv4 to IPv6",
    ErrorTo4 "icmp-errors-6to4" "ICMPv6 errors translated to ICMP",
    ErrorTo6 "icmp-errors-4to6" "ICMP errors translated to ICMPv6",
    UdpChecksum "udp-checksums-made" "IPv4 UDP datagrams that got the checksum they lacked",
    Mapping "mappings-opened" "mappings opened",
    Session "sessions-opened" "sessions opened",
    Expired "sessions-expired" "sessions that ended by their timer",
    Evicted "sessions-evicted" "sessions without an answer, closed or idle ones that made room for others",
    Removed "sessions-removed" "sessions that ended with their rule or prefix",
    Deleted "sessions-deleted" "sessions that somebody had ended",
    Unheard "events-lost" "events that somebody who listens had no room for, or that there was no memory for",
    Probe "probes" "probes sent to hosts whose TCP sessions had been idle for long, or reset",
    SynHeld "syns-held" "unsolicited SYNs that wait for one of the other side; each is a drop, too",
    SynAnswered "syns-answered" "of these, those that were answered after 6 seconds",
    Reassembled "reassembled" "packets put together from claimed fragments",
    Unclaimed "unclaimed" "packets to a prefix or pool that were left to the normal stack",
    Claimed "claimed" "packets, and parts of such that were split, that were ours; each ends in one of the counters of translation, of ICMP errors, of drops, or as one of the next two",
    Fragments "fragments" "fragments that wait for the others of their packet",
    Split "split" "packets that were split into segments or fragments before translation",
}

impl From<Error> for DropReason {
    fn from(error: Error) -> Self {
        match error {
            memory::CEILING => Self::MemoryCeiling,
            _ => Self::NoMemory,
        }
    }
}

/// Place of the first drop reason.
const REASONS: usize = Event::ALL.len();

/// Number of counters.
pub(crate) const COUNT: usize = REASONS + DropReason::COUNT;

/// All counters of a namespace.
pub(crate) struct Counters(percpu::Counters<COUNT>);

/// A counter as it is shown.
pub(crate) struct CounterInfo {
    /// The prefix of the name.
    pub(crate) prefix: &'static str,
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) value: u64,
}

impl Counters {
    pub(crate) fn new(account: Account) -> Result<Self> {
        Ok(Self(percpu::Counters::new(account)?))
    }

    /// Counts something that was done, `n` times.
    #[inline]
    pub(crate) fn inc(&self, event: Event, n: u32) {
        self.0.add(event as usize, n.into());
    }

    /// Counts what became of a packet of ours.
    #[inline]
    pub(crate) fn claimed(&self, event: Event) {
        self.0.add_each(event as usize, Event::Claimed as usize);
    }

    /// Counts a dropped packet of ours.
    #[cold]
    pub(crate) fn dropped(&self, reason: DropReason) {
        self.inc(Event::Claimed, 1);
        self.0.add(REASONS.wrapping_add(reason.index()), 1);
    }
}

/// Look up counter number `i` below [`COUNT`]; all are 0 where nothing was ever translated.
pub(crate) fn info(counters: Option<&Counters>, i: usize) -> Option<CounterInfo> {
    let value = counters.map_or(0, |counters| counters.0.sum(i));
    let (prefix, (name, doc)) = match Event::ALL.get(i) {
        Some(event) => ("", *event),
        None => {
            let reason = DropReason::ALL.get(i.wrapping_sub(REASONS))?;
            ("drop-", (reason.name(), reason.text()))
        }
    };
    Some(CounterInfo {
        prefix,
        name,
        doc,
        value,
    })
}
