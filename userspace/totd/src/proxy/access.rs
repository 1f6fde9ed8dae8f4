// SPDX-License-Identifier: GPL-2.0

//! Limits on how often a client may ask.

use std::collections::HashMap;
use std::net::IpAddr;

use super::shares::host;

/// Clients whose rate is remembered.
const REMEMBERED: usize = 16_384;

/// A token bucket for each client, of one second's worth.
#[derive(Default)]
pub struct RateLimit {
    buckets: HashMap<IpAddr, Bucket>,
}

struct Bucket {
    /// In thousandths of a query.
    tokens: u64,
    filled: u64,
}

impl RateLimit {
    /// True if one more query fits `rate` a second.
    pub fn admits(&mut self, now: u64, client: IpAddr, rate: u32) -> bool {
        if rate == 0 {
            return true;
        }
        let full = u64::from(rate) * 1000;
        let refilled = |bucket: &Bucket| {
            let gained = now.saturating_sub(bucket.filled) * u64::from(rate);
            (bucket.tokens + gained).min(full)
        };
        if self.buckets.len() >= REMEMBERED {
            self.buckets.retain(|_, bucket| refilled(bucket) < full);
            if self.buckets.len() >= REMEMBERED {
                self.buckets.clear();
            }
        }
        let bucket = self.buckets.entry(host(client)).or_insert(Bucket {
            tokens: full,
            filled: now,
        });
        bucket.tokens = refilled(bucket);
        bucket.filled = now;
        match bucket.tokens.checked_sub(1000) {
            Some(left) => {
                bucket.tokens = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate() {
        let mut limit = RateLimit::default();
        let a = "2001:db8::1".parse().unwrap();
        let neighbour = "2001:db8::2".parse().unwrap();
        let other = "192.0.2.1".parse().unwrap();
        let burst = (0..20).filter(|_| limit.admits(0, a, 10)).count();
        assert_eq!(burst, 10);
        assert!(!limit.admits(50, neighbour, 10));
        assert!(limit.admits(50, other, 10));
        assert!(limit.admits(50, "2001:db8:0:1::1".parse().unwrap(), 10));
        assert!(limit.admits(50, "2001:db9::1".parse().unwrap(), 10));
        assert!(limit.admits(150, a, 10));
        assert!(!limit.admits(150, a, 10));
        assert!(limit.admits(150, a, 0));
    }

    #[test]
    fn who_waits_is_remembered_longest() {
        let mut limit = RateLimit::default();
        let other = |host: u32| IpAddr::V4(host.into());
        for host in 1..REMEMBERED as u32 {
            assert!(limit.admits(0, other(host), 1));
        }
        assert!(limit.admits(999, other(0), 1));
        assert_eq!(limit.buckets.len(), REMEMBERED);
        // there is no room, but the others' seconds are over
        assert!(limit.admits(1000, other(u32::MAX), 1));
        assert_eq!(limit.buckets.len(), 2);
        assert!(!limit.admits(1000, other(0), 1));
    }

    #[test]
    fn memory_is_bounded() {
        let mut limit = RateLimit::default();
        for host in 0..100_000u32 {
            limit.admits(0, IpAddr::V4(host.into()), 1);
        }
        assert!(limit.buckets.len() <= REMEMBERED);
    }
}
