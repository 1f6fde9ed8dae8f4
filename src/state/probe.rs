// SPDX-License-Identifier: GPL-2.0

//! Probes: what asks a host whether its end of a connection is still there.

use super::{counters::Event, session::Session, translator::Translator};
use crate::{
    linux::{
        family::V6,
        hooks::Socket,
        rcu,
        route::{Flow, Route, Sender},
    },
    nat::probe,
    xlate::proto,
};

impl Translator {
    /// Send a probe to the host of a session. Where that fails, the session has its time all the
    /// same.
    #[cold]
    pub(super) fn probe(&self, session: &Session, guard: &rcu::Guard) {
        let tuple = session.v6.inverted();
        let Some(mut skb) = session.to6.own_packet(&probe::packet(&tuple), guard) else {
            return;
        };
        let ([s0, s1], [d0, d1]) = (tuple.sport.to_be_bytes(), tuple.dport.to_be_bytes());
        let flow = Flow {
            saddr: tuple.saddr,
            daddr: tuple.daddr,
            tos: 0,
            proto: proto::TCP,
            selector: [s0, s1, d0, d1],
        };
        let Ok(route) = Route::<V6>::look_up(&self.net, &skb, &flow, &Sender::NOBODY, guard) else {
            return;
        };
        skb.untrack();
        self.counters.inc(Event::Probe, 1);
        let dst = route.borrow(guard);
        dst.local_out(&self.net, skb, Socket::NONE);
    }
}
