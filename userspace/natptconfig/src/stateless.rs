// SPDX-License-Identifier: GPL-2.0

//! The check that the addresses of a stateless rule, or of a static mapping, fit each other.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::{
    addr::mask,
    eam::{Eam, EamError},
    side::Side,
};
use natpt_netlink::spec::attr::rule;

/// The attribute that is wrong, if one is, and what to do about it.
pub fn check(hosts: Side, v6: (Ipv6Addr, u8), v4: (Ipv4Addr, u8)) -> Result<(), (u16, String)> {
    // What is refused here is refused of addresses under a translation prefix too.
    let Err(why) = Eam::explicit(hosts, v6, v4) else {
        return Ok(());
    };
    let text = why.text();
    Err(match why {
        EamError::Length6 => (rule::FROM_LENGTH, text.into()),
        EamError::Length4 => (rule::TO_LENGTH, text.into()),
        EamError::HostBits6 => (rule::FROM, text.into()),
        EamError::HostBits4 => (rule::TO, text.into()),
        EamError::Suffix => {
            let most = 96 + v4.1;
            let message = format!("{text}: make the length {most} or less");
            (rule::FROM_LENGTH, message)
        }
        EamError::Martian6 | EamError::WellKnown => {
            (rule::FROM, format!("{text}: give addresses of hosts"))
        }
        EamError::Martian4 => (rule::TO, format!("{text}: give addresses of hosts")),
    })
}

/// The same for a static mapping, which has as many IPv4 addresses as IPv6 hosts.
pub fn check_static(
    v6: (Ipv6Addr, u8),
    (addr4, len4): (Ipv4Addr, Option<u8>),
) -> Result<(), (u16, String)> {
    let (addr6, len6) = v6;
    let given4 = len4.unwrap_or(32);
    if len6 == 96 + given4 {
        return check(Side::V6, v6, (addr4, given4));
    }
    Err(match len6 {
        // From /8 on a network has addresses of hosts only, or none.
        104.. => {
            let fitting = len6 - 96;
            let network = Ipv4Addr::from_bits(addr4.to_bits() & mask(len6.into()) as u32);
            let message =
                format!("there must be as many addresses as hosts: write {network}/{fitting}");
            (len4.map_or(rule::TO, |_| rule::TO_LENGTH), message)
        }
        _ => {
            let fitting = 96 + given4;
            let network = Ipv6Addr::from_bits(addr6.to_bits() & mask(fitting.into()));
            let message =
                format!("there must be as many hosts as addresses: write {network}/{fitting}");
            (rule::FROM_LENGTH, message)
        }
    })
}
