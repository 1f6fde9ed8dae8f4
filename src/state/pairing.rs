// SPDX-License-Identifier: GPL-2.0

//! Which address of its rule's pool a host gets: the same for all its ports and protocols, as long as
//! it has some (RFC 4787 REQ-2, RFC 6888 REQ-2).

use super::{
    config::Stateful,
    pool::Pool,
    subscriber::{Owner, Subscriber},
    translator::Translator,
};
use crate::{
    linux::{once::read_once, once::write_once, rcu, table::Linked},
    xlate::{addr::Range4, DropReason},
};
use core::{iter, net::Ipv4Addr};
use kernel::{prelude::*, sync::Arc};

/// Most addresses that are asked for a port.
const TRIES: usize = 8;

impl Translator {
    /// Takes a port, by `take`, of the pools of a rule for a host, who has something open already; of
    /// another pool it is given back by `give`. Return address and port.
    #[inline]
    pub(super) fn take_port(
        &self,
        (rule, pools): (&Stateful, &[Arc<Pool>]),
        owner: &Owner,
        take: impl Fn(&Pool) -> Result<Option<u16>>,
        give: impl Fn(Ipv4Addr, u16),
        guard: &rcu::Guard,
    ) -> Result<(Ipv4Addr, u16), DropReason> {
        let taken = match pools {
            [pool] => take(pool)?.map(|port| (pool.addr, port)),
            _ => {
                let host = self.subscribers.of(&self.key, owner, guard);
                let host = host.ok_or(DropReason::NoMapping)?;
                take_of_several((rule, pools), owner, host, take, give)?
            }
        };
        taken.ok_or(DropReason::PortsExhausted)
    }

    /// The addresses that a host may get ports of by a rule.
    #[cold]
    pub(super) fn addresses_for(
        &self,
        rule: &Stateful,
        owner: &Owner,
        guard: &rcu::Guard,
    ) -> Range4 {
        let range = rule.rule.to;
        let host = self.subscribers.of(&self.key, owner, guard);
        let pool = host.and_then(|it| it.pool(&range));
        pool.map_or(range, Range4::one)
    }
}

/// Takes a port of an address of a rule's pools.
fn take_of(
    pools: &[Arc<Pool>],
    range: &Range4,
    addr: Ipv4Addr,
    take: impl Fn(&Pool) -> Result<Option<u16>>,
) -> Result<Option<(Ipv4Addr, u16)>, DropReason> {
    let place = addr.to_bits().wrapping_sub(range.first.to_bits());
    let Some(pool) = pools.get(place as usize) else {
        return Ok(None);
    };
    Ok(take(pool)?.map(|port| (pool.addr, port)))
}

/// Takes a port of the address that a host has, or else of the one that its own address stands for, or
/// of some other that has a port.
#[inline(never)]
fn take_of_several(
    (rule, pools): (&Stateful, &[Arc<Pool>]),
    owner: &Owner,
    host: Linked<'_, Subscriber>,
    take: impl Fn(&Pool) -> Result<Option<u16>>,
    give: impl Fn(Ipv4Addr, u16),
) -> Result<Option<(Ipv4Addr, u16)>, DropReason> {
    let range = &rule.rule.to;
    if let Some(addr) = host.pool(range) {
        return take_of(pools, range, addr, take);
    }
    // Who comes next goes on where the last one has ended: no search is long, and together they see
    // all addresses.
    let spare = read_once(&rule.spare) as usize;
    let others = (0..pools.len().saturating_sub(1)).map(|n| spare.wrapping_add(n));
    let first = owner.share_of(pools.len());
    for place in Iterator::chain(iter::once(first), others).take(TRIES) {
        let place = place.checked_rem(pools.len()).unwrap_or(0);
        let Some(pool) = pools.get(place) else {
            return Ok(None);
        };
        if place != first {
            write_once(&rule.spare, place as u32);
        }
        let Some(port) = take(pool)? else {
            continue;
        };
        let chosen = host.pair(pool.addr, range);
        if chosen == pool.addr {
            return Ok(Some((chosen, port)));
        }
        // Another CPU was faster.
        give(pool.addr, port);
        return take_of(pools, range, chosen, take);
    }
    write_once(&rule.spare, read_once(&rule.spare).wrapping_add(1));
    Ok(None)
}
