// SPDX-License-Identifier: GPL-2.0

//! The proxy with sockets, clock and signals.

mod adverts;
mod clients;
mod kernel;
mod options;
mod pidfile;
mod privileges;
mod random;
mod server;
mod sockets;
mod status;
mod stream;
mod udp;
mod upstream;

use daemon::{files, log};
use totd::config::{self, Config, Prefixes};
use totd::proxy::Proxy;

use options::{Mode, Options};
use pidfile::Pidfile;
use server::Server;

pub fn run() -> Result<(), String> {
    let options = options::parse(std::env::args().skip(1))?;
    match options.mode {
        Mode::Done => return Ok(()),
        Mode::Check => return load(&options).map(drop),
        Mode::Status | Mode::Metrics => {
            // Who may not read the configuration asks where totd usually tells.
            let path = load(&options).map_or(config::STATUS.into(), |config| config.status);
            let metrics = status::ask(&path)?;
            match options.mode {
                Mode::Metrics => print!("{metrics}"),
                _ => print!("{}", status::table(&metrics)),
            }
            return Ok(());
        }
        Mode::Serve => (),
    }
    let config = load(&options)?;
    allow_files(config.max_queries);
    let random = random::source().map_err(|problem| format!("/dev/urandom: {problem}"))?;
    let mut server = Server::open(&config, &options)?;
    if !options.foreground {
        daemon::detach()?;
    }
    let _pidfile = config.pidfile.as_deref().map(Pidfile::write).transpose()?;
    privileges::drop(&options, config.prefixes == Prefixes::Auto)?;
    server.serve(Proxy::new(config, random), &options)
}

/// Reads the configuration, and says what in it has no effect.
fn load(options: &Options) -> Result<Config, String> {
    let path = &options.config;
    let mut text = std::fs::read_to_string(path).map_err(|problem| format!("{path}: {problem}"))?;
    for prefix in &options.prefixes {
        text.push_str(&format!("\nprefix {prefix}"));
    }
    let loaded = config::parse(&text).map_err(|problem| format!("{path}:{problem}"))?;
    for warning in loaded.warnings {
        log::warning(&format!("{path}:{warning}"));
    }
    Ok(loaded.config)
}

/// Clients over TCP, listeners, and what else is open.
const OTHER_FILES: u64 = 1024;

/// Every question in flight has a socket of its own.
fn allow_files(queries: usize) {
    let wanted = queries as u64 + OTHER_FILES;
    let files = files::allow(wanted);
    if files < wanted {
        log::warning(&format!(
            "{files} open files allow fewer than {queries} queries at a time"
        ));
    }
}
