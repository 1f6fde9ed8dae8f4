// SPDX-License-Identifier: GPL-2.0
//! The prefix, and what stays IPv4, from the environment.

use core::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::addr::{is_martian4, Prefix};
use preload::{
    environment::{variable, warn},
    once::Once,
    range::{self, Ranges},
};

/// Stands for this host: the first address of those set aside for this (RFC 7335).
pub const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 1);
/// Stands for all IPv6 addresses outside the prefix (RFC 7600's dummy address).
pub const UNKNOWN: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// The environment's settings.
pub struct Config {
    prefix: Prefix,
    local: Ranges,
}

impl Config {
    /// `addr` under the prefix, unless it stays IPv4.
    pub fn embed(&self, addr: Ipv4Addr) -> Option<Ipv6Addr> {
        if addr == OWN {
            return Some(Ipv6Addr::LOCALHOST);
        }
        let stays = is_martian4(addr) || addr.is_link_local() || self.local.contains(addr);
        (!stays).then(|| self.prefix.embed(addr))
    }
}

/// The IPv4 address of `addr`, if it is under the prefix.
pub fn under_prefix(addr: Ipv6Addr) -> Option<Ipv4Addr> {
    let config = get()?;
    config
        .prefix
        .contains(addr)
        .then(|| config.prefix.extract(addr))
}

static CONFIG: Once<Config> = Once::new();

/// The environment's settings; None: there are none, the library does nothing.
pub fn get() -> Option<&'static Config> {
    CONFIG.get(read)
}

fn read() -> Option<Config> {
    let Some(text) = variable(c"NATPT_PREFIX") else {
        warn(&[b"shortcut: NATPT_PREFIX is not set, doing nothing"]);
        return None;
    };
    let Some(prefix) = range::prefix(text) else {
        warn(&[
            b"shortcut: NATPT_PREFIX is no translation prefix, doing nothing: ",
            text,
        ]);
        return None;
    };
    let text = variable(c"NATPT_LOCAL").unwrap_or_default();
    let Some(local) = Ranges::parse(text) else {
        warn(&[
            b"shortcut: NATPT_LOCAL is no list of IPv4 ranges, doing nothing: ",
            text,
        ]);
        return None;
    };
    Some(Config { prefix, local })
}
