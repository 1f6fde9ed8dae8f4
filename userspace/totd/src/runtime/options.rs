// SPDX-License-Identifier: GPL-2.0

//! The command line; totd's long options have one dash.

use daemon::log::{self, Level};
use daemon::options::Arguments;

const HELP: &str = "\
Usage: totd [OPTION...]
       totd [-c FILE] --check | --status | --metrics | --flush [NAME]

A DNS proxy that gives names of IPv4 sites IPv6 addresses under a translation
prefix (DNS64).

  -c FILE           the configuration (/etc/totd.conf)
  -p PREFIX         one more prefix
  -d[N]             stay in the foreground
  -q, -v            log less, log more
  -no4, -no6        do not listen on IPv4, on IPv6
  -u USER, -g GROUP become this user and group when the sockets are open
  -t DIR            change the root directory to DIR then
  --check           only check the configuration
  --status          show what the running totd counts
  --metrics         the same, for Prometheus
  --flush [NAME]    let it forget NAME and all below it, or all that it remembers
  -h, --help        print this help
  -V, --version     print the version
";

#[derive(Debug, PartialEq, Eq)]
pub enum Mode {
    Serve,
    Check,
    Status,
    Metrics,
    Flush(String),
    Done,
}

#[derive(Debug)]
pub struct Options {
    pub mode: Mode,
    pub config: String,
    pub prefixes: Vec<String>,
    pub foreground: bool,
    pub ipv4: bool,
    pub ipv6: bool,
    pub user: Option<String>,
    pub group: Option<String>,
    pub root: Option<String>,
}

pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        mode: Mode::Serve,
        config: "/etc/totd.conf".into(),
        prefixes: Vec::new(),
        foreground: false,
        ipv4: true,
        ipv6: true,
        user: None,
        group: None,
        root: None,
    };
    let mut arguments = Arguments::new("totd", arguments);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-c" => options.config = arguments.value()?,
            "-p" => options.prefixes.push(arguments.value()?),
            "-u" => options.user = Some(arguments.value()?),
            "-g" => options.group = Some(arguments.value()?),
            "-t" => options.root = Some(arguments.value()?),
            "-q" => log::set_level(Level::Error),
            "-v" => log::set_level(Level::Info),
            "-no4" => options.ipv4 = false,
            "-no6" => options.ipv6 = false,
            "-4" => options.ipv4 = true,
            "-6" => options.ipv6 = true,
            "-46" | "-64" => (options.ipv4, options.ipv6) = (true, true),
            "-http-port" => {
                arguments.value()?;
                log::warning("-http-port has no effect: --status shows what is counted");
            }
            "--check" => options.mode = Mode::Check,
            "--status" => options.mode = Mode::Status,
            "--metrics" => options.mode = Mode::Metrics,
            "--flush" => options.mode = Mode::Flush(arguments.next().unwrap_or_default()),
            "-h" | "--help" | "-V" | "--version" => {
                arguments.print(HELP);
                options.mode = Mode::Done;
                return Ok(options);
            }
            debug if is_debug(debug) => {
                options.foreground = true;
                log::set_level(Level::Info);
            }
            _ => return Err(arguments.unknown()),
        }
    }
    if !options.ipv4 && !options.ipv6 {
        return Err("-no4 and -no6 leave nothing to listen on".into());
    }
    Ok(options)
}

/// `-d`, `-d1`
fn is_debug(argument: &str) -> bool {
    argument
        .strip_prefix("-d")
        .is_some_and(|level| level.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Options, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn as_totd_had_them() {
        let options = of("-no6 -d2 -p 2001:db8:: -p 2001:db8:1:: -c /tmp/x -u nobody -g nogroup -t /var/empty -http-port 6464").unwrap();
        assert!(options.foreground && options.ipv4 && !options.ipv6);
        assert_eq!(options.prefixes, ["2001:db8::", "2001:db8:1::"]);
        assert_eq!(options.config, "/tmp/x");
        assert_eq!(options.user.as_deref(), Some("nobody"));
        assert_eq!(options.root.as_deref(), Some("/var/empty"));
        assert!(of("-64").unwrap().ipv6);
    }

    #[test]
    fn refused() {
        for line in ["-c", "-x", "-dx", "file", "-no4 -no6"] {
            assert!(of(line).is_err(), "{line}");
        }
    }
}
