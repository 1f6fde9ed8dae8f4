// SPDX-License-Identifier: GPL-2.0

//! Who has how many of a limited number of places, so that the one with most makes room.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use super::table::Key;

/// The places of each host, the oldest first.
#[derive(Default)]
pub struct Shares {
    hosts: HashMap<IpAddr, BTreeSet<(u64, Key)>>,
    order: BTreeSet<(usize, IpAddr)>,
}

impl Shares {
    pub fn begin(&mut self, client: IpAddr, time: u64, key: Key) {
        self.change(client, |places| places.insert((time, key)));
    }

    pub fn end(&mut self, client: IpAddr, time: u64, key: Key) {
        self.change(client, |places| places.remove(&(time, key)));
    }

    /// The host that makes room for one more of `client`; that itself, if no other has more.
    pub fn loser(&self, client: IpAddr) -> IpAddr {
        let own = host(client);
        let has = self.hosts.get(&own).map_or(0, BTreeSet::len);
        match self.order.last() {
            Some(&(most, other)) if most > has + 1 => other,
            _ => own,
        }
    }

    /// The places of a host.
    pub fn of(&self, host: IpAddr) -> impl Iterator<Item = Key> + '_ {
        let places = self.hosts.get(&host).into_iter().flatten();
        places.map(|&(_, key)| key)
    }

    fn change(&mut self, client: IpAddr, change: impl FnOnce(&mut BTreeSet<(u64, Key)>) -> bool) {
        let host = host(client);
        let places = self.hosts.entry(host).or_default();
        self.order.remove(&(places.len(), host));
        change(places);
        match places.len() {
            0 => drop(self.hosts.remove(&host)),
            count => drop(self.order.insert((count, host))),
        }
    }
}

/// An IPv6 host has its /64 to choose addresses from.
pub fn host(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V6(addr) => IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() >> 64 << 64)),
        addr => addr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // fault: names-4
    #[test]
    fn who_has_most_makes_room() {
        let mut shares = Shares::default();
        let [a, neighbour, b] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|one| one.parse().unwrap());
        assert_eq!(shares.loser(b), b);
        shares.begin(a, 5, 1);
        assert_eq!(shares.loser(b), b);
        shares.begin(neighbour, 4, 2);
        assert_eq!(shares.loser(b), host(a));
        assert_eq!(shares.loser(a), host(a));
        assert_eq!(shares.of(host(a)).collect::<Vec<_>>(), [2, 1]);
        shares.begin(b, 6, 3);
        // one more would be as many
        assert_eq!(shares.loser(b), b);
        shares.end(neighbour, 4, 2);
        assert_eq!(shares.of(host(a)).collect::<Vec<_>>(), [1]);
        shares.end(a, 5, 1);
        shares.end(b, 6, 3);
        assert!(shares.hosts.is_empty() && shares.order.is_empty());
    }
}
