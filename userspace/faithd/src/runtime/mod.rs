// SPDX-License-Identifier: GPL-2.0

//! The relay with sockets, clock and signals.

mod activation;
mod control;
mod door;
mod flow;
mod intercept;
mod limits;
mod local;
mod netlink;
mod options;
mod pair;
mod pipes;
mod server;
mod sockets;

use std::io::ErrorKind;

use daemon::log;
use faithd::config::{self, Config};

use options::{Mode, Options};
use server::Server;

const SERVICES: &str = "/etc/services";

pub fn run() -> Result<(), String> {
    let options = options::parse(std::env::args().skip(1))?;
    match options.mode {
        Mode::Done => return Ok(()),
        Mode::Check => return load(&options).map(drop),
        Mode::Serve => (),
    }
    let mut config = load(&options)?;
    if config.prefixes.is_empty() {
        return Err("there is no prefix; see faithd.conf(5)".into());
    }
    config.max_connections = limits::room_for(config.max_connections);
    let given = activation::listeners()?;
    let foreground = options.foreground || !given.is_empty();
    let entrance = sockets::Entrance::open(&config, given)?;
    if !foreground {
        daemon::detach()?;
    }
    Server::new(entrance, config)
        .map_err(|problem| format!("starting: {problem}"))?
        .serve(&options)
}

/// The configuration with what the command line adds.
fn load(options: &Options) -> Result<Config, String> {
    let names = std::fs::read_to_string(SERVICES).unwrap_or_default();
    let path = options.config.as_deref().unwrap_or("/etc/faithd.conf");
    let mut config = match std::fs::read_to_string(path) {
        Ok(text) => config::parse(&text, &names).map_err(|problem| format!("{path}:{problem}"))?,
        // As KAME's: without a file everybody may.
        Err(problem) if problem.kind() == ErrorKind::NotFound && options.config.is_none() => {
            log::warning(&format!("there is no {path}: every client is permitted"));
            Config::default()
        }
        Err(problem) => return Err(format!("{path}: {problem}")),
    };
    for prefix in &options.prefixes {
        config.prefixes.push(config::prefix(prefix)?);
    }
    for service in &options.services {
        let port = config::service(service, &names)?;
        if let (Some(port), false) = (port, options.local.is_empty()) {
            config.local.insert(port, options.local.clone());
        }
        config.services.add(port);
    }
    config.reserved_port |= options.reserved_port;
    config.idle = options.idle.unwrap_or(config.idle);
    Ok(config)
}
