// SPDX-License-Identifier: GPL-2.0
//! Pure decisions: what becomes of a packet, which rule, which port, which TCP state (RFC 6146).
#![forbid(unsafe_code)]
// Each of the two crates uses its own part of what stands here.
#![allow(dead_code, unreachable_pub)]

pub mod block;
pub mod border;
pub mod comment;
pub mod decision;
pub mod error;
pub mod open;
pub mod options;
pub mod port;
pub mod probe;
pub mod rule;
pub mod siphash;
pub mod tcp;
pub mod v4;
pub mod v6;
pub mod world;
