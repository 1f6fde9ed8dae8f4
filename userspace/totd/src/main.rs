// SPDX-License-Identifier: GPL-2.0

//! totd, the trick-or-treat daemon: a DNS proxy that gives names of IPv4 sites addresses under
//! a translation prefix.

#![deny(unsafe_code)]

mod daemon;

use std::process::ExitCode;

fn main() -> ExitCode {
    match daemon::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            daemon::log::error(&problem);
            ExitCode::FAILURE
        }
    }
}
