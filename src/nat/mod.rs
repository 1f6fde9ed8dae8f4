// SPDX-License-Identifier: GPL-2.0
//! Pure decisions of a stateful translator (RFC 6146): which rule, which port, which TCP state.
#![forbid(unsafe_code)]
// Each of the two crates uses its own part of what stands here.
#![allow(dead_code, unreachable_pub)]

pub mod port;
pub mod rule;
pub mod siphash;
pub mod tcp;
