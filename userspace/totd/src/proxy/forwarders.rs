// SPDX-License-Identifier: GPL-2.0

//! The choice of a forwarder: the first that is not known to be bad. What one question meets says
//! nothing: bad is who is silent to everything, to questions of our own too, for some time.

use std::net::{IpAddr, SocketAddr};

/// Silence after which a forwarder is asked whether it is there, time until it is asked again,
/// and silence that makes it bad.
const DOUBT: u64 = 2000;
const AGAIN: u64 = 1000;
const BAD: u64 = 4000;
/// Questions of our own that must have been left without an answer.
const PROBES: u8 = 2;

#[derive(Default)]
pub struct Forwarders {
    list: Vec<Forwarder>,
    /// The longest time between two questions to a bad one, in milliseconds.
    retry: u64,
}

#[derive(Clone)]
struct Forwarder {
    addr: SocketAddr,
    /// Time of the first question after its last answer.
    silent: Option<u64>,
    /// Time of the next question of our own, and how many there were.
    probe: u64,
    probes: u8,
    bad: bool,
}

impl Forwarders {
    /// Take these forwarders, with what is known of those that stay.
    pub fn configure(&mut self, addrs: &[SocketAddr], retry: u64) {
        let old = std::mem::take(&mut self.list);
        self.retry = retry.max(AGAIN);
        self.list.extend(addrs.iter().map(|&addr| {
            let known = old.iter().find(|forwarder| forwarder.addr == addr);
            known.cloned().unwrap_or(Forwarder {
                addr,
                silent: None,
                probe: 0,
                probes: 0,
                bad: false,
            })
        }));
    }

    /// The forwarder for the `attempt`th try of a question, among those that `avoids` leaves.
    pub fn pick(&self, attempt: usize, avoids: impl Fn(SocketAddr) -> bool) -> Option<SocketAddr> {
        // All bad is no better than all good.
        let any = self.usable() > 0;
        let choice = || {
            let usable = self.list.iter().filter(|one| !any || !one.bad);
            usable.map(|one| one.addr).filter(|&addr| !avoids(addr))
        };
        choice().nth(attempt % choice().count().max(1))
    }

    pub fn usable(&self) -> usize {
        self.list.iter().filter(|one| !one.bad).count()
    }

    pub fn asked(&mut self, now: u64, addr: SocketAddr) {
        if let Some(one) = self.list.iter_mut().find(|one| one.addr == addr) {
            if one.silent.is_none() {
                one.silent = Some(now);
                (one.probe, one.probes) = (now + DOUBT, 0);
            }
        }
    }

    /// It was not asked after all.
    pub fn excuse(&mut self, addr: SocketAddr) {
        if let Some(one) = self.list.iter_mut().find(|one| one.addr == addr) {
            one.silent = one.silent.filter(|_| one.bad);
        }
    }

    /// Whatever it said, it is there.
    pub fn answered(&mut self, addr: SocketAddr) {
        if let Some(one) = self.list.iter_mut().find(|one| one.addr == addr) {
            (one.silent, one.bad) = (None, false);
        }
    }

    /// Time when one is to be asked whether it is there; of a single one nobody needs to know.
    pub fn deadline(&self) -> Option<u64> {
        let silent = self.list.iter().filter(|one| one.silent.is_some());
        silent
            .map(|one| one.probe)
            .min()
            .filter(|_| self.list.len() > 1)
    }

    /// Forwarders to be asked now whether they are there.
    pub fn probe(&mut self, now: u64) -> Vec<SocketAddr> {
        let mut due = Vec::new();
        if self.list.len() < 2 {
            return due;
        }
        for one in &mut self.list {
            let Some(silence) = one.silent.map(|since| now.saturating_sub(since)) else {
                continue;
            };
            if now < one.probe {
                continue;
            }
            one.bad |= silence >= BAD && one.probes >= PROBES;
            one.probes = one.probes.saturating_add(1);
            // Seldom, after it has been bad for long.
            let pause = if one.bad { silence } else { AGAIN };
            one.probe = now + pause.min(self.retry);
            due.push(one.addr);
        }
        due
    }

    /// The forwarder on this host.
    pub fn at(&self, host: IpAddr) -> Option<SocketAddr> {
        let mut addrs = self.list.iter().map(|one| one.addr);
        addrs.find(|addr| addr.ip() == host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (Forwarders, SocketAddr, SocketAddr) {
        let a = "192.0.2.1:53".parse().unwrap();
        let b = "192.0.2.2:53".parse().unwrap();
        let mut forwarders = Forwarders::default();
        forwarders.configure(&[a, b], 10_000);
        (forwarders, a, b)
    }

    fn pick(forwarders: &Forwarders, attempt: usize) -> Option<SocketAddr> {
        forwarders.pick(attempt, |_| false)
    }

    /// Times at which `addr` is asked whether it is there, until `end`.
    fn probes(forwarders: &mut Forwarders, end: u64) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(at) = forwarders.deadline().filter(|at| *at <= end) {
            assert_eq!(forwarders.probe(at - 1), []);
            assert_eq!(forwarders.probe(at).len(), 1);
            times.push(at);
        }
        times
    }

    // fault: names-3
    #[test]
    fn silence_to_everything_is_bad_and_one_answer_is_good() {
        let (mut forwarders, a, b) = two();
        assert_eq!(forwarders.deadline(), None);
        forwarders.asked(100, a);
        forwarders.asked(900, a);
        assert_eq!(probes(&mut forwarders, 4000), [2100, 3100]);
        assert_eq!((pick(&forwarders, 0), forwarders.usable()), (Some(a), 2));
        assert_eq!(probes(&mut forwarders, 4100), [4100]);
        assert_eq!(
            (pick(&forwarders, 0), pick(&forwarders, 1)),
            (Some(b), Some(b))
        );
        // less and less often, up to 'retry'
        assert_eq!(
            probes(&mut forwarders, 40_000),
            [8100, 16_100, 26_100, 36_100]
        );
        forwarders.answered(a);
        assert_eq!(
            (pick(&forwarders, 0), forwarders.deadline()),
            (Some(a), None)
        );
    }

    // fault: names-3
    #[test]
    fn nobody_is_bad_who_was_not_asked_by_us() {
        let (mut forwarders, a, _) = two();
        forwarders.asked(0, a);
        // late, as on a busy machine
        assert_eq!(forwarders.probe(60_000), [a]);
        assert_eq!(forwarders.usable(), 2);
    }

    #[test]
    fn all_bad_is_all_good() {
        let (mut forwarders, a, b) = two();
        forwarders.asked(0, a);
        forwarders.asked(0, b);
        for now in [2000, 3000, 4000] {
            assert_eq!(forwarders.probe(now), [a, b]);
        }
        assert_eq!(forwarders.usable(), 0);
        assert_eq!(
            (pick(&forwarders, 0), pick(&forwarders, 1)),
            (Some(a), Some(b))
        );
        assert_eq!(forwarders.pick(0, |addr| addr == a), Some(b));
        assert_eq!(forwarders.pick(0, |_| true), None);
    }

    #[test]
    fn a_single_one_is_not_judged() {
        let mut forwarders = Forwarders::default();
        let a = "192.0.2.1:53".parse().unwrap();
        forwarders.configure(&[a], 1000);
        forwarders.asked(0, a);
        assert_eq!(forwarders.deadline(), None);
        assert_eq!(forwarders.probe(10_000), []);
        assert_eq!(pick(&forwarders, 3), Some(a));
    }

    #[test]
    fn reload_remembers() {
        let (mut forwarders, a, b) = two();
        forwarders.asked(0, a);
        probes(&mut forwarders, 4000);
        forwarders.configure(&[a, b], 1000);
        assert_eq!(pick(&forwarders, 0), Some(b));
    }
}
