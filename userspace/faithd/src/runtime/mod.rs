// SPDX-License-Identifier: GPL-2.0

//! The relay with sockets, clock and signals.

mod activation;
mod connection;
mod control;
mod ftp_listener;
mod intercept;
mod limits;
mod load;
mod local;
mod netlink;
mod options;
mod pipes;
mod server;
mod sockets;
mod splice;

use load::load;
use options::Mode;
use server::Server;

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
