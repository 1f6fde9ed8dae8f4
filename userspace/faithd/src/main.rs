// SPDX-License-Identifier: GPL-2.0

//! faithd: relays TCP from IPv6 clients to IPv4 servers, whose addresses are written under a
//! prefix (RFC 3142).

#![deny(unsafe_code)]

mod runtime;

use std::process::ExitCode;

use daemon::log::Level;

fn main() -> ExitCode {
    daemon::main("faithd", Level::Info, runtime::run)
}
