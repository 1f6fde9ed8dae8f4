// SPDX-License-Identifier: GPL-2.0

//! totd, the trick-or-treat daemon: a DNS proxy that gives names of IPv4 sites addresses under
//! a translation prefix.

#![deny(unsafe_code)]

mod runtime;

use std::process::ExitCode;

use daemon::log::Level;

fn main() -> ExitCode {
    daemon::main("totd", Level::Warning, runtime::run)
}
