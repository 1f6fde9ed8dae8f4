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
}

/// Fields are dropped in this order.
struct Natpt {
    /// No new commands.
    _family: genl::Registration,
    /// Every namespace lets go of its hooks, then of its state.
    _namespaces: pernet::Registration<netns::Namespace>,
    /// Nothing is in them any more.
    _caches: [memory::Created; 5],
}

impl kernel::Module for Natpt {
    fn init(module: &'static ThisModule) -> Result<Self> {
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
