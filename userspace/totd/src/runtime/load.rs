// SPDX-License-Identifier: GPL-2.0

//! The configuration, and the open files that it takes.

use daemon::{files, log};
use nix::net::if_::if_nametoindex;
use totd::config::Config;
use totd::parser;

use super::options::Options;

/// Read the configuration, and warn of words in it that have no effect.
pub fn load(options: &Options) -> Result<Config, String> {
    let path = &options.config;
    let mut text = std::fs::read_to_string(path).map_err(|problem| format!("{path}: {problem}"))?;
    for prefix in &options.prefixes {
        text.push_str(&format!("\nprefix {prefix}"));
    }
    let interfaces = |name: &str| if_nametoindex(name).ok();
    let loaded =
        parser::parse_on(&text, &interfaces).map_err(|problem| format!("{path}:{problem}"))?;
    for warning in loaded.warnings {
        log::warning(&format!("{path}:{warning}"));
    }
    Ok(loaded.config)
}

/// Clients over TCP, listeners, and what else is open.
const OTHER_FILES: u64 = 1024;

/// Every question in flight has a socket of its own.
pub fn allow_files(queries: usize) {
    let wanted = queries as u64 + OTHER_FILES;
    let files = files::allow(wanted);
    if files < wanted {
        log::warning(&format!(
            "{files} open files allow fewer than {queries} queries at a time"
        ));
    }
}
