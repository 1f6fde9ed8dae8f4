// SPDX-License-Identifier: GPL-2.0

//! The proxy itself, without sockets and clock: what a query, an answer or the passing of time
//! leads to.

#![forbid(unsafe_code)]

pub mod config;
pub mod parser;
pub mod proxy;
pub mod wire;
