// SPDX-License-Identifier: GPL-2.0

//! The command line up to the program.

use std::ffi::OsString;
use std::io::Write;
use std::net::Ipv6Addr;

use lexopt::prelude::*;
use natpt_core::notation::implied_len;
use natpt_core::xlate::addr::Prefix;

use crate::library::Library;

const HELP: &str = "\
Usage: natptrun [--shortcut | --bia] [--prefix P[/LENGTH]] PROGRAM [ARGUMENT...]
       natptrun --check PROGRAM

Runs an IPv4-only program on an IPv6-only host.

  --shortcut       IPv4 addresses are reached through a translator (the default)
  --bia            names that have IPv6 addresses only are reached over IPv6
  --prefix P[/LENGTH]
                   the translation prefix, of length 96 if not said; without it the kernel's
                   natpt is asked, then the DNS (RFC 7050)
  --check          do not run the program; tell whether it can be helped, and which
                   IPv4-only calls it makes
  -h, --help       print this help
  -V, --version    print the version

Exit status: the program's; 125 natptrun failed, 126 the program cannot be run or
helped, 127 it is not there. With --check: 0 it can be helped, 1 it cannot.
";

#[derive(Debug)]
pub struct Options {
    pub library: Library,
    pub prefix: Option<Prefix>,
    pub check: bool,
    pub program: OsString,
    pub arguments: Vec<OsString>,
}

/// None: help or version was asked for, and given.
pub fn parse() -> Result<Option<Options>, lexopt::Error> {
    read(lexopt::Parser::from_env())
}

fn read(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut library, mut prefix, mut check) = (None, None, false);
    while let Some(argument) = parser.next()? {
        let chosen = match argument {
            Long("bia") => Library::Bia,
            Long("shortcut") => Library::Shortcut,
            Long("prefix") => {
                prefix = Some(parser.value()?.parse_with(parse_prefix)?);
                continue;
            }
            Long("check") => {
                check = true;
                continue;
            }
            Short('h') | Long("help") => return print(HELP),
            Short('V') | Long("version") => {
                return print(concat!("natptrun ", env!("CARGO_PKG_VERSION"), "\n"));
            }
            Value(program) => {
                return Ok(Some(Options {
                    library: library.unwrap_or(Library::Shortcut),
                    prefix,
                    check,
                    program,
                    arguments: parser.raw_args()?.collect(),
                }));
            }
            other => return Err(other.unexpected()),
        };
        if library.is_some_and(|library| library != chosen) {
            return Err("--bia and --shortcut do not go together".into());
        }
        library = Some(chosen);
    }
    Err("the program to run is missing".into())
}

fn parse_prefix(text: &str) -> Result<Prefix, String> {
    let (addr, len) = match text.split_once('/') {
        Some((addr, len)) => (addr, Some(len)),
        None => (text, None),
    };
    let addr: Ipv6Addr = addr
        .parse()
        .map_err(|_| format!("{addr} is no IPv6 address"))?;
    let len = match len {
        Some(len) => len
            .parse()
            .map_err(|_| format!("{len} is no prefix length"))?,
        None => implied_len(addr)?,
    };
    Prefix::new(addr, len).map_err(|why| why.text().to_owned())
}

fn print(text: &str) -> Result<Option<Options>, lexopt::Error> {
    // A reader that went away needs no help.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Options, String> {
        let words = ["natptrun"].iter().chain(words);
        let parsed = read(lexopt::Parser::from_iter(words)).map_err(|why| why.to_string());
        parsed.map(Option::unwrap)
    }

    #[test]
    fn the_program_keeps_its_options() {
        let options = options(&["--prefix", "64:ff9b::", "curl", "-4", "--", "--bia"]).unwrap();
        assert_eq!(options.library, Library::Shortcut);
        assert_eq!(options.prefix.map(|prefix| prefix.len()), Some(96));
        assert_eq!(options.program, "curl");
        assert_eq!(options.arguments, ["-4", "--", "--bia"]);
    }

    // req: F-072
    #[test]
    fn prefixes() {
        for (text, len) in [("2001:db8::/32", 32), ("2001:db8:1:2::/64", 64)] {
            let options = options(&["--bia", "--prefix", text, "x"]).unwrap();
            assert_eq!(options.library, Library::Bia);
            assert_eq!(options.prefix.map(|prefix| prefix.len()), Some(len));
        }
    }

    #[test]
    fn usage_errors() {
        for (words, message) in [
            (&[][..], "the program to run is missing"),
            (&["--prefix"], "missing argument for option '--prefix'"),
            (&["-x"], "invalid option '-x'"),
            (
                &["--bia", "--shortcut", "x"],
                "--bia and --shortcut do not go together",
            ),
            (
                &["--prefix=64:ff9b::/95", "x"],
                "cannot parse argument \"64:ff9b::/95\": \
                 prefix length must be 32, 40, 48, 56, 64 or 96",
            ),
            // req: B-029
            (
                &["--prefix", "64:ff9b:1:2::", "x"],
                "cannot parse argument \"64:ff9b:1:2::\": \
                 prefixes of 64:ff9b:1::/48 may have any length: give it, e.g. /96",
            ),
            (
                &["--prefix", "192.0.2.1", "x"],
                "cannot parse argument \"192.0.2.1\": 192.0.2.1 is no IPv6 address",
            ),
        ] {
            assert_eq!(options(words).err().as_deref(), Some(message));
        }
    }
}
