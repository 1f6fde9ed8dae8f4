// SPDX-License-Identifier: GPL-2.0

//! natpt: IPv6-only networks talk to the IPv4 Internet.
//!
//! Entry, parameters and the order of teardown; see `path` for what happens to a packet.

mod linux;
mod nat;
mod netlink;
mod netns;
mod path;
mod state;
mod xlate;

use kernel::prelude::*;
use linux::{genl, memory, pernet};

module! {
    type: Natpt,
    name: "natpt",
    authors: ["The natpt authors"],
    description: "IPv6/IPv4 translator (RFC 7915, RFC 6146)",
    license: "GPL",
    alias: ["net-pf-16-proto-16-family-natpt"],
    params: {
        bucket_bits: u32 {
            default: 16,
            description: "Logarithm of the number of hash buckets of each table, 8 to 24 (default 16)",
        },
    },
}

/// Fields are dropped in this order.
struct Natpt {
    /// No new commands.
    _family: genl::Registration,
    /// Every namespace lets go of its hooks, then of its state.
    _namespaces: pernet::Registration<netns::Namespace>,
    /// Nothing is in them any more.
    _caches: [memory::Created; 2],
}

impl kernel::Module for Natpt {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let bits = module_parameters::bucket_bits.value();
        if !(8..=24).contains(&bits) {
            pr_err!("bucket_bits must be 8 to 24\n");
            return Err(EINVAL);
        }
        netns::BUCKET_BITS.populate(bits);
        let caches = state::create_caches()?;
        let namespaces = netns::register()?;
        let family = netlink::register(module)?;
        pr_info!("NATPT initialized\n");
        Ok(Self {
            _family: family,
            _namespaces: namespaces,
            _caches: caches,
        })
    }
}
