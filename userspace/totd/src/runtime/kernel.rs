// SPDX-License-Identifier: GPL-2.0

//! The kernel's knowledge: the module's prefixes, and the networks on this box's links.

use std::net::IpAddr;

use daemon::net::Net;
use natpt_core::xlate::addr::Prefix;
use natpt_netlink::{spec, Connection, Error};
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;

/// The prefixes of the kernel module; none if it is not loaded.
#[derive(Default)]
pub struct Kernel {
    connection: Option<Connection>,
}

impl Kernel {
    pub fn prefixes(&mut self) -> Result<Vec<Prefix>, Error> {
        let answer = self.query();
        // The module may have been loaded anew, under another family number.
        if answer.is_err() {
            self.connection = None;
        }
        match answer {
            Err(Error::NotLoaded) => Ok(Vec::new()),
            answer => answer,
        }
    }

    fn query(&mut self) -> Result<Vec<Prefix>, Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open()?),
        };
        let prefixes: Vec<spec::Prefix> = connection.dump()?;
        Ok(prefixes
            .iter()
            .filter_map(|prefix| Prefix::new(prefix.address?, prefix.length?).ok())
            .collect())
    }
}

/// The networks of this box's own addresses.
pub fn links() -> Vec<Net> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    interfaces
        .filter_map(|one| {
            let addr = ip(&one.address?)?;
            let len = match ip(&one.netmask?)? {
                IpAddr::V4(mask) => mask.to_bits().leading_ones(),
                IpAddr::V6(mask) => mask.to_bits().leading_ones(),
            };
            Net::new(addr, len as u8)
        })
        .collect()
}

fn ip(addr: &SockaddrStorage) -> Option<IpAddr> {
    if let Some(addr) = addr.as_sockaddr_in() {
        return Some(IpAddr::V4(addr.ip()));
    }
    let addr = addr.as_sockaddr_in6()?;
    Some(IpAddr::V6(addr.ip()))
}
