// SPDX-License-Identifier: GPL-2.0

//! The check that the addresses of a stateless rule fit each other.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::{
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
