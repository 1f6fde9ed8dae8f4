// SPDX-License-Identifier: GPL-2.0

//! Pool addresses that are the box's own: hosts get fewer ports there, where a rule names none.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};

use natpt_core::nat::port::beside_sockets;

/// Ports that the box's sockets get.
const LOCAL_PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Linux's default.
const USUAL: (u16, u16) = (32768, 60999);

pub struct Own {
    /// First and last port that TCP and UDP have.
    ports: (u16, u16),
    /// Each address is looked at once.
    known: HashMap<Ipv4Addr, bool>,
}

impl Own {
    pub fn new() -> Self {
        let text = fs::read_to_string(LOCAL_PORTS).unwrap_or_default();
        Self {
            ports: beside_sockets(local_ports(&text).unwrap_or(USUAL)),
            known: HashMap::new(),
        }
    }

    /// The ports that TCP and UDP have of an address, if it is an own one.
    pub fn ports(&mut self, addr: Ipv4Addr) -> Option<(u16, u16)> {
        let is_own = *self.known.entry(addr).or_insert_with(|| is_own(addr));
        is_own.then_some(self.ports)
    }
}

/// What the box sends to an address of its own comes from there. Nothing is sent.
fn is_own(addr: Ipv4Addr) -> bool {
    let source = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((addr, 9))?;
        socket.local_addr()
    });
    source.is_ok_and(|source| source.ip() == addr)
}

/// `32768 60999`
fn local_ports(text: &str) -> Option<(u16, u16)> {
    let mut words = text.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_sockets() {
        assert_eq!(local_ports("32768\t60999\n"), Some((32768, 60999)));
        for text in ["", "1", "x 2", "1 65536"] {
            assert_eq!(local_ports(text), None);
        }
    }

    #[test]
    fn own_addresses() {
        assert!(is_own(Ipv4Addr::LOCALHOST));
        assert!(!is_own(Ipv4Addr::new(192, 0, 2, 77)));
    }
}
