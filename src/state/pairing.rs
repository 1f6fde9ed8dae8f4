// SPDX-License-Identifier: GPL-2.0

//! Which address of its rule's pool a host gets: the same for all its ports and protocols, as long as
//! it has some (RFC 4787 REQ-2, RFC 6888 REQ-2).

use super::{
    config::Config, mapping::Host, place::Place, pool::Pool, rules::Stateful, statics::Statics,
    subscriber::Owner, translator::Translator,
};
use crate::{
    linux::{
        bh::BhGuard,
        once::{read_once, write_once},
        rcu,
    },
    xlate::{l4, DropReason},
};
use core::{iter, net::Ipv4Addr};
use kernel::{prelude::*, sync::Arc};

/// Most addresses that are asked for a port.
const TRIES: u32 = 8;
/// Most addresses that are looked at for that.
const LOOKS: usize = 64;

impl Translator {
    /// Takes a port for a host, of a rule with several pools, or with blocks of ports.
    #[cold]
    pub(super) fn take_of_several<'a>(
        &self,
        config: &'a Config,
        rule: &Stateful,
        (host, owner): (Host, &Owner),
        place: &Place<'_, '_>,
    ) -> Result<Option<(&'a Arc<Pool>, u16)>, DropReason> {
        // Those whose ports stay take none.
        if !l4::has_pool_ports(host.proto) {
            return Ok(None);
        }
        let statics = &config.statics;
        let take = |pool: &Pool, ports| {
            let wanted = ((host.proto, host.port), place.peer);
            let means = (place.bh, place.charging);
            let (net, ports) = (&self.net, (ports, statics));
            pool.take(net, ports, wanted, place.values, means, place.guard)
        };
        if let Some(block) = rule.rule.block_of(host.addr) {
            let pool = config.pool(block.addr);
            let pool = pool.ok_or(DropReason::PortsExhausted)?;
            return Ok(take(pool, Some(block.ports))?.map(|port| (pool, port)));
        }
        self.take_paired(
            (rule, config.pools.of(&rule.rule.to), statics),
            (owner, host.proto),
            |pool| take(pool, rule.rule.ports),
            (place.bh, place.guard),
        )
    }

    /// Takes a port, by `take`, of one of the pools of a rule for a host, who has something open
    /// already: of the address that it has, or else of the one that its own address stands for, or of
    /// some other that has a port.
    fn take_paired<'a>(
        &self,
        (rule, pools, statics): (&Stateful, &'a [Arc<Pool>], &Statics),
        (owner, proto): (&Owner, u8),
        take: impl Fn(&Pool) -> Result<Option<u16>>,
        (bh, guard): (&BhGuard, &rcu::Guard),
    ) -> Result<Option<(&'a Arc<Pool>, u16)>, DropReason> {
        let host = self.subscribers.of(&self.key, owner, guard);
        let host = host.ok_or(DropReason::NoMapping)?;
        let range = &rule.rule.to;
        let take_of = |addr: Ipv4Addr| {
            let place = addr.to_bits().wrapping_sub(range.first.to_bits());
            let Some(pool) = pools.get(place as usize) else {
                return Ok(None);
            };
            Ok(take(pool)?.map(|port| (pool, port)))
        };
        if let Some(addr) = host.pool(range) {
            return take_of(addr);
        }
        // Who comes next goes on where the last one has ended: no search is long, and together they see
        // all addresses.
        let spare = read_once(&rule.spare) as usize;
        let others = (0..pools.len()).map(|n| spare.wrapping_add(n));
        let first = owner.share_of(pools.len());
        let places = Iterator::chain(iter::once(first), others);
        let mut tries = 0;
        for (_, place) in (0..LOOKS).zip(places) {
            let place = place.checked_rem(pools.len()).unwrap_or(0);
            let Some(pool) = pools.get(place) else {
                break;
            };
            if place != first {
                write_once(&rule.spare, place as u32);
            }
            // No place for others is where a static mapping has all.
            if statics.has_all(pool.addr, proto) {
                continue;
            }
            let Some(port) = take(pool)? else {
                tries = u32::wrapping_add(tries, 1);
                if tries == TRIES {
                    break;
                }
                continue;
            };
            let chosen = host.pair(pool.addr, range);
            if chosen == pool.addr {
                return Ok(Some((pool, port)));
            }
            // Another CPU was faster.
            pool.give(proto, port, bh);
            return take_of(chosen);
        }
        write_once(&rule.spare, read_once(&rule.spare).wrapping_add(1));
        Ok(None)
    }

    /// The address of a rule that a host gets a port of if there is one.
    #[cold]
    pub(super) fn address_for(
        &self,
        rule: &Stateful,
        owner: &Owner,
        guard: &rcu::Guard,
    ) -> Ipv4Addr {
        if let Some(block) = rule.rule.block_of(owner.addr()) {
            return block.addr;
        }
        let range = rule.rule.to;
        let host = self.subscribers.of(&self.key, owner, guard);
        let first = range
            .first
            .to_bits()
            .wrapping_add(owner.share_of(range.count() as usize) as u32);
        let pool = host.and_then(|it| it.pool(&range));
        pool.unwrap_or(Ipv4Addr::from_bits(first))
    }
}
