// SPDX-License-Identifier: GPL-2.0

//! Which mappings and sessions somebody asks for.

use super::{mapping::BibEntry, session::Session, syns::Syn, translator::Translator};
use crate::{
    linux::{rcu::Guard, table::Linked},
    nat::{rule::Source6, tcp::State},
    xlate::proto,
};
use core::net::Ipv4Addr;

/// What they have to be like, as far as it is given.
#[derive(Clone, Copy, Default)]
pub(crate) struct Filter {
    pub(crate) proto: Option<u8>,
    pub(crate) host: Option<Source6>,
    pub(crate) pool: Option<Ipv4Addr>,
    pub(crate) port: Option<u16>,
    pub(crate) peer: Option<Ipv4Addr>,
    pub(crate) state: Option<State>,
    /// By which mappings know their rule.
    pub(crate) rule: Option<u32>,
    pub(crate) limit: Option<u32>,
}

/// Nothing is wanted of it, or what is there.
fn fits<T: PartialEq>(wanted: Option<T>, is: T) -> bool {
    wanted.is_none_or(|wanted| wanted == is)
}

impl Filter {
    pub(crate) fn has_mapping(&self, mapping: &BibEntry) -> bool {
        fits(self.proto, mapping.host.proto)
            && self.host.is_none_or(|it| it.contains(mapping.host.addr))
            && fits(self.pool, mapping.v4.addr)
            && fits(self.port, mapping.v4.port)
            && fits(self.rule, mapping.rule)
    }

    /// A SYN that waits is a session without a host.
    pub(super) fn has_syn(&self, syn: &Syn) -> bool {
        fits(self.proto, proto::TCP)
            && fits(self.pool, syn.tuple.saddr)
            && fits(self.port, syn.tuple.sport)
            && fits(self.peer, syn.tuple.daddr)
            && fits(self.state, State::V4Init)
            && self.host.is_none()
            && self.rule.is_none()
    }

    pub(crate) fn has_session(&self, it: &Translator, session: &Session, guard: &Guard) -> bool {
        let of_rule = |rule| {
            let mapping: Option<Linked<'_, BibEntry>> = it.mapping_of(session, guard);
            mapping.is_some_and(|mapping| mapping.rule == rule)
        };
        fits(self.proto, session.proto)
            && self.host.is_none_or(|it| it.contains(session.v6.saddr))
            && fits(self.pool, session.v4.saddr)
            && fits(self.port, session.v4.sport)
            && fits(self.peer, session.v4.daddr)
            && fits(self.state, session.state())
            && self.rule.is_none_or(of_rule)
    }
}
