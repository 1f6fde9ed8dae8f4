// SPDX-License-Identifier: GPL-2.0

//! How long a session lives: its state and its last packet, changed as one.

use crate::{
    linux::{once::read_once, sys},
    nat::{
        options::{Id, Values},
        tcp::{self, State, Timer},
    },
    xlate::{proto, side::Side},
};
use kernel::sync::atomic::{ordering, Atomic};

/// State and last packet of a session. Two CPUs that see packets of one session change it one after
/// the other, so that neither is lost.
pub(crate) struct Life(Atomic<u64>);

/// What a session has come to.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) state: State,
    /// Jiffies at the last packet that counts.
    used: u32,
    /// It was taken out of the table, or is about to be.
    is_over: bool,
}

/// The bit of the word that tells that it is over.
const OVER: u64 = 1 << 40;

impl Moment {
    const fn new(state: State, used: u32) -> Self {
        Self {
            state,
            used,
            is_over: false,
        }
    }

    #[inline(always)]
    fn unpack(word: u64) -> Self {
        Self {
            state: State::from_u8((word >> 32) as u8).unwrap_or(State::None),
            used: word as u32,
            is_over: word & OVER != 0,
        }
    }

    #[inline(always)]
    fn pack(self) -> u64 {
        let over = if self.is_over { OVER } else { 0 };
        over | u64::from(self.state as u8) << 32 | u64::from(self.used)
    }

    /// Jiffies since the last packet that counts.
    #[inline(always)]
    pub(crate) fn idle(self, now: u32) -> u32 {
        match now.wrapping_sub(self.used) {
            // A clock read before the last packet of another CPU is not an age.
            idle if idle > u32::MAX / 2 => 0,
            idle => idle,
        }
    }

    /// Jiffies for which a session of this protocol lives without a packet.
    pub(crate) fn span(self, proto: u8, values: &Values) -> u32 {
        let seconds = values.get(match proto {
            proto::UDP => Id::UdpTimeout,
            proto::TCP => match self.state {
                State::Established | State::V6FinRcv | State::V4FinRcv => Id::TcpEstTimeout,
                State::V6Init | State::V4Init => Id::TcpSynTimeout,
                _ => Id::TcpTransTimeout,
            },
            _ => Id::IcmpTimeout,
        });
        seconds.saturating_mul(sys::hz())
    }

    fn is_over(self, proto: u8, values: &Values, now: u32) -> bool {
        self.is_over || self.idle(now) > self.span(proto, values)
    }

    /// The life after a packet.
    fn after(self, side: Side, flags: Option<tcp::Flags>, now: u32) -> Self {
        // See `idle`.
        let used = self.used.wrapping_add(self.idle(now));
        let Some(flags) = flags else {
            return Self::new(self.state, used);
        };
        let step = tcp::next(self.state, side, flags);
        match step.timer {
            Timer::Keep => Self::new(step.state, self.used),
            Timer::Trans | Timer::Est => Self::new(step.state, used),
        }
    }
}

impl Life {
    pub(crate) const fn new(state: State, now: u32) -> Self {
        Self(Atomic::new((state as u64) << 32 | now as u64))
    }

    #[inline(always)]
    pub(crate) fn read(&self) -> Moment {
        Moment::unpack(read_once(&self.0))
    }

    /// Take note of a packet. Return false if it came too late.
    #[inline(always)]
    pub(crate) fn advance(
        &self,
        proto: u8,
        values: &Values,
        (side, flags): (Side, Option<tcp::Flags>),
        now: u32,
    ) -> bool {
        let life = self.read();
        let changes = |flags: tcp::Flags| !flags.is_data() || life.state != State::Established;
        // Most packets follow within a second, which is no time, and change nothing: CPUs do not
        // fight for the line.
        if now.wrapping_sub(life.used) < sys::hz() && !life.is_over && !flags.is_some_and(changes) {
            return true;
        }
        self.step(proto, values, (side, flags), now)
    }

    #[inline(never)]
    fn step(
        &self,
        proto: u8,
        values: &Values,
        (side, flags): (Side, Option<tcp::Flags>),
        now: u32,
    ) -> bool {
        self.change(|life| match life.is_over(proto, values, now) {
            true => None,
            false => Some(life.after(side, flags, now)),
        })
    }

    /// End the session if its time is over. Return true if it is to be taken out of the table.
    pub(crate) fn end(&self, proto: u8, values: &Values, now: u32) -> bool {
        self.change(|life| {
            life.is_over(proto, values, now).then_some(Moment {
                is_over: true,
                ..life
            })
        })
    }

    /// Change it in one step, unless there is nothing to change it to.
    fn change(&self, to: impl Fn(Moment) -> Option<Moment>) -> bool {
        let mut old = read_once(&self.0);
        while let Some(new) = to(Moment::unpack(old)) {
            match self.0.cmpxchg(old, new.pack(), ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => old = other,
            }
        }
        false
    }
}
