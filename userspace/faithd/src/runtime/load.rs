// SPDX-License-Identifier: GPL-2.0

//! The configuration, from file and command line.

use std::io::ErrorKind;

use daemon::log;
use faithd::config::Config;
use faithd::parser;

use super::options::Options;

const SERVICES: &str = "/etc/services";

/// The configuration with what the command line adds.
pub fn load(options: &Options) -> Result<Config, String> {
    let names = std::fs::read_to_string(SERVICES).unwrap_or_default();
    let path = options.config.as_deref().unwrap_or("/etc/faithd.conf");
    let mut config = match std::fs::read_to_string(path) {
        Ok(text) => parser::parse(&text, &names).map_err(|problem| format!("{path}:{problem}"))?,
        // As KAME's: without a file everybody may.
        Err(problem) if problem.kind() == ErrorKind::NotFound && options.config.is_none() => {
            log::warning(&format!("there is no {path}: every client is permitted"));
            Config::default()
        }
        Err(problem) => return Err(format!("{path}: {problem}")),
    };
    for prefix in &options.prefixes {
        config.prefixes.push(parser::prefix(prefix)?);
    }
    for service in &options.services {
        let port = parser::service(service, &names)?;
        if let (Some(port), false) = (port, options.local.is_empty()) {
            config.local.insert(port, options.local.clone());
        }
        config.services.add(port);
    }
    config.reserved_port |= options.reserved_port;
    config.idle = options.idle.unwrap_or(config.idle);
    Ok(config)
}
