// SPDX-License-Identifier: GPL-2.0

//! What the translator of one network namespace knows: configuration, mappings, sessions, pools,
//! counters.

pub(crate) mod config;
pub(crate) mod counters;
mod expiry;
pub(crate) mod ident;
mod life;
pub(crate) mod mapping;
mod pool;
pub(crate) mod session;
pub(crate) mod translator;

use crate::linux::memory::Created;
use kernel::prelude::*;

/// Creates the caches of sessions and mappings, which go when the result is dropped.
pub(crate) fn create_caches() -> Result<[Created; 2]> {
    Ok([
        session::CACHE.create(c"natpt_session")?,
        mapping::CACHE.create(c"natpt_mapping")?,
    ])
}
