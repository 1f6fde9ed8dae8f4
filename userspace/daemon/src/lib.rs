// SPDX-License-Identifier: GPL-2.0

//! Code that totd and faithd share.

#![forbid(unsafe_code)]

pub mod files;
pub mod log;
pub mod net;
pub mod options;
pub mod words;

use std::process::ExitCode;

use log::Level;

/// Run a daemon that logs what matters as much as `level`.
pub fn main(name: &'static str, level: Level, run: fn() -> Result<(), String>) -> ExitCode {
    log::open(name, level);
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            log::error(&problem);
            ExitCode::FAILURE
        }
    }
}

/// Go to the background, and log to syslog from there.
pub fn detach() -> Result<(), String> {
    nix::unistd::daemon(false, false)
        .map_err(|problem| format!("going to the background: {problem}"))?;
    log::to_syslog();
    Ok(())
}
