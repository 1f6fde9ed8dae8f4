// SPDX-License-Identifier: GPL-2.0
//! TCP states of a session (RFC 6146 section 3.5.2.2).

use natpt_core::{
    nat::tcp::{
        next, timeout, Flags,
        State::{self, *},
        Step,
        Timer::{self, *},
    },
    xlate::side::Side::{self, V4, V6},
};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

const STATES: [State; 8] = [
    State::None,
    V6Init,
    V4Init,
    Established,
    V6FinRcv,
    V4FinRcv,
    V6FinV4FinRcv,
    State::Trans,
];

fn row(state: State, side: Side, flags: u8, new: State, timer: Timer) {
    let step = Step { state: new, timer };
    assert_eq!(next(state, side, Flags::new(flags)), step);
}

#[test]
fn closed_and_v6_syn() {
    // req: D-049
    row(State::None, V6, SYN, V6Init, Timer::Trans);
}

#[test]
fn closed_and_v4_syn() {
    // req: D-053
    row(State::None, V4, SYN, V4Init, Timer::Trans);
}

#[test]
fn closed_and_other() {
    // req: D-054
    for side in [V6, V4] {
        for flags in [0, ACK, FIN, FIN | ACK, RST, RST | ACK] {
            row(State::None, side, flags, State::None, Keep);
        }
    }
}

#[test]
fn v4_init() {
    // req: D-056 D-058
    row(V4Init, V6, SYN, Established, Est);
    row(V4Init, V6, SYN | ACK, Established, Est);
    for flags in [SYN, ACK, FIN, RST, 0] {
        row(V4Init, V4, flags, V4Init, Keep);
    }
    row(V4Init, V6, RST | ACK, V4Init, Keep);
}

#[test]
fn v6_init() {
    // req: D-059 D-061 D-062
    row(V6Init, V4, SYN | ACK, Established, Est);
    row(V6Init, V4, SYN, Established, Est);
    row(V6Init, V6, SYN, V6Init, Timer::Trans);
    for flags in [ACK, FIN, RST, RST | ACK, 0] {
        row(V6Init, V4, flags, V6Init, Keep);
        row(V6Init, V6, flags, V6Init, Keep);
    }
}

#[test]
fn established_and_fin() {
    // req: D-063 D-064
    row(Established, V4, FIN | ACK, V4FinRcv, Est);
    row(Established, V6, FIN | ACK, V6FinRcv, Est);
}

#[test]
fn established_and_rst() {
    // req: D-065
    row(Established, V4, RST, State::Trans, Timer::Probe);
    row(Established, V6, RST | ACK, State::Trans, Timer::Probe);
}

#[test]
fn established_and_other() {
    // req: D-066
    for flags in [ACK, 0x18, 0, SYN, SYN | ACK] {
        row(Established, V4, flags, Established, Est);
        row(Established, V6, flags, Established, Est);
    }
}

#[test]
fn v4_fin_rcv() {
    // req: D-069 D-070
    row(V4FinRcv, V6, FIN | ACK, V6FinV4FinRcv, Timer::Trans);
    for flags in [ACK, 0, SYN] {
        row(V4FinRcv, V6, flags, V4FinRcv, Est);
        row(V4FinRcv, V4, flags, V4FinRcv, Est);
    }
    row(V4FinRcv, V4, FIN | ACK, V4FinRcv, Est);
}

#[test]
fn v6_fin_rcv() {
    // req: D-072 D-073
    row(V6FinRcv, V4, FIN | ACK, V6FinV4FinRcv, Timer::Trans);
    for flags in [ACK, 0, SYN] {
        row(V6FinRcv, V6, flags, V6FinRcv, Est);
        row(V6FinRcv, V4, flags, V6FinRcv, Est);
    }
    row(V6FinRcv, V6, FIN | ACK, V6FinRcv, Est);
}

#[test]
fn both_fins_let_the_timer_run() {
    // req: D-075
    for flags in [ACK, FIN | ACK, RST, 0, SYN | ACK] {
        row(V6FinV4FinRcv, V6, flags, V6FinV4FinRcv, Keep);
        row(V6FinV4FinRcv, V4, flags, V6FinV4FinRcv, Keep);
    }
}

#[test]
fn trans() {
    // req: D-077 D-078
    for side in [V6, V4] {
        for flags in [ACK, SYN | ACK, FIN, 0] {
            row(State::Trans, side, flags, Established, Est);
        }
        row(State::Trans, side, RST, State::Trans, Keep);
        row(State::Trans, side, RST | ACK, State::Trans, Keep);
    }
}

#[test]
fn rst_ends_half_closed_sessions() {
    // req: D-080
    for state in [V6FinRcv, V4FinRcv] {
        row(state, V6, RST, State::Trans, Timer::Probe);
        row(state, V4, RST, State::Trans, Timer::Probe);
    }
}

#[test]
fn ports_are_used_again() {
    // req: D-083
    row(V6FinV4FinRcv, V6, SYN, V6Init, Timer::Trans);
    row(V6FinV4FinRcv, V4, SYN, V4Init, Timer::Trans);
    row(State::Trans, V6, SYN, State::Trans, Timer::Trans);
    row(State::Trans, V4, SYN, State::Trans, Timer::Probe);
}

#[test]
fn every_combination_of_flags() {
    // req: D-082
    for state in STATES {
        for side in [V6, V4] {
            for byte in 0..=255 {
                let step = next(state, side, Flags::new(byte));
                let without_psh_urg = next(state, side, Flags::new(byte & 0x17));
                assert_eq!(step, without_psh_urg);
                if byte & RST != 0 {
                    // A reset never opens, revives or refreshes anything.
                    assert!(
                        step.timer != Est && (step.state == state || step.state == State::Trans)
                    );
                } else if byte & (SYN | FIN) == SYN | FIN {
                    assert_eq!(step, next(state, side, Flags::new(ACK)));
                }
            }
        }
    }
}

#[test]
fn timeouts() {
    // req: D-067 D-060 D-071 D-074 D-076 D-079
    for state in STATES {
        let step = Step {
            state: State::Trans,
            timer: Timer::Trans,
        };
        assert_eq!(timeout(state), (state == Established).then_some(step));
    }
}

#[test]
fn a_whole_connection() {
    let mut state = State::None;
    let mut timers = Vec::new();
    for (side, flags) in [
        (V6, SYN),
        (V4, SYN | ACK),
        (V6, ACK),
        (V4, ACK),
        (V6, FIN | ACK),
        (V4, ACK),
        (V4, FIN | ACK),
        (V6, ACK),
    ] {
        let step = next(state, side, Flags::new(flags));
        state = step.state;
        timers.push(step.timer);
    }
    assert_eq!(state, V6FinV4FinRcv);
    let expect = [Timer::Trans, Est, Est, Est, Est, Est, Timer::Trans, Keep];
    assert_eq!(timers, expect);
}

#[test]
fn numbers_are_those_of_the_netlink_family() {
    for (number, state) in (0..).zip(STATES) {
        assert_eq!(state as u8, number);
        assert_eq!(State::from_u8(number), Some(state));
    }
    assert_eq!(State::from_u8(8), Option::None);
}

#[test]
fn which_segments_may_change_a_state() {
    for byte in 0..=255 {
        let flags = Flags::new(byte);
        assert_eq!(flags.is_data(), byte & 0x07 == 0);
        assert_eq!(flags.opens(), byte & 0x17 == SYN);
        if flags.is_data() {
            assert_eq!(next(Established, V4, flags).state, Established);
        }
    }
}
