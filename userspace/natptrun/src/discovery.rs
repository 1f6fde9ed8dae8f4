// SPDX-License-Identifier: GPL-2.0

//! The network's translation prefix: what the kernel's natpt says, else the DNS (RFC 7050).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use natpt_core::xlate::addr::{mask, Prefix};
use natpt_netlink::{spec, Connection, Error};

/// The name that has IPv4 addresses only, so that its IPv6 addresses show the prefix. The dot
/// at its end keeps the resolver from trying other names.
const NAME: &str = "ipv4only.arpa.";

/// Its addresses.
const WELL_KNOWN: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];

const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];

pub fn discover() -> Result<Prefix, String> {
    // Without natpt, or with one that may not be asked, the network's is as good.
    if let Some(prefix) = kernel().ok().and_then(|prefixes| prefixes.first().copied()) {
        return Ok(prefix);
    }
    let why = match resolver() {
        Ok(prefixes) => match prefixes.first() {
            Some(prefix) => return Ok(*prefix),
            None => "its name servers make no IPv6 addresses of IPv4 ones".to_owned(),
        },
        Err(why) => format!("ipv4only.arpa: {why}"),
    };
    Err(format!(
        "this network tells no translation prefix ({why}): give one with --prefix"
    ))
}

fn kernel() -> Result<Vec<Prefix>, Error> {
    let prefixes: Vec<spec::Prefix> = Connection::open()?.dump()?;
    Ok(prefixes
        .iter()
        .filter_map(|prefix| Prefix::new(prefix.address?, prefix.length?).ok())
        .collect())
}

fn resolver() -> std::io::Result<Vec<Prefix>> {
    let answer = (NAME, 0)
        .to_socket_addrs()?
        .filter_map(|addr| match addr.ip() {
            IpAddr::V6(addr) => Some(addr),
            IpAddr::V4(_) => None,
        });
    Ok(prefixes(&answer.collect::<Vec<_>>()))
}

/// The prefixes that the IPv6 addresses of the name tell, in their order.
fn prefixes(answer: &[Ipv6Addr]) -> Vec<Prefix> {
    // Both addresses under one prefix leave no doubt, even when the prefix holds one of them.
    let doubtless = |prefix: &Prefix| {
        let told = |v4| {
            answer
                .iter()
                .any(|&addr| place(addr, prefix.len(), v4) == Some(*prefix))
        };
        WELL_KNOWN.into_iter().all(told)
    };
    let mut found: Vec<_> = answer.iter().flat_map(|&addr| places(addr)).collect();
    found.retain(doubtless);
    if found.is_empty() {
        for &addr in answer {
            if let [prefix] = places(addr)[..] {
                found.push(prefix);
            }
        }
    }
    let mut unique = Vec::new();
    for prefix in found {
        if !unique.contains(&prefix) {
            unique.push(prefix);
        }
    }
    unique
}

/// The prefixes under which an address may be one of the name's.
fn places(addr: Ipv6Addr) -> Vec<Prefix> {
    let each = WELL_KNOWN.into_iter();
    each.flat_map(|v4| LENGTHS.iter().filter_map(move |&len| place(addr, len, v4)))
        .collect()
}

/// The prefix of this length, if the address holds the IPv4 address right behind it.
fn place(addr: Ipv6Addr, len: u8, v4: Ipv4Addr) -> Option<Prefix> {
    let start = Ipv6Addr::from_bits(addr.to_bits() & mask(len.into()));
    let prefix = Prefix::new(start, len).ok()?;
    let octet_u = addr.octets()[8];
    (prefix.extract(addr) == v4 && (octet_u == 0 || len == 96)).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(addr: &str, len: u8) -> Prefix {
        Prefix::new(addr.parse().unwrap(), len).unwrap()
    }

    /// The answer of a DNS64 under these prefixes.
    fn answer(prefixes: &[Prefix]) -> Vec<Ipv6Addr> {
        let each = prefixes.iter();
        each.flat_map(|prefix| WELL_KNOWN.map(|v4| prefix.embed(v4)))
            .collect()
    }

    // req: F-066
    #[test]
    fn six_lengths_and_either_address() {
        for len in LENGTHS {
            let start: Ipv6Addr = "2001:db8:122:344::".parse().unwrap();
            let start = Ipv6Addr::from_bits(start.to_bits() & mask(len.into()));
            let prefix = Prefix::new(start, len).unwrap();
            assert_eq!(prefixes(&answer(&[prefix])), [prefix]);
            for v4 in WELL_KNOWN {
                assert_eq!(prefixes(&[prefix.embed(v4)]), [prefix]);
            }
        }
    }

    // req: F-067
    #[test]
    fn a_prefix_that_holds_the_address_itself() {
        for (addr, len) in [("2001:db8:c000:aa::", 96), ("2001:db8:0:c000:0:aa00::", 96)] {
            let prefix = prefix(addr, len);
            assert_eq!(prefixes(&answer(&[prefix])), [prefix]);
            // with the one address alone nobody can tell
            assert_eq!(prefixes(&[prefix.embed(WELL_KNOWN[0])]), []);
        }
    }

    #[test]
    fn real_addresses_tell_nothing() {
        let real = ["2001:db8::1", "::ffff:192.0.0.170", "fe80::c000:aa"];
        assert_eq!(prefixes(&real.map(|addr| addr.parse().unwrap())), []);
        assert_eq!(prefixes(&[]), []);
    }

    // req: F-068
    #[test]
    fn several_prefixes_in_their_order() {
        let several = [prefix("64:ff9b::", 96), prefix("2001:db8:64::", 48)];
        assert_eq!(prefixes(&answer(&several)), several);
    }
}
