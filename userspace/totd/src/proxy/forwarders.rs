// SPDX-License-Identifier: GPL-2.0

//! The choice of a forwarder: the first that is not known to be bad.

use std::net::SocketAddr;

/// Unanswered questions, more than answered ones, that make a forwarder bad.
const BAD: u8 = 3;

#[derive(Default)]
pub struct Forwarders {
    list: Vec<Forwarder>,
    /// Milliseconds until a bad one is asked again.
    retry: u64,
}

struct Forwarder {
    addr: SocketAddr,
    ticks: u8,
    bad_until: u64,
}

impl Forwarders {
    /// Take these forwarders, with what is known of those that stay.
    pub fn configure(&mut self, addrs: &[SocketAddr], retry: u64) {
        let old = std::mem::take(&mut self.list);
        self.retry = retry;
        self.list.extend(addrs.iter().map(|&addr| {
            let known = old.iter().find(|forwarder| forwarder.addr == addr);
            Forwarder {
                addr,
                ticks: known.map_or(0, |forwarder| forwarder.ticks),
                bad_until: known.map_or(0, |forwarder| forwarder.bad_until),
            }
        }));
    }

    /// The forwarder for the `attempt`th try of a question.
    pub fn pick(&mut self, now: u64, attempt: usize) -> Option<SocketAddr> {
        if self.usable(now) == 0 {
            // All bad is no better than all good.
            self.list.iter_mut().for_each(|one| one.ticks = 0);
        }
        let usable = self.usable(now).max(1);
        self.list
            .iter()
            .filter(|one| one.is_usable(now))
            .nth(attempt % usable)
            .map(|one| one.addr)
    }

    pub fn usable(&self, now: u64) -> usize {
        self.list.iter().filter(|one| one.is_usable(now)).count()
    }

    pub fn answered(&mut self, addr: SocketAddr) {
        if let Some(one) = self.list.iter_mut().find(|one| one.addr == addr) {
            one.ticks = one.ticks.saturating_sub(1);
        }
    }

    /// It let a question down that another one answered, or is not there.
    pub fn failed(&mut self, now: u64, addr: SocketAddr) {
        let until = now + self.retry;
        if let Some(one) = self.list.iter_mut().find(|one| one.addr == addr) {
            // One more failure after the rest is enough.
            one.ticks = (one.ticks + 1).min(BAD);
            if one.ticks == BAD {
                one.bad_until = until;
            }
        }
    }

    pub fn has(&self, addr: std::net::IpAddr) -> bool {
        self.list.iter().any(|one| one.addr.ip() == addr)
    }
}

impl Forwarder {
    fn is_usable(&self, now: u64) -> bool {
        self.ticks < BAD || now >= self.bad_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (Forwarders, SocketAddr, SocketAddr) {
        let a = "192.0.2.1:53".parse().unwrap();
        let b = "192.0.2.2:53".parse().unwrap();
        let mut forwarders = Forwarders::default();
        forwarders.configure(&[a, b], 1000);
        (forwarders, a, b)
    }

    #[test]
    fn bad_after_three_and_back_after_retry() {
        let (mut forwarders, a, b) = two();
        for _ in 0..2 {
            forwarders.failed(0, a);
            assert_eq!(forwarders.pick(0, 0), Some(a));
        }
        forwarders.failed(0, a);
        assert_eq!(forwarders.pick(999, 0), Some(b));
        assert_eq!(forwarders.pick(999, 1), Some(b));
        assert_eq!(forwarders.pick(1000, 0), Some(a));
        // still on probation
        forwarders.failed(1000, a);
        assert_eq!(forwarders.pick(1999, 0), Some(b));
        assert_eq!(forwarders.pick(2000, 0), Some(a));
        forwarders.answered(a);
        forwarders.failed(3000, a);
        forwarders.answered(a);
        assert_eq!(forwarders.pick(3000, 0), Some(a));
    }

    #[test]
    fn all_bad_is_all_good() {
        let (mut forwarders, a, b) = two();
        for _ in 0..3 {
            forwarders.failed(0, a);
            forwarders.failed(0, b);
        }
        assert_eq!(forwarders.pick(1, 0), Some(a));
        assert_eq!(forwarders.pick(1, 1), Some(b));
    }

    #[test]
    fn reload_remembers() {
        let (mut forwarders, a, b) = two();
        for _ in 0..3 {
            forwarders.failed(0, a);
        }
        forwarders.configure(&[a, b], 1000);
        assert_eq!(forwarders.pick(1, 0), Some(b));
    }
}
