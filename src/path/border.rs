// SPDX-License-Identifier: GPL-2.0

//! What the kernel asks of a packet before it lets it pass, in the family that it comes in.

use super::{Origin, Place};
use crate::{
    linux::{
        rcu,
        skb::{Skb, Spoof},
        sys,
    },
    state::{
        config::Config,
        counters::{Cause, Trouble},
        session::Session,
    },
    xlate::{addr, eam::Ends, Reason},
};
use core::net::{Ipv4Addr, Ipv6Addr};

/// IPsec policy for packets that are forwarded; the packet is of the family that it came in.
#[inline]
pub(super) fn policy(
    at: &Place<'_>,
    skb: &Skb,
    ipv6: bool,
    guard: &rcu::Guard,
) -> Result<(), Trouble> {
    match at.origin == Origin::Local || at.turned || skb.policy_ok(at.net, ipv6, guard) {
        true => Ok(()),
        false => Err(Trouble::Policy),
    }
}

/// Whether an IPv4 packet can come from where it says.
#[cold]
pub(super) fn source4(
    at: &Place<'_>,
    skb: &Skb,
    ends: Ends<Ipv4Addr>,
    guard: &rcu::Guard,
) -> Result<(), Cause> {
    if addr::is_martian4(ends.saddr) {
        return Err(Reason::MartianSource.into());
    }
    if at.origin == Origin::Local || at.turned {
        return Ok(());
    }
    match skb.source4(at.net, (ends.saddr, ends.daddr), guard) {
        Ok(()) => Ok(()),
        Err(Spoof::Martian) => Err(Reason::MartianSource.into()),
        Err(Spoof::ReversePath) => Err(Trouble::ReversePath.into()),
        Err(Spoof::Memory) => Err(Trouble::Memory.into()),
    }
}

/// As [`source4`] for packets of a session, which remembers the answer.
#[cold]
pub(super) fn source4_of_session(
    at: &Place<'_>,
    skb: &Skb,
    session: &Session,
    guard: &rcu::Guard,
) -> Result<(), Cause> {
    if at.origin == Origin::Local || at.turned {
        return Ok(());
    }
    let stamp = skb.source4_stamp(at.net, guard);
    if stamp == 0 || stamp != session.source() {
        source4(at, skb, session.v4.turned().ends(), guard)?;
        session.know_source(stamp);
    }
    Ok(())
}

/// Whether an ICMPv6 error can come from where it says.
pub(super) fn reporter6(
    at: &Place<'_>,
    config: &Config,
    reporter: Ipv6Addr,
    quoted: Ends<Ipv6Addr>,
) -> Result<(), Reason> {
    if at.origin == Origin::Local || at.turned {
        return Ok(());
    }
    if addr::illegal_source6(reporter) || sys::is_local6(at.net, reporter) {
        return Err(Reason::MartianSource);
    }
    match config.addresses().may_report6(reporter, quoted) {
        true => Ok(()),
        false => Err(Reason::SourceInPrefix),
    }
}
