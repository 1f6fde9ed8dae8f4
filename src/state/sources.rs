// SPDX-License-Identifier: GPL-2.0

//! Which of many rules is for a host.

use super::{order::Row, rules::RuleEntry};
use crate::{
    linux::{array::Array, memory::Account},
    nat::rule,
    xlate::{addr, order::first_not},
};
use core::net::Ipv6Addr;
use kernel::prelude::*;

/// As many rules are looked at one by one.
pub(super) const FEW: usize = 8;

/// The stateful rules that are no static mappings, by protocol and source, where there are more than
/// [`FEW`] rules.
pub(crate) struct Sources {
    row: Row<Source>,
    /// Where those of a kind are in it.
    kinds: Array<Kinds>,
}

/// A rule for one protocol.
#[derive(Clone, Copy)]
struct Source {
    kind: (u32, u8),
    addr: u128,
    /// Its place among the rules.
    place: usize,
}

/// The rules for one protocol that have sources of one length.
struct Kinds {
    /// Bit of the protocol, and length of the sources.
    kind: (u32, u8),
    first: usize,
    behind: usize,
}

impl Sources {
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            row: Row::new(account)?,
            kinds: Array::new(account, 0, [])?,
        })
    }

    /// Those of some rules. May sleep.
    pub(super) fn of(account: Account, rules: &[RuleEntry]) -> Result<Self> {
        let mut sources = Self::new(account)?;
        if rules.len() <= FEW {
            return Ok(sources);
        }
        for proto in [rule::ICMP, rule::TCP, rule::UDP, rule::OTHER] {
            for (place, entry) in (0..rules.len()).zip(rules) {
                match entry.sharing().map(|it| &it.rule) {
                    Some(it) if it.fixed.is_none() && it.protos() & proto != 0 => {
                        let source = Source {
                            kind: (proto, it.from.len),
                            addr: it.from.addr.to_bits(),
                            place,
                        };
                        sources.row.add(source, key)?;
                    }
                    _ => {}
                }
            }
        }
        sources.row.settle(key)?;
        let mut first = 0;
        while let Some(kind) = sources.row.get(first).map(|it| it.kind) {
            let behind = first_not(&sources.row, |it| it.kind <= kind);
            let kinds = Kinds {
                kind,
                first,
                behind,
            };
            sources.kinds.insert(usize::MAX, kinds)?;
            first = behind;
        }
        Ok(sources)
    }

    /// The place of the first rule from `from` on that is for a host's packets of a protocol.
    pub(super) fn next(&self, host: Ipv6Addr, proto: u8, from: usize) -> Option<usize> {
        let proto = rule::proto_bit(proto);
        let of_kind = |kinds: &Kinds| {
            let row = self.row.get(kinds.first..kinds.behind)?;
            let addr = host.to_bits() & addr::mask(kinds.kind.1.into());
            let it = row.get(first_not(row, |it| (it.addr, it.place) < (addr, from)))?;
            (it.addr == addr).then_some(it.place)
        };
        let kinds = self.kinds.iter().filter(|it| it.kind.0 == proto);
        kinds.filter_map(of_kind).min()
    }
}

fn key(source: &Source) -> ((u32, u8), u128, usize) {
    (source.kind, source.addr, source.place)
}
