// SPDX-License-Identifier: GPL-2.0

//! What is counted: what was done, and why packets were dropped.

use crate::{
    linux::{
        memory::{self, Account},
        percpu,
    },
    xlate::Reason,
};
use kernel::prelude::*;

macro_rules! counters {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($variant:ident $name:literal $doc:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        $vis enum $type {
            $(#[doc = $doc] $variant,)*
        }

        impl $type {
            const ALL: &'static [(&'static str, &'static str)] = &[$(($name, $doc),)*];
        }
    };
}

counters! {
    /// What was done.
    pub(crate) enum Event {
        To4 "translated-6to4" "packets translated from IPv6 to IPv4",
        To6 "translated-4to6" "packets translated from IPv4 to IPv6",
        ErrorTo4 "icmp-errors-6to4" "ICMPv6 errors translated to ICMP",
        ErrorTo6 "icmp-errors-4to6" "ICMP errors translated to ICMPv6",
        UdpChecksum "udp-checksums-made" "IPv4 UDP datagrams that got the checksum they lacked",
        Mapping "mappings-opened" "mappings opened",
        Session "sessions-opened" "sessions opened",
        Expired "sessions-expired" "sessions that ended by their timer",
        Reassembled "reassembled" "packets put together from claimed fragments",
        Unclaimed "unclaimed" "packets to a prefix or pool that were left to the normal stack",
        Claimed "claimed" "packets, and parts of such that were split, that were ours; each ends in one of the counters of translation, of ICMP errors, of drops, or as one of the next two",
        Fragments "fragments" "fragments that wait for the others of their packet",
        Split "split" "packets that were split into segments or fragments before translation",
    }
}

counters! {
    /// Why a claimed packet was dropped, beside the reasons of pure translation.
    pub(crate) enum Trouble {
        NoSession "no-session" "TCP segment that begins nothing and belongs to nothing",
        NoMapping "no-mapping" "IPv4 packet to a pool port that nobody uses",
        NoPrefix "no-prefix" "the prefix of the session is gone",
        Ports "ports-exhausted" "no free port in the pool",
        Sessions "session-limit" "as many sessions as max-sessions allows",
        Memory "no-memory" "memory allocation failed, or the memory cgroup has no more",
        Ceiling "memory-ceiling" "user namespaces together hold as much memory as userns_memory allows",
        Route "no-route" "no route for the translated packet",
        Target "no-unicast-target" "the route leads to broadcast, multicast or nowhere",
        Forwarding "forwarding-off" "forwarding is off on the interface the packet came in on",
        Policy "ipsec-policy" "IPsec policy forbids to forward the packet",
        Conntrack "conntrack" "conntrack would not confirm the packet's connection",
        Loop "loop" "packet of this host that would turn from one family to the other without end",
        Blackhole "blackhole" "a blackhole route or rule takes the translated packet",
        Prohibited "prohibited" "a prohibit route or rule forbids the translated packet",
        ReversePath "reverse-path" "IPv4 packet from an interface that does not lead to its source (rp_filter)",
        Mtu "packet-too-big" "packet does not fit the next link; the sender was told",
        Segments "segmentation" "super-packet that could not be split into its segments",
        Fragment "fragment" "fragment that could not be put together with its others",
        NoDefrag "no-defrag" "IPv6 fragment, and the module nf_defrag_ipv6 is not available",
    }
}

/// Why a claimed packet was dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Translation has no answer.
    Xlate(Reason),
    /// State, routing or resources do not allow it.
    Trouble(Trouble),
}

impl From<Reason> for Cause {
    fn from(reason: Reason) -> Self {
        Self::Xlate(reason)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            memory::CEILING => Self::Ceiling,
            _ => Self::Memory,
        }
    }
}

impl From<Trouble> for Cause {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

const TROUBLES: usize = Event::ALL.len();
const REASONS: usize = TROUBLES + Trouble::ALL.len();

/// Number of counters.
pub(crate) const COUNT: usize = REASONS + Reason::COUNT;

/// All counters of a namespace.
pub(crate) struct Counters(percpu::Counters<COUNT>);

/// A counter as it is shown.
pub(crate) struct Shown {
    /// What stands before the name.
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
    pub(crate) fn did(&self, event: Event, n: u32) {
        self.0.add(event as usize, n.into());
    }

    /// Counts what became of a packet of ours.
    #[inline]
    pub(crate) fn claimed(&self, event: Event) {
        self.0.add_each(event as usize, Event::Claimed as usize);
    }

    /// Counts a dropped packet of ours.
    #[cold]
    pub(crate) fn dropped(&self, cause: Cause) {
        self.did(Event::Claimed, 1);
        let i = match cause {
            Cause::Trouble(trouble) => TROUBLES + trouble as usize,
            Cause::Xlate(reason) => REASONS + reason.index(),
        };
        self.0.add(i, 1);
    }
}

/// Counter number `i` below [`COUNT`]; all are 0 where nothing was ever translated.
pub(crate) fn shown(counters: Option<&Counters>, i: usize) -> Option<Shown> {
    let value = counters.map_or(0, |counters| counters.0.sum(i));
    let (prefix, (name, doc)) = if let Some(event) = Event::ALL.get(i) {
        ("", *event)
    } else if let Some(trouble) = Trouble::ALL.get(i.wrapping_sub(TROUBLES)) {
        ("drop-", *trouble)
    } else {
        let reason = Reason::ALL.get(i.wrapping_sub(REASONS))?;
        ("drop-", (reason.name(), reason.doc()))
    };
    Some(Shown {
        prefix,
        name,
        doc,
        value,
    })
}
