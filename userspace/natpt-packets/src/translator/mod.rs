// SPDX-License-Identifier: GPL-2.0
//! The module's own decisions and plans over whole packets, without routes, timers and reassembly.

mod config;
mod outcome;
mod state;
mod surroundings;
mod write;

use std::cell::RefCell;

pub use config::Config;
use natpt_core::{
    nat::{
        decision::{Decision, Lookup},
        error::{self, ErrorTo4},
        v4, v6,
        world::World,
    },
    xlate::{ipv4, ipv6, to4::Headers, DropReason},
};
pub use outcome::{Outcome, ID};
pub use state::Session;
use state::State;
use surroundings::{Bytes, Surroundings};

use crate::case::{Mtu, Side};

/// A translator in the middle of its work.
#[derive(Clone)]
pub struct Translator {
    config: Config,
    mtu: Mtu,
    state: RefCell<State>,
}

impl Translator {
    /// A translator without any session.
    pub fn new(config: Config, mtu: Mtu) -> Translator {
        Translator {
            config,
            mtu,
            state: RefCell::default(),
        }
    }

    /// All sessions, in the order in which they were opened.
    pub fn sessions(&self) -> Vec<Session> {
        self.state.borrow().sessions.clone()
    }

    /// Take a packet that comes in on `side`.
    pub fn packet(&mut self, side: Side, packet: &[u8]) -> Outcome {
        let outcome = match side {
            Side::Six => self.packet6(packet),
            Side::Four => match ipv4::Header::parse(packet) {
                Ok(ip) => match packet.get(..ip.total_len.into()) {
                    Some(packet) => self.packet4(packet, false),
                    None => Ok(Outcome::Silent),
                },
                Err(_) => Ok(Outcome::Silent),
            },
        };
        outcome.unwrap_or_else(Outcome::from)
    }

    /// Tell whether the module keeps the rest of the box off a packet that comes in on `side`, and whether
    /// off a fragment before its others are there.
    pub fn claims(&self, side: Side, packet: &[u8]) -> (bool, bool) {
        let w = self.surroundings(false);
        let bytes = &mut Bytes(packet);
        match side {
            Side::Six => (v6::claims(&w, bytes), v6::claims_fragment(&w, bytes)),
            Side::Four => {
                let ip = ipv4::Header::read(packet);
                let for_pool = ip.is_ok_and(|ip| w.is_pool(ip.daddr));
                let piece = v4::claims_fragment(&w, bytes);
                (v4::claims(&w, bytes, for_pool), piece)
            }
        }
    }

    fn surroundings(&self, inverted: bool) -> Surroundings<'_> {
        Surroundings {
            config: &self.config,
            state: &self.state,
            inverted,
        }
    }

    fn packet6(&self, packet: &[u8]) -> Result<Outcome, DropReason> {
        let Ok(ip) = ipv6::Header::parse(packet) else {
            return Ok(Outcome::Silent);
        };
        let Some(packet) = packet.get(..ipv6::LEN + usize::from(ip.payload_len)) else {
            return Ok(Outcome::Silent);
        };
        // The stack refuses these at once.
        if ip.saddr.is_multicast() || ip.saddr.is_loopback() {
            return Ok(Outcome::Silent);
        }
        let addresses = self.config.addresses();
        if self.config.prefix_of(ip.daddr).is_none() && addresses.eam6(ip.daddr).is_none() {
            return Ok(Outcome::Untouched);
        }
        let w = self.surroundings(false);
        let bytes = &mut Bytes(packet);
        let from = v6::headers(bytes)?;
        let decision = match v6::look_up(&w, bytes, &from) {
            Lookup::Known((to, session)) => Decision::Translate(to, Some(session)),
            Lookup::New(key) => v6::open(&w, bytes, &from.ip, &key)?,
            Lookup::Other => v6::decide(&w, bytes, &from)?,
        };
        match decision {
            Decision::Pass | Decision::Unclaimed | Decision::Solicitation => Ok(Outcome::Untouched),
            Decision::Defrag | Decision::Split => Ok(Outcome::Kernel),
            Decision::Hold(_, reason) => Err(reason),
            Decision::Error => match error::decide6(&w, bytes, &from)? {
                error::Decision::Translate(error) => self.error4(&w, &from, &error),
                _ => Ok(Outcome::Untouched),
            },
            Decision::Translate(to, _) if self.is_hairpin(to.daddr) => {
                match write::to_v4(&w, packet, &from, &to, None)? {
                    Outcome::Out(packet) => self.turn_back(&packet),
                    outcome => Ok(outcome),
                }
            }
            Decision::Translate(to, _) => write::to_v4(&w, packet, &from, &to, Some(self.mtu.four)),
        }
    }

    fn packet4(&self, packet: &[u8], inverted: bool) -> Result<Outcome, DropReason> {
        let ip = ipv4::Header::read(packet)?;
        let for_pool = self.config.rules.iter().any(|rule| rule.pool == ip.daddr);
        if !for_pool && !self.config.is_stateless() {
            return Ok(Outcome::Untouched);
        }
        let w = self.surroundings(inverted);
        let bytes = &mut Bytes(packet);
        let look = match for_pool {
            true => v4::look_up(&w, bytes, &ip),
            false => Lookup::Other,
        };
        let decision = match look {
            Lookup::Known((to, session)) => Decision::Translate(to, Some(session)),
            Lookup::New(key) => v4::open(&w, bytes, &ip, &key)?,
            Lookup::Other => v4::decide(&w, bytes, &ip, for_pool)?,
        };
        match decision {
            Decision::Pass | Decision::Unclaimed | Decision::Solicitation => Ok(Outcome::Untouched),
            Decision::Defrag | Decision::Split => Ok(Outcome::Kernel),
            Decision::Hold(_, reason) => Err(reason),
            Decision::Error => match error::decide4(&w, bytes, &ip)? {
                error::Decision::Translate(error) => {
                    write::error6(&w, &ip, &error, self.mtu).map(Outcome::Out)
                }
                _ => Ok(Outcome::Untouched),
            },
            Decision::Translate(to, _) => write::to_v6(&w, packet, &ip, &to, self.mtu.six),
        }
    }

    fn error4(
        &self,
        w: &Surroundings<'_>,
        from: &Headers,
        error: &ErrorTo4<'_>,
    ) -> Result<Outcome, DropReason> {
        let (new, packet) = write::error4(w, from, error, self.mtu)?;
        match error.is_hairpin || self.is_hairpin(new.daddr) {
            true => self.turn_back(&packet),
            false => Ok(Outcome::Out(packet)),
        }
    }

    /// IPv4 packets to this address go back to IPv6 at once.
    fn is_hairpin(&self, daddr: std::net::Ipv4Addr) -> bool {
        let mut rules = self.config.rules.iter();
        rules.any(|rule| rule.pool == daddr) || self.config.addresses().is_hairpin(daddr)
    }

    /// The second half of a hairpin.
    fn turn_back(&self, packet: &[u8]) -> Result<Outcome, DropReason> {
        Ok(match self.packet4(packet, true)? {
            Outcome::Out(packet) => Outcome::Turned(packet),
            // There is no route that leads elsewhere.
            Outcome::Untouched => DropReason::NoRoute.into(),
            outcome => outcome,
        })
    }
}
