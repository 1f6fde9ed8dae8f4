// SPDX-License-Identifier: GPL-2.0

//! The command line; as KAME's, where it had the option.

use daemon::log::{self, Level};
use daemon::options::Arguments;
use faithd::config::MOST_IDLE;

const HELP: &str = "\
Usage: faithd [OPTION...] [SERVICE... [PROGRAM [ARG...]]]

Relays TCP connections of IPv6 clients to IPv4 servers, whose addresses are
written under a prefix.

  -f FILE        the configuration (/etc/faithd.conf)
  -P PREFIX      one more prefix; may be repeated
  -p             come from a port below 1024
  -i SECONDS     end connections that are silent for so long
  -d             stay in the foreground and log more
  -q             log only what is wrong
  --check        only check the configuration
  -h, --help     print this help
  -V, --version  print the version

A SERVICE is a port's number or name, or 'any'. PROGRAM, which begins with /,
serves connections to this box's own IPv4 addresses; its first ARG is its name.
";

#[derive(Debug, PartialEq, Eq)]
pub enum Mode {
    Serve,
    Check,
    Done,
}

#[derive(Debug)]
pub struct Options {
    pub mode: Mode,
    pub config: Option<String>,
    pub prefixes: Vec<String>,
    pub services: Vec<String>,
    pub local: Vec<String>,
    pub idle: Option<u64>,
    pub reserved_port: bool,
    pub foreground: bool,
}

pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        mode: Mode::Serve,
        config: None,
        prefixes: Vec::new(),
        services: Vec::new(),
        local: Vec::new(),
        idle: None,
        reserved_port: false,
        foreground: false,
    };
    let mut arguments = Arguments::new("faithd", arguments);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-f" => options.config = Some(arguments.value()?),
            "-P" => options.prefixes.push(arguments.value()?),
            "-i" => match arguments.value()?.parse() {
                Ok(seconds) if (1..=MOST_IDLE).contains(&seconds) => options.idle = Some(seconds),
                _ => return Err("-i needs a number of seconds".into()),
            },
            "-p" => options.reserved_port = true,
            "-q" => log::set_level(Level::Warning),
            "-d" => {
                options.foreground = true;
                log::set_level(Level::Debug);
            }
            "-dp" | "-pd" => {
                (options.foreground, options.reserved_port) = (true, true);
                log::set_level(Level::Debug);
            }
            "--check" => options.mode = Mode::Check,
            "-h" | "--help" | "-V" | "--version" => {
                arguments.print(HELP);
                options.mode = Mode::Done;
                return Ok(options);
            }
            other if other.starts_with('-') => return Err(arguments.unknown()),
            program if program.starts_with('/') && !options.services.is_empty() => {
                options.local = std::iter::once(argument).chain(arguments).collect();
                break;
            }
            _ => options.services.push(argument),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn as_kame_had_them() {
        let options = of("-dp -f /tmp/x telnet /usr/libexec/telnetd telnetd -h").unwrap();
        assert!(options.foreground && options.reserved_port);
        assert_eq!(options.config.as_deref(), Some("/tmp/x"));
        assert_eq!(options.services, ["telnet"]);
        assert_eq!(options.local, ["/usr/libexec/telnetd", "telnetd", "-h"]);
        assert_eq!(of("ftp ssh 80").unwrap().services, ["ftp", "ssh", "80"]);
    }

    #[test]
    fn refused() {
        for line in ["-f", "-x", "-i 0", "-i x", "-i 1000000001", "ssh -x"] {
            assert!(of(line).is_err(), "{line}");
        }
    }
}
