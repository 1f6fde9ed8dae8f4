// SPDX-License-Identifier: GPL-2.0

//! What the translator of one network namespace knows: configuration, mappings, sessions, pools,
//! counters.

mod comments;
pub(crate) mod config;
pub(crate) mod counters;
pub(crate) mod cursor;
pub(crate) mod draft;
pub(crate) mod events;
mod evict;
mod expiry;
pub(crate) mod filter;
mod fixed;
mod hash;
mod held;
pub(crate) mod ident;
mod kept;
mod late;
mod life;
pub(crate) mod mapping;
mod open;
mod order;
mod orphans;
mod others;
mod pairing;
mod peer;
mod place;
mod pool;
mod pools;
mod probe;
mod recent;
pub(crate) mod rules;
pub(crate) mod session;
mod sources;
mod statics;
mod subscriber;
mod sweep;
mod syns;
pub(crate) mod tell;
pub(crate) mod translator;

use crate::linux::memory::Created;
use kernel::prelude::*;

/// Creates the caches of what the tables hold, which go when the result is dropped.
pub(crate) fn create_caches() -> Result<[Created; 5]> {
    Ok([
        session::CACHE.create(c"natpt_session")?,
        mapping::CACHE.create(c"natpt_mapping")?,
        subscriber::CACHE.create(c"natpt_subscriber")?,
        peer::CACHE.create(c"natpt_peer")?,
        syns::CACHE.create(c"natpt_syn")?,
    ])
}
