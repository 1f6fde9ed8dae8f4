// SPDX-License-Identifier: GPL-2.0

//! How static mappings are entries of the table, as long as they have sessions.

use super::{
    config::Config,
    counters::Event,
    events::Happening,
    hash,
    mapping::{BibEntry, Endpoint4, Host},
    place::Place,
    rules::Stateful,
    subscriber::Owner,
    translator::Translator,
};
use crate::{
    linux::{
        rcu,
        table::{Index, Linked},
    },
    xlate::{addr::Prefix, side::Side, tuple::Tuple4, DropReason},
};
use kernel::sync::atomic::ordering;

/// Whom a packet of an IPv4 host is for.
#[derive(Clone, Copy)]
pub(super) enum Target<'a, 'g> {
    /// The host of a mapping.
    Mapping(Linked<'g, BibEntry>),
    /// A host that a static mapping is for, under a prefix.
    Static(&'a Stateful, &'a Prefix, Host),
}

impl Translator {
    /// Whom a packet of an IPv4 host is for that has no session, if sessions may be opened.
    pub(super) fn target4<'a, 'g>(
        &'g self,
        config: &'a Config,
        tuple: &Tuple4,
        proto: u8,
        guard: &'g rcu::Guard,
    ) -> Option<Target<'a, 'g>> {
        if let Some((rule, prefix)) = config.static4(tuple, proto) {
            let (addr, port) = rule.rule.fixed6((tuple.saddr, tuple.sport))?;
            return Some(Target::Static(rule, prefix, Host { addr, port, proto }));
        }
        // Not all peers may be those of a static one.
        let mapping = self.mapping4(tuple, proto, guard)?;
        let may = config.may_open(mapping.rule, mapping.prefix) && !mapping.is_fixed();
        may.then_some(Target::Mapping(mapping))
    }

    /// A host has the port that is the source of the tuple.
    pub(crate) fn has_mapping4(
        &self,
        config: &Config,
        tuple: &Tuple4,
        proto: u8,
        guard: &rcu::Guard,
    ) -> bool {
        let mapping = self.mapping4(tuple, proto, guard);
        mapping.is_some_and(|it| !it.is_fixed()) || config.static4(tuple, proto).is_some()
    }

    /// Some mapping has a port of a pool address.
    pub(super) fn has_port(
        &self,
        (v4, proto): (Endpoint4, u8),
        hash: u32,
        guard: &rcu::Guard,
    ) -> bool {
        let v4 = (v4.addr, v4.port, proto);
        self.mapping_at(v4, hash, guard).is_some()
    }

    /// Opens a static mapping, and reserves its first session, which this side opens.
    #[cold]
    pub(super) fn open_static<'g>(
        &'g self,
        config: &Config,
        rule: &Stateful,
        (host, hash): (Host, u32),
        (owner, prefix): (&Owner, u16),
        opener: Side,
        place: &Place<'_, 'g>,
    ) -> Result<Linked<'g, BibEntry>, DropReason> {
        let v4 = rule.rule.fixed4((host.addr, host.port));
        let (addr, port) = v4.ok_or(DropReason::NoMapping)?;
        let v4 = Endpoint4 { addr, port };
        let hashes = (hash, hash::mapping4(&self.key, addr, port, host.proto));
        // One that ends, of another rule, may have the port yet.
        let has_it = |it: &BibEntry| it.host == host && it.v4 == v4;
        let kept = self.mappings.find(Index::V6, hash, place.guard, has_it);
        if kept.is_some() || self.has_port((v4, host.proto), hashes.1, place.guard) {
            return Err(DropReason::PortTaken);
        }
        let (number, manner) = (rule.id, (rule.rule.filter, rule.rule.refresh));
        let mapping =
            || BibEntry::new(hashes, host, v4, (number, prefix, owner.len), manner).fixed();
        self.reserve_session(place.values, opener)?;
        let mapping = self
            .reserve_mapping(place.values)
            .and_then(|()| {
                let (bh, charging) = (place.bh, place.charging);
                let added = self.mappings.insert(mapping, bh, charging, place.guard);
                Ok(added.inspect_err(|_| self.unreserve_mapping())?)
            })
            .inspect_err(|_| self.unreserve_session())?;
        self.counters.inc(Event::Mapping, 1);
        rule.mappings.add(1, ordering::Relaxed);
        let opened = Happening::MappingOpened(&mapping);
        self.tell(config, opened, place.bh, place.guard);
        Ok(mapping)
    }
}
