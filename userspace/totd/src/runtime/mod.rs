// SPDX-License-Identifier: GPL-2.0

//! The proxy with sockets, clock and signals.

mod adverts;
mod carriers;
mod clients;
mod control;
mod kernel;
mod load;
mod mmsg;
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

use totd::config::{self, Prefixes};
use totd::proxy::Proxy;

use load::{allow_files, load};
use options::Mode;
use pidfile::Pidfile;
use server::Server;

pub fn run() -> Result<(), String> {
    let options = options::parse(std::env::args().skip(1))?;
    match &options.mode {
        Mode::Done => return Ok(()),
        Mode::Check => return load(&options).map(drop),
        Mode::Status | Mode::Metrics => {
            // Who may not read the configuration asks where totd usually tells.
            let path = load(&options).map_or(config::STATUS.into(), |config| config.status);
            let metrics = status::query(&path)?;
            match options.mode {
                Mode::Metrics => print!("{metrics}"),
                _ => print!("{}", status::table(&metrics)),
            }
            return Ok(());
        }
        Mode::Flush(name) => {
            let path = load(&options).map_or(config::STATUS.into(), |config| config.status);
            return control::flush(&path, name);
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
