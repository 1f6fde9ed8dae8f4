// SPDX-License-Identifier: GPL-2.0
//! What decisions ask of their surroundings, here: no routes, no policies, no other hosts.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, Ipv6Addr},
};

use natpt_core::{
    nat::{
        options::{Id, Values},
        world::{Key, Known, World},
    },
    xlate::{
        addr::Prefix,
        addresses::{Addresses, Addrs},
        l4,
        packet::Packet,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};

use super::{
    config::{Config, Rule},
    state::State,
};

/// A packet: all of its bytes.
pub struct Bytes<'a>(pub &'a [u8]);

impl Packet for Bytes<'_> {
    fn linear(&self) -> &[u8] {
        self.0
    }

    fn total_len(&self) -> u32 {
        self.0.len() as u32
    }

    fn pull(&mut self, len: usize) -> bool {
        len <= self.0.len()
    }
}

/// The surroundings of a packet.
pub struct Surroundings<'a> {
    pub config: &'a Config,
    pub state: &'a RefCell<State>,
    /// The packet goes back to the family that it came in.
    pub inverted: bool,
}

impl<'a> World for Surroundings<'a> {
    type Packet6 = Bytes<'a>;
    type Packet4 = Bytes<'a>;
    type Rule<'b>
        = Rule
    where
        Self: 'b;
    type To4 = ();
    type To6 = ();

    fn options(&self) -> &Values {
        &self.config.values
    }

    fn addresses(&self) -> Addresses<'_> {
        self.config.addresses()
    }

    fn is_stateless(&self) -> bool {
        self.config.is_stateless()
    }

    fn is_stateful(&self) -> bool {
        !self.config.rules.is_empty()
    }

    fn has_hosts6(&self) -> bool {
        self.addresses().has_hosts6()
    }

    fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.config.prefix_of(addr)
    }

    fn is_pool(&self, addr: Ipv4Addr) -> bool {
        self.config.rules.iter().any(|rule| rule.pool == addr)
    }

    fn rule(&self, tuple: &Tuple6, proto: u8) -> Option<Rule> {
        match l4::is_other(proto) {
            true => None,
            false => self.config.rule_for(tuple.saddr),
        }
    }

    fn error_source(&self) -> Option<Ipv4Addr> {
        match self.config.values.get(Id::ErrorSource) {
            0 => None,
            source => Some(Ipv4Addr::from_bits(source)),
        }
    }

    fn hash6(&self, _: &Tuple6, _: u8) -> u32 {
        0
    }

    fn hash4(&self, _: &Tuple4, _: u8) -> u32 {
        0
    }

    fn known6(
        &self,
        _: &Bytes<'a>,
        key: &Key<Tuple6>,
    ) -> Result<Option<Known<Ipv4Addr, ()>>, DropReason> {
        let session = self.state.borrow().find6(&key.tuple, key.proto);
        Ok(session.map(|session| (session.to_v4(), ())))
    }

    fn open6(
        &self,
        key: &Key<Tuple6>,
        rule: Option<Rule>,
    ) -> Result<Option<Known<Ipv4Addr, ()>>, DropReason> {
        let session = self.state.borrow_mut().open6(self.config, key, rule)?;
        Ok(session.map(|session| (session.to_v4(), ())))
    }

    fn known4(
        &self,
        _: &Bytes<'a>,
        key: &Key<Tuple4>,
    ) -> Result<Option<Known<Ipv6Addr, ()>>, DropReason> {
        let session = self.state.borrow().find4(&key.tuple, key.proto);
        Ok(session.map(|session| (session.to_v6(), ())))
    }

    fn open4(&self, key: &Key<Tuple4>) -> Result<Option<Known<Ipv6Addr, ()>>, DropReason> {
        let session = self.state.borrow_mut().open4(self.config, key)?;
        Ok(session.map(|session| (session.to_v6(), ())))
    }

    fn has_mapping4(&self, tuple: &Tuple4, proto: u8) -> bool {
        self.state.borrow().has_mapping4(tuple, proto)
    }

    fn takes(&self, _: Ipv4Addr, proto: u8) -> bool {
        !l4::is_other(proto)
    }

    fn is_taken4(&self, _: &Self::Packet4, _: &Tuple4, _: u8) -> bool {
        false
    }

    fn session6(&self, tuple: &Tuple6, proto: u8) -> Option<Tuple4> {
        Some(self.state.borrow().find6(tuple, proto)?.v4)
    }

    fn session4(&self, tuple: &Tuple4, proto: u8) -> Option<Tuple6> {
        Some(self.state.borrow().find4(tuple, proto)?.v6)
    }

    fn is_own(&self) -> bool {
        false
    }

    fn is_inverted(&self) -> bool {
        self.inverted
    }

    fn is_local6(&self, _: Ipv6Addr) -> bool {
        false
    }

    fn is_local4(&self, _: &Bytes<'a>, _: Ipv4Addr) -> bool {
        false
    }

    fn is_proxy(&self, _: &Bytes<'a>) -> bool {
        false
    }

    fn native6(&self, _: &Bytes<'a>, _: Addrs<Ipv6Addr>) -> Option<u8> {
        None
    }

    fn native4(&self, _: &Bytes<'a>, _: Ipv4Addr) -> Option<u8> {
        None
    }

    fn policy6(&self, _: &Bytes<'a>) -> Result<(), DropReason> {
        Ok(())
    }

    fn policy4(&self, _: &Bytes<'a>) -> Result<(), DropReason> {
        Ok(())
    }

    fn source4(&self, _: &Bytes<'a>, _: Addrs<Ipv4Addr>) -> Result<(), DropReason> {
        Ok(())
    }
}
