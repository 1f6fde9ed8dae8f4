// SPDX-License-Identifier: GPL-2.0
//! The TCP states of a session (RFC 6146 section 3.5.2.2).

use crate::xlate::{l4, proto, side::Side};

/// State of a session, numbered as `session-state` of the netlink family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// No session yet (CLOSED).
    None = 0,
    /// The IPv6 side has sent a SYN, or with another protocol anything.
    V6Init = 1,
    /// The IPv4 side has.
    V4Init = 2,
    /// Both sides have.
    Established = 3,
    /// The IPv6 side has sent a FIN.
    V6FinRcv = 4,
    /// The IPv4 side has sent a FIN.
    V4FinRcv = 5,
    /// Both sides have.
    V6FinV4FinRcv = 6,
    /// Ends soon unless traffic revives it.
    Trans = 7,
}

/// The TCP flags that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    const FIN: u8 = 0x01;
    const SYN: u8 = 0x02;
    const RST: u8 = 0x04;
    const ACK: u8 = 0x10;

    /// Takes the flags byte of a TCP header.
    #[inline]
    pub const fn new(byte: u8) -> Flags {
        Flags(byte)
    }

    /// Reads the flags of a TCP header; other protocols have none.
    #[inline]
    pub fn read(protocol: u8, transport: &[u8]) -> Option<Flags> {
        match protocol {
            proto::TCP => l4::tcp_flags(transport).map(Flags::new),
            _ => None,
        }
    }

    /// Return true if the segment opens a connection: a SYN without ACK, FIN and RST.
    #[inline]
    pub const fn opens(self) -> bool {
        self.0 & (Flags::SYN | Flags::ACK | Flags::FIN | Flags::RST) == Flags::SYN
    }

    /// Return true if the segment changes no state of an established session.
    #[inline]
    pub const fn is_data(self) -> bool {
        self.0 & (Flags::SYN | Flags::FIN | Flags::RST) == 0
    }

    /// RST counts before all; SYN with FIN is nonsense and counts as data.
    #[inline]
    const fn event(self) -> Event {
        match (
            self.0 & Flags::RST != 0,
            self.0 & Flags::SYN != 0,
            self.0 & Flags::FIN != 0,
        ) {
            (true, _, _) => Event::Rst,
            (false, true, false) => Event::Syn,
            (false, false, true) => Event::Fin,
            _ => Event::Other,
        }
    }
}

#[derive(Clone, Copy)]
enum Event {
    Syn,
    Fin,
    Rst,
    Other,
}

/// The change to a session's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// It runs on.
    Keep,
    /// It starts anew with the transitory time.
    Trans,
    /// It starts anew with the established time.
    Est,
    /// It starts anew with the transitory time, and soon the host is asked whether its end of the
    /// connection is still there.
    Probe,
}

/// The effect of a segment on a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The new state.
    pub state: State,
    /// The change to the timer.
    pub timer: Timer,
}

/// Return the effect of a segment from `side` on a session in `state`.
#[inline]
pub const fn next(state: State, side: Side, flags: Flags) -> Step {
    let (state, timer) = match (state, side, flags.event()) {
        (State::None, Side::V6, Event::Syn) => (State::V6Init, Timer::Trans),
        (State::None, Side::V4, Event::Syn) => (State::V4Init, Timer::Trans),
        (State::V6Init, Side::V6, Event::Syn) => (State::V6Init, Timer::Trans),
        (State::V6Init, Side::V4, Event::Syn) => (State::Established, Timer::Est),
        (State::V4Init, Side::V6, Event::Syn) => (State::Established, Timer::Est),
        (State::None | State::V6Init | State::V4Init, _, _) => (state, Timer::Keep),

        // A reset may be forged: the session ends only if no traffic follows, not even an answer to
        // a probe. RFC 7857 section 2.2 wants the same of half-closed sessions.
        (State::Established | State::V6FinRcv | State::V4FinRcv, _, Event::Rst) => {
            (State::Trans, Timer::Probe)
        }
        (State::Established, Side::V6, Event::Fin) => (State::V6FinRcv, Timer::Est),
        (State::Established, Side::V4, Event::Fin) => (State::V4FinRcv, Timer::Est),
        (State::V4FinRcv, Side::V6, Event::Fin) => (State::V6FinV4FinRcv, Timer::Trans),
        (State::V6FinRcv, Side::V4, Event::Fin) => (State::V6FinV4FinRcv, Timer::Trans),
        (State::Established | State::V6FinRcv | State::V4FinRcv, _, _) => (state, Timer::Est),

        // Either side uses the ports again while the old connection is in TIME-WAIT.
        (State::V6FinV4FinRcv, Side::V6, Event::Syn) if flags.opens() => {
            (State::V6Init, Timer::Trans)
        }
        (State::V6FinV4FinRcv, Side::V4, Event::Syn) if flags.opens() => {
            (State::V4Init, Timer::Trans)
        }
        // The same after a reset; that may have been forged, and a SYN of the IPv4 side too, so that
        // any answer makes it an established session.
        (State::Trans, Side::V6, Event::Syn) if flags.opens() => (state, Timer::Trans),
        (State::Trans, Side::V4, Event::Syn) if flags.opens() => (state, Timer::Probe),
        (State::V6FinV4FinRcv, _, _) | (State::Trans, _, Event::Rst) => (state, Timer::Keep),
        (State::Trans, _, _) => (State::Established, Timer::Est),
    };
    Step { state, timer }
}

/// Return the effect of the end of its timer on a session; `None` means that it is deleted. An
/// established one is probed and gets one more transitory time.
#[inline]
pub const fn timeout(state: State) -> Option<Step> {
    match state {
        State::Established => Some(Step {
            state: State::Trans,
            timer: Timer::Trans,
        }),
        _ => None,
    }
}

impl State {
    /// The state of a session that a packet of this side opened and the other has not answered.
    #[inline]
    pub const fn opened_by(side: Side) -> State {
        match side {
            Side::V6 => State::V6Init,
            Side::V4 => State::V4Init,
        }
    }

    /// The state with this number.
    pub const fn from_u8(number: u8) -> Option<State> {
        Some(match number {
            0 => State::None,
            1 => State::V6Init,
            2 => State::V4Init,
            3 => State::Established,
            4 => State::V6FinRcv,
            5 => State::V4FinRcv,
            6 => State::V6FinV4FinRcv,
            7 => State::Trans,
            _ => return None,
        })
    }
}
