// SPDX-License-Identifier: GPL-2.0
//! The environment's settings: the pool, the prefix that makes AAAA records, and when a real
//! IPv4 address wins.

use natpt_core::xlate::addr::Prefix;
use preload::{
    environment::{variable, warn},
    once::Once,
    range::{self, Range},
};

/// Longest and shortest length of a pool.
const LENGTHS: core::ops::RangeInclusive<u32> = 0x3..=0xffff;

/// The environment's settings.
pub struct Config {
    /// Addresses to hand out; None: one of those that RFC 6535 recommends.
    pub pool: Option<Range>,
    /// The network's translation prefix: who has an AAAA record under it has an A record.
    pub prefix: Option<Prefix>,
    /// A real IPv4 address counts only if there is a route to it.
    pub routed_only: bool,
}

static CONFIG: Once<Config> = Once::new();

/// The environment's settings; None: they are wrong, the library does nothing.
#[inline]
pub fn get() -> Option<&'static Config> {
    CONFIG.get(read)
}

fn read() -> Option<Config> {
    let mut config = Config {
        pool: None,
        prefix: None,
        routed_only: true,
    };
    if let Some(text) = variable(c"NATPT_POOL") {
        config.pool = Range::parse(text).filter(|pool| LENGTHS.contains(&pool.last_index()));
        if config.pool.is_none() {
            warn(&[
                b"bia: NATPT_POOL is no IPv4 range of length 16 to 30, doing nothing: ",
                text,
            ]);
            return None;
        }
    }
    if let Some(text) = variable(c"NATPT_PREFIX") {
        config.prefix = range::prefix(text);
        if config.prefix.is_none() {
            warn(&[
                b"bia: NATPT_PREFIX is no translation prefix, doing nothing: ",
                text,
            ]);
            return None;
        }
    }
    match variable(c"NATPT_A").unwrap_or(b"routed") {
        b"routed" => {}
        b"always" => config.routed_only = false,
        text => {
            warn(&[
                b"bia: NATPT_A is neither 'routed' nor 'always', doing nothing: ",
                text,
            ]);
            return None;
        }
    }
    Some(config)
}
