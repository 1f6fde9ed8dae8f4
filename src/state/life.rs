// SPDX-License-Identifier: GPL-2.0

//! How long a session lives: its state and its last packet, changed as one.

use crate::{
    linux::{once::read_once, sys},
    nat::{
        options::{Id, Values},
        rule::Refresh,
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
    /// The host is to be asked whether its end of the connection is still there.
    wants_probe: bool,
    /// An IPv4 host opened it, and has not been heard of since the IPv6 host answered: it may have
    /// forged its address.
    is_half: bool,
    /// Whose packets count, but for TCP.
    pub(crate) refresh: Refresh,
}

/// One step in a session's life.
pub(crate) struct Change {
    before: Moment,
    pub(crate) after: Moment,
}

impl Change {
    /// Return true if it is to be looked at sooner than before.
    pub(crate) fn hastens(&self, proto: u8, values: &Values) -> bool {
        let [before, after] = [self.before, self.after].map(|life| life.due(proto, values));
        sys::is_before(after, before)
    }
}

/// The bits of the word for what is true or not.
const OVER: u64 = 1 << 40;
const PROBE: u64 = 1 << 41;
const OUTBOUND: u64 = 1 << 42;
const HALF: u64 = 1 << 43;

/// Jiffies between a reset and the probe, so that they do not pass each other.
const PROBE_AFTER: u32 = 2 * sys::hz();

/// Seconds for which a session is not given up, so that it may be answered.
const ANSWER_TIME: u32 = 4;

/// Seconds without a packet after which one without a connection may be given up.
const IDLE_TIME: u32 = 60;

/// What a session is worth that may be given up; the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Nobody has ever answered, or its opener was never heard of again.
    Unanswered,
    /// Its connection was closed or reset.
    Closing,
    /// It is not used.
    Idle,
}

/// What is to be done with a session that was looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing.
    Lives,
    /// Its host is to be sent a probe.
    Probe,
    /// It is to be taken out of the table.
    Over,
}

impl Moment {
    /// The life that goes on in a state, after a packet at this time.
    const fn on(self, state: State, used: u32) -> Self {
        Self {
            state,
            used,
            is_over: false,
            wants_probe: false,
            is_half: false,
            refresh: self.refresh,
        }
    }

    #[inline(always)]
    fn unpack(word: u64) -> Self {
        Self {
            state: State::from_u8((word >> 32) as u8).unwrap_or(State::None),
            used: word as u32,
            is_over: word & OVER != 0,
            wants_probe: word & PROBE != 0,
            is_half: word & HALF != 0,
            refresh: match word & OUTBOUND != 0 {
                true => Refresh::Outbound,
                false => Refresh::Both,
            },
        }
    }

    #[inline(always)]
    const fn pack(self) -> u64 {
        let over = if self.is_over { OVER } else { 0 };
        let probe = if self.wants_probe { PROBE } else { 0 };
        let half = if self.is_half { HALF } else { 0 };
        let outbound = match self.refresh {
            Refresh::Outbound => OUTBOUND,
            Refresh::Both => 0,
        };
        over | probe | half | outbound | (self.state as u64) << 32 | self.used as u64
    }

    /// How soon it may go when there is no room for others; never, if not at all.
    pub(crate) fn worth(self, proto: u8, now: u32) -> Option<Worth> {
        let idle = self.idle(now) / sys::hz().max(1);
        match self.state {
            _ if self.is_over => None,
            _ if self.is_half => (idle >= ANSWER_TIME).then_some(Worth::Unanswered),
            // A reset may have been forged: the host is asked first, and may answer.
            State::Trans if self.wants_probe => None,
            State::V6Init | State::V4Init => (idle >= ANSWER_TIME).then_some(Worth::Unanswered),
            State::V6FinV4FinRcv | State::Trans => (idle >= ANSWER_TIME).then_some(Worth::Closing),
            _ if proto == proto::TCP => None,
            _ => (idle >= IDLE_TIME).then_some(Worth::Idle),
        }
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
            proto::ICMP => Id::IcmpTimeout,
            _ => Id::OtherTimeout,
        });
        seconds.saturating_mul(sys::hz())
    }

    /// When it is to be looked at if there is no packet before, in jiffies.
    #[inline]
    pub(crate) fn due(self, proto: u8, values: &Values) -> u32 {
        let span = match (self.span(proto, values), self.wants_probe) {
            (span, true) => span.min(PROBE_AFTER),
            (span, false) => span,
        };
        self.used.wrapping_add(span).wrapping_add(1)
    }

    fn is_late(self, proto: u8, values: &Values, now: u32) -> bool {
        self.is_over || self.idle(now) > self.span(proto, values)
    }

    /// What follows when its time is over: the end, if nothing.
    fn last_chance(self, proto: u8) -> Option<tcp::Step> {
        match proto {
            proto::TCP if !self.is_over => tcp::timeout(self.state),
            _ => None,
        }
    }

    /// The life after a look at it, if that changes it.
    fn looked_at(self, proto: u8, values: &Values, now: u32) -> Option<Self> {
        if !self.is_late(proto, values, now) {
            let is_due = self.idle(now) > PROBE_AFTER;
            return (self.wants_probe && is_due).then_some(self.on(self.state, now));
        }
        Some(match self.last_chance(proto) {
            Some(step) => self.on(step.state, now),
            None => Self {
                is_over: true,
                ..self
            },
        })
    }

    /// The life after a packet.
    fn after(self, side: Side, flags: Option<tcp::Flags>, now: u32) -> Self {
        // See `idle`.
        let used = self.used.wrapping_add(self.idle(now));
        let is_answer = self.state == State::V4Init || self.is_half;
        let Some(flags) = flags else {
            let state = match self.state == State::opened_by(side) {
                true => self.state,
                false => State::Established,
            };
            let used = match (self.refresh, side) {
                (Refresh::Outbound, Side::V4) => self.used,
                _ => used,
            };
            return Self {
                is_half: is_answer && side == Side::V6,
                ..self.on(state, used)
            };
        };
        let step = tcp::next(self.state, side, flags);
        match step.timer {
            Timer::Keep => Self {
                state: step.state,
                ..self
            },
            Timer::Trans | Timer::Est => Self {
                is_half: is_answer
                    && step.state == State::Established
                    && (side == Side::V6 || flags.opens()),
                ..self.on(step.state, used)
            },
            Timer::Probe => Self {
                wants_probe: true,
                ..self.on(step.state, used)
            },
        }
    }
}

impl Life {
    pub(crate) const fn new(state: State, used: u32, refresh: Refresh) -> Self {
        let first = Moment {
            state,
            used,
            is_over: false,
            wants_probe: false,
            is_half: false,
            refresh,
        };
        Self(Atomic::new(first.pack()))
    }

    #[inline(always)]
    pub(crate) fn read(&self) -> Moment {
        Moment::unpack(read_once(&self.0))
    }

    /// Return true if a packet changes nothing that is worth a note.
    #[inline(always)]
    pub(crate) fn is_current(&self, (side, flags): (Side, Option<tcp::Flags>), now: u32) -> bool {
        let life = self.read();
        let is_back = life.is_half && side == Side::V4;
        let changes = is_back
            || match flags {
                Some(flags) => !flags.is_data() || life.state != State::Established,
                None => life.state != State::Established && life.state != State::opened_by(side),
            };
        // Most packets follow within a second, which is no time, and change nothing: CPUs do not
        // fight for the line.
        now.wrapping_sub(life.used) < sys::hz() && !life.is_over && !changes
    }

    /// Take note of a packet. Return what it was and has become, unless the packet came too late.
    pub(crate) fn advance(
        &self,
        proto: u8,
        values: &Values,
        (side, flags): (Side, Option<tcp::Flags>),
        now: u32,
    ) -> Option<Change> {
        let next = |life: Moment| match life.is_late(proto, values, now) {
            true if life.last_chance(proto).is_none() => None,
            _ => Some(life.after(side, flags, now)),
        };
        self.change(next)
    }

    /// Look at it: its time may be over, or it may be time for a probe.
    pub(crate) fn look(&self, proto: u8, values: &Values, now: u32) -> Fate {
        match self.change(|life| life.looked_at(proto, values, now)) {
            None => Fate::Lives,
            Some(life) if life.after.is_over => Fate::Over,
            Some(_) => Fate::Probe,
        }
    }

    /// End it to make room for others, if it may be.
    pub(crate) fn give_up(&self, proto: u8, now: u32) -> Option<Worth> {
        let worth = self.read().worth(proto, now)?;
        self.change(|life| {
            let is_same = life.worth(proto, now) == Some(worth);
            is_same.then_some(Moment {
                is_over: true,
                ..life
            })
        })?;
        Some(worth)
    }

    /// End it, whatever its time. Return false if somebody else has.
    pub(crate) fn end(&self) -> bool {
        let over = |life: Moment| Moment {
            is_over: true,
            ..life
        };
        self.change(|life| (!life.is_over).then_some(over(life)))
            .is_some()
    }

    /// Change it in one step, unless there is nothing to change it to.
    fn change(&self, to: impl Fn(Moment) -> Option<Moment>) -> Option<Change> {
        let mut old = read_once(&self.0);
        loop {
            let before = Moment::unpack(old);
            let after = to(before)?;
            let change = Change { before, after };
            // What stays as it is is not written, lest CPUs fight for the line.
            let word = after.pack();
            if word == old {
                return Some(change);
            }
            match self.0.cmpxchg(old, word, ordering::Relaxed) {
                Ok(_) => return Some(change),
                Err(other) => old = other,
            }
        }
    }
}
