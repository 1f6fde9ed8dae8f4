// SPDX-License-Identifier: GPL-2.0

//! Where a packet is.

use crate::{
    linux::{hooks::Socket, pernet::Net, rcu},
    nat::options::Id,
    state::{config::Config, translator::Translator},
    xlate::header::TtlAction,
};
use core::net::Ipv4Addr;

/// Where a packet comes from.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    /// Another host: we are a router on its way.
    Network,
    /// This host, for the socket that the hook names.
    Own(Socket),
}

/// Where a packet is. It lives as long as the RCU section of the hook.
#[derive(Clone, Copy)]
pub(super) struct Ctx<'g> {
    pub(super) translator: &'g Translator,
    pub(super) config: &'g Config,
    pub(super) net: &'g Net,
    pub(super) origin: Origin,
    /// The packet was of the other family a moment ago and goes back: there and back is one hop.
    pub(super) inverted: bool,
    pub(super) guard: &'g rcu::Guard,
}

impl<'g> Ctx<'g> {
    #[inline(always)]
    pub(super) fn new(
        translator: &'g Translator,
        net: &'g Net,
        origin: Origin,
        guard: &'g rcu::Guard,
    ) -> Self {
        Self {
            translator,
            config: translator.config.read(guard),
            net,
            origin,
            inverted: false,
            guard,
        }
    }

    /// The place of a packet that goes back.
    pub(super) fn inverted(&self) -> Self {
        Self {
            inverted: true,
            ..*self
        }
    }

    /// The packet is one of this host's sockets.
    #[inline(always)]
    pub(super) fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Own(_))
    }

    /// The value of an option.
    #[inline(always)]
    pub(super) fn option(&self, id: Id) -> u32 {
        self.config.values.get(id)
    }

    /// The option is on.
    #[inline(always)]
    pub(super) fn has(&self, id: Id) -> bool {
        self.option(id) != 0
    }

    /// The type of service that replaces the traffic class, if one does.
    #[inline(always)]
    pub(super) fn tos(&self) -> Option<u8> {
        self.has(Id::IgnoreTrafficClass)
            .then(|| self.option(Id::Tos) as u8)
    }

    /// The traffic class that replaces the type of service, if one does.
    #[inline(always)]
    pub(super) fn traffic_class(&self) -> Option<u8> {
        self.has(Id::ZeroTrafficClass).then_some(0)
    }

    /// Conntrack sees packets of ours.
    #[inline(always)]
    pub(super) fn is_tracked(&self) -> bool {
        self.has(Id::Conntrack)
    }

    /// Sessions may keep the routes of packets from here.
    #[inline(always)]
    pub(super) fn caches_routes(&self) -> bool {
        !self.is_own() && !self.inverted && !self.is_tracked()
    }

    /// Return what translation does to the TTL: it is a hop, or none for own and inverted packets.
    #[inline(always)]
    pub(super) fn hop(&self) -> TtlAction {
        match self.is_own() || self.inverted {
            false => TtlAction::Count,
            true => TtlAction::Keep,
        }
    }

    /// Packets to an IPv4 address, were they to arrive, would be ours: they go back to IPv6 at
    /// once. Those of this host meet a hook on their way.
    pub(super) fn is_hairpin(&self, daddr: Ipv4Addr) -> bool {
        !self.is_own()
            && !self.inverted
            && (self.config.is_pool(daddr) || self.config.addresses().is_hairpin(daddr))
    }
}
