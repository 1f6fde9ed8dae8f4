// SPDX-License-Identifier: GPL-2.0

//! The network's translation prefix: what the kernel's natpt says, else the DNS (RFC 7050).

use std::net::{IpAddr, ToSocketAddrs};

use natpt_core::discovery::{prefixes, NAME};
use natpt_core::xlate::addr::Prefix;
use natpt_netlink::{spec, Connection, Error};

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
    Ok(prefixes(&answer.collect::<Vec<_>>()).collect())
}
