// SPDX-License-Identifier: GPL-2.0

//! Static mappings: which host's port stands for a port of an IPv4 address, and the other way round.

use super::{order::Row, rules::Stateful};
use crate::{
    linux::memory::Account,
    nat::rule::{self, Rule},
    xlate::order::{first_not, last_of},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::{prelude::*, sync::Arc};

/// The static mappings of each transport protocol.
pub(crate) struct Statics {
    /// There are none.
    is_empty: bool,
    icmp: Pair,
    tcp: Pair,
    udp: Pair,
    other: Pair,
}

/// Those of one. What they have is apart, in either family.
struct Pair {
    /// In the order of their IPv4 addresses and ports.
    by4: Row<Arc<Stateful>>,
    /// In the order of their IPv6 addresses and ports.
    by6: Row<Arc<Stateful>>,
}

/// Why a static mapping is not added.
pub(super) enum Clash {
    /// The rule with this number has some of it.
    With(u32),
    /// Memory is short.
    Memory(Error),
}

impl From<Error> for Clash {
    fn from(why: Error) -> Self {
        Self::Memory(why)
    }
}

impl Pair {
    fn new(account: Account) -> Result<Self> {
        Ok(Self {
            by4: Row::new(account)?,
            by6: Row::new(account)?,
        })
    }

    fn copy(&self) -> Result<Self> {
        Ok(Self {
            by4: self.by4.copy()?,
            by6: self.by6.copy()?,
        })
    }

    fn add(&mut self, new: &Arc<Stateful>) -> Result<(), Clash> {
        check(&self.by4, new, Rule::static4)?;
        check(&self.by6, new, Rule::static6)?;
        self.by4.add(new.clone(), |it| it.rule.static4())?;
        Ok(self.by6.add(new.clone(), |it| it.rule.static6())?)
    }

    fn settle(&mut self) -> Result {
        self.by4.settle(|it| it.rule.static4())?;
        self.by6.settle(|it| it.rule.static6())
    }
}

/// Finds what has some of a mapping's addresses and ports, of which `ends` gives the first and the last.
fn check<T: PartialOrd>(
    row: &Row<Arc<Stateful>>,
    new: &Stateful,
    ends: impl Fn(&Rule) -> (T, T),
) -> Result<(), Clash> {
    let (first, last) = ends(&new.rule);
    // They are apart: if any it is the last that does not begin behind it.
    let mut before = (row.rows()).filter_map(|row| last_of(row, |it| ends(&it.rule).0 <= last));
    match before.find(|it| ends(&it.rule).1 >= first) {
        Some(it) => Err(Clash::With(it.id)),
        None => Ok(()),
    }
}

impl Statics {
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            is_empty: true,
            icmp: Pair::new(account)?,
            tcp: Pair::new(account)?,
            udp: Pair::new(account)?,
            other: Pair::new(account)?,
        })
    }

    pub(super) fn copy(&self) -> Result<Self> {
        Ok(Self {
            is_empty: self.is_empty,
            icmp: self.icmp.copy()?,
            tcp: self.tcp.copy()?,
            udp: self.udp.copy()?,
            other: self.other.copy()?,
        })
    }

    /// Adds the static mapping that a rule is, if it is one.
    pub(super) fn add(&mut self, new: &Arc<Stateful>) -> Result<(), Clash> {
        if new.rule.fixed.is_none() {
            return Ok(());
        }
        self.is_empty = false;
        for (protos, pair) in [
            (rule::ICMP, &mut self.icmp),
            (rule::TCP, &mut self.tcp),
            (rule::UDP, &mut self.udp),
            (rule::OTHER, &mut self.other),
        ] {
            if new.rule.protos() & protos != 0 {
                pair.add(new)?;
            }
        }
        Ok(())
    }

    /// The changes are done.
    pub(super) fn settle(&mut self) -> Result {
        let all = [
            &mut self.icmp,
            &mut self.tcp,
            &mut self.udp,
            &mut self.other,
        ];
        all.into_iter().try_for_each(Pair::settle)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    fn pair(&self, proto: u8) -> Option<&Pair> {
        match rule::proto_bit(proto) {
            rule::ICMP => Some(&self.icmp),
            rule::TCP => Some(&self.tcp),
            rule::UDP => Some(&self.udp),
            rule::OTHER => Some(&self.other),
            _ => None,
        }
    }

    /// The one that has a port of an IPv4 address.
    #[cold]
    pub(crate) fn of4(&self, v4: (Ipv4Addr, u16), proto: u8) -> Option<&Stateful> {
        let row = &self.pair(proto)?.by4;
        let place = first_not(row, |it| it.rule.static4().1 < (v4.0.to_bits(), v4.1));
        let it = row.get(place)?;
        it.rule.fixed6(v4).map(|_| &**it)
    }

    /// The one that has a port of an IPv6 host.
    #[cold]
    pub(crate) fn of6(&self, v6: (Ipv6Addr, u16), proto: u8) -> Option<&Stateful> {
        let row = &self.pair(proto)?.by6;
        let place = first_not(row, |it| it.rule.static6().1 < (v6.0.to_bits(), v6.1));
        let it = row.get(place)?;
        it.rule.fixed4(v6).map(|_| &**it)
    }

    /// One has all ports of an IPv4 address.
    #[inline]
    pub(super) fn has_all(&self, addr: Ipv4Addr, proto: u8) -> bool {
        let all = |it: &Stateful| it.rule.ports.is_none();
        !self.is_empty && self.of4((addr, 0), proto).is_some_and(all)
    }

    /// Those of the 64 ports of an IPv4 address from `64 * word` on that are not for others.
    #[cold]
    pub(super) fn word(&self, (addr, proto): (Ipv4Addr, u8), word: usize) -> u64 {
        let row = self.pair(proto).map(|pair| &*pair.by4).unwrap_or(&[]);
        let Ok(base) = u16::try_from(word.saturating_mul(64)) else {
            return 0;
        };
        let (first, last) = (
            (addr.to_bits(), base),
            (addr.to_bits(), base.saturating_add(63)),
        );
        let mut place = first_not(row, |it| it.rule.static4().1 < first);
        let mut bits = 0;
        while let Some((from, to)) = row.get(place).map(|it| it.rule.static4()) {
            if from > last {
                break;
            }
            let low = from.max(first).1.wrapping_sub(base);
            let high = to.min(last).1.wrapping_sub(base);
            let below = u64::MAX.wrapping_shl(low.into());
            bits |= below & u64::MAX.wrapping_shr(63u32.saturating_sub(high.into()));
            place = place.wrapping_add(1);
        }
        bits
    }
}
