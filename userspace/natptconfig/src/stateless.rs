// SPDX-License-Identifier: GPL-2.0

//! The check that the addresses of a stateless rule fit each other.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::eam::{Hosts, Mapping, MappingError};
use natpt_netlink::spec::attr::rule;

/// The attribute that is wrong, if one is, and what to do about it.
pub fn check(hosts: Hosts, v6: (Ipv6Addr, u8), v4: (Ipv4Addr, u8)) -> Result<(), (u16, String)> {
    // What is refused here is refused of addresses under a translation prefix too.
    let Err(why) = Mapping::explicit(hosts, v6, v4) else {
        return Ok(());
    };
    let text = why.text();
    Err(match why {
        MappingError::Length6 => (rule::FROM_LENGTH, text.into()),
        MappingError::Length4 => (rule::TO_LENGTH, text.into()),
        MappingError::HostBits6 => (rule::FROM, text.into()),
        MappingError::HostBits4 => (rule::TO, text.into()),
        MappingError::Suffix => {
            let most = 96 + v4.1;
            let message = format!("{text}: make the length {most} or less");
            (rule::FROM_LENGTH, message)
        }
        MappingError::Martian6 | MappingError::WellKnown => {
            (rule::FROM, format!("{text}: give addresses of hosts"))
        }
        MappingError::Martian4 => (rule::TO, format!("{text}: give addresses of hosts")),
    })
}
