// SPDX-License-Identifier: GPL-2.0

//! The network's own prefixes (`prefix discover`): those that routers advertise (RFC 8781), or
//! else those that the forwarders' answer about ipv4only.arpa tells (RFC 7050).

use std::net::Ipv6Addr;

use natpt_core::discovery::prefixes;
use natpt_core::xlate::addr::Prefix;

use super::advert;
use crate::wire::{class, rcode, rtype, Malformed, Message, Section};

/// The answer is asked for again so many seconds before it has expired.
const EARLY: u64 = 10;
/// Seconds without a question after there was no answer.
const PAUSE: u64 = 10;
/// Seconds for which no prefix is no prefix, if the answer does not say; and the most it may say.
const ABSENT: u64 = 600;

pub struct Discovery {
    /// Interfaces whose advertisements count; empty: all.
    interfaces: Vec<String>,
    advertised: Vec<Advertised>,
    resolved: Vec<Prefix>,
    /// Time when what was resolved has expired.
    until: u64,
    /// Time to ask; never while the answer is awaited.
    due: u64,
}

struct Advertised {
    /// By whom, and the number of the interface.
    router: Ipv6Addr,
    interface: u32,
    prefix: Prefix,
    until: u64,
}

impl Discovery {
    pub fn new(interfaces: &[String]) -> Self {
        Self {
            interfaces: interfaces.to_vec(),
            advertised: Vec::new(),
            resolved: Vec::new(),
            until: 0,
            due: 0,
        }
    }

    /// Time when something is to be done.
    pub fn deadline(&self) -> u64 {
        let lives = self.advertised.iter().map(|one| one.until);
        match lives.min() {
            Some(until) => until,
            None if self.resolved.is_empty() => self.due,
            None => self.due.min(self.until),
        }
    }

    /// The prefixes of routers, which come before those of name servers (RFC 8781 section 5.1).
    pub fn prefixes(&self) -> Vec<Prefix> {
        let mut all: Vec<Prefix> = self.advertised.iter().map(|one| one.prefix).collect();
        if all.is_empty() {
            all.clone_from(&self.resolved);
        }
        let mut found = Vec::new();
        for prefix in all {
            if !found.contains(&prefix) {
                found.push(prefix);
            }
        }
        found
    }

    pub fn is_on(&self, interfaces: &[String]) -> bool {
        self.interfaces == interfaces
    }

    /// Let the forwarders be asked at once.
    pub fn restart(&mut self) {
        self.due = 0;
    }

    /// Forget what has expired; return whether the forwarders are to be asked.
    pub fn expire(&mut self, now: u64) -> bool {
        self.forget(now);
        let ask = self.advertised.is_empty() && self.due <= now;
        if ask {
            self.due = u64::MAX;
        }
        ask
    }

    fn forget(&mut self, now: u64) {
        self.advertised.retain(|one| now < one.until);
        if now >= self.until {
            self.resolved.clear();
        }
    }

    pub fn advertised(&mut self, now: u64, router: Ipv6Addr, interface: u32, message: &[u8]) {
        for (prefix, lifetime) in advert::prefixes(message) {
            let until = now + 1000 * u64::from(lifetime);
            let known = self
                .advertised
                .iter_mut()
                .find(|one| (one.router, one.interface, one.prefix) == (router, interface, prefix));
            match known {
                Some(known) => known.until = until,
                None => self.advertised.push(Advertised {
                    router,
                    interface,
                    prefix,
                    until,
                }),
            }
        }
        self.forget(now);
    }

    /// Take a forwarder's response.
    pub fn response(&mut self, now: u64, message: &[u8]) {
        if self.read(now, message).is_err() {
            self.missed(now);
        }
    }

    fn read(&mut self, now: u64, message: &[u8]) -> Result<(), Malformed> {
        let answer = Message::parse(message)?;
        let records = answer.all_records()?;
        match answer.header.rcode() {
            rcode::NOERROR | rcode::NXDOMAIN => (),
            _ => return Err(Malformed),
        }
        let told = records.iter().filter(|one| {
            (one.section, one.rtype, one.class) == (Section::Answer, rtype::AAAA, class::IN)
        });
        let addrs = told
            .clone()
            .filter_map(|one| <[u8; 16]>::try_from(one.rdata).ok());
        let addrs: Vec<_> = addrs.map(Ipv6Addr::from).collect();
        self.resolved = prefixes(&addrs).collect();
        let lifetime = if self.resolved.is_empty() {
            let soa = records.iter().find(|one| one.rtype == rtype::SOA);
            let minimum = |rdata: &[u8]| rdata.last_chunk().copied().map(u32::from_be_bytes);
            let absent = soa.and_then(|soa| Some(soa.ttl.min(minimum(soa.rdata)?)));
            absent.map_or(ABSENT, |time| u64::from(time).clamp(1, ABSENT))
        } else {
            told.map(|one| u64::from(one.ttl))
                .min()
                .unwrap_or_default()
                .max(1)
        };
        self.until = now + 1000 * lifetime;
        let again = match self.resolved.is_empty() {
            true => lifetime,
            false => lifetime.saturating_sub(EARLY).max(lifetime.div_ceil(2)),
        };
        self.due = now + 1000 * again;
        Ok(())
    }

    /// There was no answer; what is known already stays until it has expired.
    pub fn missed(&mut self, now: u64) {
        self.due = now + 1000 * PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_expires_though_nobody_answers() {
        let mut discovery = Discovery::new(&[]);
        let known = Prefix::new("2001:db8:64::".parse().unwrap(), 96).unwrap();
        assert_eq!(discovery.deadline(), 0);
        assert!(discovery.expire(0));
        assert_eq!(discovery.deadline(), u64::MAX);
        discovery.resolved = vec![known];
        discovery.until = 600_000;
        discovery.missed(595_000);
        // not when the forwarder is asked again
        assert_eq!(discovery.deadline(), 600_000);
        assert!(!discovery.expire(599_999));
        assert_eq!(discovery.prefixes(), [known]);
        assert!(!discovery.expire(600_000));
        assert_eq!(discovery.prefixes(), []);
        assert_eq!(discovery.deadline(), 605_000);
        assert!(discovery.expire(605_000));
    }
}
