// SPDX-License-Identifier: GPL-2.0

//! What decisions about a packet ask of configuration, sessions and the kernel.

use super::{ctx::Ctx, egress::Recall};
use crate::{
    linux::{
        family::{Family, V4, V6},
        route::{native4, native6},
        skb::{Skb, Spoof},
        sys,
    },
    nat::{
        border::check_source,
        options::{Id, Values},
        world::{Key, Known, World},
    },
    state::rules::Stateful,
    xlate::{
        addr::Prefix,
        addresses::{Addresses, Addrs},
        icmp, ipv4, l4, proto,
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};
use core::net::{Ipv4Addr, Ipv6Addr};

impl<'g> Ctx<'g> {
    /// Fails where IPsec policy does not let the packet be forwarded, in the family that it is of.
    #[inline]
    fn policy<F: Family>(&self, skb: &Skb<F>) -> Result<(), DropReason> {
        if self.is_own() || self.inverted {
            return Ok(());
        }
        let ingress = skb.ingress();
        match ingress.is_none_or(|it| it.policy_ok(self.net, self.guard)) {
            true => Ok(()),
            false => Err(DropReason::IpsecPolicy),
        }
    }

    /// As [`check_source`] for packets of a session, which remembers the answer.
    #[cold]
    fn source_of_session(&self, skb: &Skb<V4>, recall: Recall<'g, V6>) -> Result<(), DropReason> {
        if self.is_own() || self.inverted {
            return Ok(());
        }
        let session = recall.session;
        let stamp = skb
            .ingress()
            .map_or(0, |it| it.source_stamp(self.net, self.guard));
        if stamp == 0 || stamp != session.source() {
            check_source(self, skb, session.v4.inverted().addrs())?;
            session.know_source(stamp);
        }
        Ok(())
    }
}

/// The packet is the answer to a ping.
fn is_echo_reply(skb: &Skb<V4>) -> bool {
    let header_len = ipv4::Header::read(skb.linear()).map_or(0, |ip| ip.header_len);
    skb.linear().get(usize::from(header_len)) == Some(&icmp::v4::ECHO_REPLY)
}

impl<'g> World for Ctx<'g> {
    type Packet6 = Skb<V6>;
    type Packet4 = Skb<V4>;
    type Rule<'a>
        = &'a Stateful
    where
        Self: 'a;
    type To4 = Recall<'g, V4>;
    type To6 = Recall<'g, V6>;

    #[inline(always)]
    fn options(&self) -> &Values {
        &self.config.values
    }

    #[inline(always)]
    fn addresses(&self) -> Addresses<'_> {
        self.config.addresses()
    }

    #[inline(always)]
    fn is_stateless(&self) -> bool {
        self.config.is_stateless()
    }

    fn is_stateful(&self) -> bool {
        self.config.is_stateful()
    }

    fn has_hosts6(&self) -> bool {
        self.config.has_hosts6()
    }

    #[inline(always)]
    fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.config.prefix_of(addr)
    }

    #[inline(always)]
    fn is_pool(&self, addr: Ipv4Addr) -> bool {
        self.config.is_pool(addr)
    }

    #[inline(always)]
    fn rule(&self, tuple: &Tuple6, proto: u8) -> Option<&Stateful> {
        self.config.rule_for(tuple, proto)
    }

    fn error_source(&self) -> Option<Ipv4Addr> {
        let source = self.option(Id::ErrorSource);
        let host = u32::MAX.checked_shr(self.option(Id::ErrorSourceLength));
        let host = host.unwrap_or(0);
        (source != 0).then(|| Ipv4Addr::from_bits(source & !host | sys::random() & host))
    }

    #[inline(always)]
    fn hash6(&self, tuple: &Tuple6, proto: u8) -> u32 {
        self.translator.hash6(tuple, proto)
    }

    #[inline(always)]
    fn hash4(&self, tuple: &Tuple4, proto: u8) -> u32 {
        self.translator.hash4(tuple, proto)
    }

    #[inline(always)]
    fn known6(
        &self,
        skb: &Skb<V6>,
        key: &Key<Tuple6>,
    ) -> Result<Option<Known<Ipv4Addr, Recall<'g, V4>>>, DropReason> {
        let Some(session) = self.translator.find6(key, self.guard) else {
            return Ok(None);
        };
        let recall = Recall::of(self, skb, session, key.tos);
        if !recall.is_cached() {
            self.policy(skb)?;
        }
        let alive = self
            .translator
            .advance(self.config, session, Side::V6, key.flags, self.guard);
        Ok(alive.then(|| (session.to_v4(), recall)))
    }

    fn open6(
        &self,
        key: &Key<Tuple6>,
        rule: Option<&Stateful>,
    ) -> Result<Option<Known<Ipv4Addr, Recall<'g, V4>>>, DropReason> {
        let session = self.translator.open6(self.config, key, rule, self.guard)?;
        Ok(session.map(|session| (session.to_v4(), Recall::none(session, key.tos))))
    }

    #[inline(always)]
    fn known4(
        &self,
        skb: &Skb<V4>,
        key: &Key<Tuple4>,
    ) -> Result<Option<Known<Ipv6Addr, Recall<'g, V6>>>, DropReason> {
        let Some(session) = self.translator.find4(key, self.guard) else {
            return Ok(None);
        };
        let recall = Recall::of(self, skb, session, key.tos);
        if !recall.is_cached() {
            self.source_of_session(skb, recall)?;
            self.policy(skb)?;
        }
        let alive = self
            .translator
            .advance(self.config, session, Side::V4, key.flags, self.guard);
        Ok(alive.then(|| (session.to_v6(), recall)))
    }

    fn open4(
        &self,
        key: &Key<Tuple4>,
    ) -> Result<Option<Known<Ipv6Addr, Recall<'g, V6>>>, DropReason> {
        let session = self.translator.open4(self.config, key, self.guard)?;
        Ok(session.map(|session| (session.to_v6(), Recall::none(session, key.tos))))
    }

    fn has_mapping4(&self, tuple: &Tuple4, proto: u8) -> bool {
        self.translator
            .has_mapping4(self.config, tuple, proto, self.guard)
    }

    fn takes(&self, addr: Ipv4Addr, proto: u8) -> bool {
        self.config.takes(addr, proto)
    }

    fn is_taken4(&self, skb: &Skb<V4>, tuple: &Tuple4, proto: u8) -> bool {
        if self.is_own() || self.inverted {
            return false;
        }
        // Where conntrack is given our packets it knows them all.
        if !self.is_tracked() && skb.is_known4() {
            return true;
        }
        skb.is_local4(self.net, tuple.saddr, self.guard)
            && match proto {
                // The box asked for it, or nobody.
                proto::ICMP => is_echo_reply(skb),
                _ if l4::is_other(proto) => true,
                _ => {
                    let (peer, pool) = ((tuple.daddr, tuple.dport), (tuple.saddr, tuple.sport));
                    // What a static mapping has is for its host, whoever listens there, too.
                    match self.config.static4(tuple, proto) {
                        Some(_) => {
                            sys::has_conversation4(self.net, peer, pool, proto, self.guard)
                                || sys::has_connection4(self.net, peer, pool, proto, self.guard)
                        }
                        None => sys::has_socket4(self.net, peer, pool, proto, self.guard),
                    }
                }
            }
    }

    fn session6(&self, tuple: &Tuple6, proto: u8) -> Option<Tuple4> {
        let key = Key::plain(*tuple, proto, self.hash6(tuple, proto));
        Some(self.translator.find6(&key, self.guard)?.v4)
    }

    fn session4(&self, tuple: &Tuple4, proto: u8) -> Option<Tuple6> {
        let key = Key::plain(*tuple, proto, self.hash4(tuple, proto));
        Some(self.translator.find4(&key, self.guard)?.v6)
    }

    #[inline(always)]
    fn is_own(&self) -> bool {
        Ctx::is_own(self)
    }

    #[inline(always)]
    fn is_inverted(&self) -> bool {
        self.inverted
    }

    fn is_local6(&self, addr: Ipv6Addr) -> bool {
        sys::is_local6(self.net, addr)
    }

    fn is_local4(&self, skb: &Skb<V4>, addr: Ipv4Addr) -> bool {
        skb.is_local4(self.net, addr, self.guard)
    }

    fn is_proxy(&self, skb: &Skb<V6>) -> bool {
        skb.ingress()
            .is_some_and(|it| it.is_proxied(self.net, self.guard))
    }

    #[inline(always)]
    fn native6(&self, skb: &Skb<V6>, addrs: Addrs<Ipv6Addr>) -> Option<u8> {
        match self.translator.may_be_native() {
            true => native6(self.net, skb, (addrs.saddr, addrs.daddr), self.guard),
            false => None,
        }
    }

    fn native4(&self, skb: &Skb<V4>, daddr: Ipv4Addr) -> Option<u8> {
        native4(self.net, skb, daddr, self.guard)
    }

    fn policy6(&self, skb: &Skb<V6>) -> Result<(), DropReason> {
        self.policy(skb)
    }

    fn policy4(&self, skb: &Skb<V4>) -> Result<(), DropReason> {
        self.policy(skb)
    }

    fn source4(&self, skb: &Skb<V4>, addrs: Addrs<Ipv4Addr>) -> Result<(), DropReason> {
        let Some(ingress) = skb.ingress() else {
            return Ok(());
        };
        match ingress.source(self.net, (addrs.saddr, addrs.daddr), self.guard) {
            Ok(()) => Ok(()),
            Err(Spoof::Martian) => Err(DropReason::MartianSource),
            Err(Spoof::ReversePath) => Err(DropReason::ReversePath),
            Err(Spoof::Memory) => Err(DropReason::NoMemory),
        }
    }
}
