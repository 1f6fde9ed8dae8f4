// SPDX-License-Identifier: GPL-2.0
//! The pure code over whole packets: what `src/path` does, less routes, timers and reassembly.

mod config;
mod error;
mod state;
mod stateless;
mod target;
mod v4;
mod v6;

pub use config::Config;
use natpt_core::xlate::Reason;
pub use state::Session;
use state::State;
pub use v6::ID;

use crate::case::{Mtu, Side};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It leaves on the other side.
    Out(Vec<u8>),
    /// It leaves on the side where it came in: a hairpin.
    Turned(Vec<u8>),
    /// It is dropped, with the name of the counter.
    Dropped(&'static str),
    /// The stack drops it before natpt sees it.
    Silent,
    /// It is not natpt's.
    Untouched,
    /// The kernel decides.
    Kernel,
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Outcome {
        Outcome::Dropped(reason.name())
    }
}

/// A translator in the middle of its work.
#[derive(Clone)]
pub struct Host {
    config: Config,
    mtu: Mtu,
    state: State,
}

impl Host {
    /// A translator without any session.
    pub fn new(config: Config, mtu: Mtu) -> Host {
        Host {
            config,
            mtu,
            state: State::default(),
        }
    }

    /// All sessions, in the order in which they were opened.
    pub fn sessions(&self) -> &[Session] {
        &self.state.sessions
    }

    /// Takes a packet that comes in on `side`.
    pub fn packet(&mut self, side: Side, packet: &[u8]) -> Outcome {
        let outcome = match side {
            Side::Six => self.packet6(packet),
            Side::Four => self.packet4(packet),
        };
        outcome.unwrap_or_else(|outcome| outcome)
    }
}
