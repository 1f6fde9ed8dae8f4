// SPDX-License-Identifier: GPL-2.0

//! The command line up to the statement.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

use lexopt::prelude::*;

use crate::{lexer, value};

const HELP: &str = "\
Usage: natptconfig [OPTION...] STATEMENT
       natptconfig [OPTION...] -f FILE
       natptconfig [OPTION...] sync FILE

Configures the natpt IPv6/IPv4 translator of a network namespace.

Options, before the statement:
  -f FILE        carry out the statements of FILE (- is standard input), all or none
  sync FILE      change what is not as FILE says, and nothing else: what it does not name
                 goes, what is as it says keeps its sessions; -c prints the changes
  -c, --check    change nothing: check the syntax, and ask the kernel if it is there
  -q             say nothing about wrong statements; the exit status tells
  -d LEVEL       print the words (1), or what they were taken for (16), or both (17)
  -j, --json     show as JSON
  -n, --netns NAME
                 work in the network namespace NAME (see ip-netns(8))
  -h, --help     print this help
  -V, --version  print the version

Statements:
  prefix V6[/LENGTH]              add a translation prefix
  prefix flush [keep]             remove all of them (keep: their sessions run out)
  map [N] from any6|V6[/LENGTH] to V4[/LENGTH]|V4 - V4 [port A - B | A : COUNT]
      [block PORTS [per /LENGTH]] [proto P[/P...]] [filter none|address|port]
      [refresh both|outbound] [comment TEXT]
                                  add a rule; A : COUNT are COUNT ports from A on
                                  (KAME took one more); P is icmp, tcp, udp (all three if
                                  left out) or other; block: each host (/64) has so many
                                  ports, by its address
  map [N] from V6[/LENGTH] to V4[/LENGTH] stateless [comment TEXT]
  map [N] from V4[/LENGTH] to V6[/LENGTH] stateless [comment TEXT]
                                  add a rule that gives each host an address of its own
  map [N] from V6[/LENGTH] to V4[/LENGTH] [proto P[/P...]] bidir
      [filter none|address|port] [refresh both|outbound] [comment TEXT]
                                  the same with sessions: a static mapping
  map [N] from [V4[/LENGTH]] daddr V4 [dport A [- B | : COUNT]]
      to daddr V6 [dport A [- B | : COUNT]] [proto P[/P...]]
      [filter none|address|port] [refresh both|outbound] [comment TEXT]
                                  add a static mapping of an address, or of its ports, to a
                                  host; the first V4 are the hosts that it is for, all if
                                  left out
  map enable|disable              start or stop translation
  map delete N [keep]             remove rule N
  map renum [START [INTERVAL]]    number the rules anew
  map flush [all] [keep]          remove all rules
  set NAME = VALUE                decimal, hexadecimal (0x10), duration (2h4m) or address
  session flush                   end all sessions
  session delete CONDITION...     end those that fit
  include \"FILE\"                  in a file: carry out others; *, ? and [...] as in the shell
  define NAME = ADDRESS           in a file: $NAME stands for it; several are
                                  { ADDRESS, ... }, each in a statement of its own
  show prefix|mapping|rules|rules cui|config|fragment|timer|ttl
  show stats [nonzero] [SECONDS]  the counters, all or those that are not 0; with SECONDS
                                  how they change, again and again
  show sessions [P[/P...]] [CONDITION...]
                                  number of sessions by protocol and state
  show xlate [long|short|trace] [copy] [CONDITION...] [limit N] [SECONDS]
                                  the sessions, again and again with SECONDS
  show hosts [CONDITION...] [limit N]
                                  the hosts, those with the most sessions first
  show pool                       how many ports of pool addresses are in use
  show block V6|V4 port PORT      whose a block of ports is
  show variables [all|tslot|NAME]
  top [SECONDS]                   what goes on, on one screen, again and again
  metrics                         print the counters in Prometheus's text format
  monitor [mappings] [sessions] [limits] [CONDITION...]
                                  print what happens, as it happens
  test log [TEXT]                 write a line into the kernel's log
  log TEXT                        the same
  break                           the same, a mark

CONDITION is proto P, host V6[/LENGTH], pool V4, port N (of the pool), peer V4,
state S or rule N. A ? in place of any word prints what may stand there.
";

pub struct Options {
    pub input: Input,
    pub check: bool,
    /// The file is the whole configuration.
    pub sync: bool,
    pub json: bool,
    pub netns: Option<String>,
    /// Nothing is said about wrong statements.
    pub quiet: bool,
    pub debug: u32,
}

/// Bits of `debug`.
pub const WORDS: u32 = 0x1;
pub const STATEMENTS: u32 = 0x10;

pub enum Input {
    File(String),
    /// One statement.
    Words(String),
}

/// None: help or version was asked for, and given.
pub fn parse() -> Result<Option<Options>, lexopt::Error> {
    read(lexopt::Parser::from_env())
}

fn read(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let (mut check, mut json) = (false, false);
    let (mut file, mut netns) = (None, None);
    let (mut quiet, mut debug) = (false, 0);
    let mut words: Vec<OsString> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => file = Some(parser.value()?.string()?),
            Short('c') | Long("check") => check = true,
            Short('q') => quiet = true,
            Short('d') => debug = value::number32(&parser.value()?.string()?)?,
            Short('j') | Long("json") => json = true,
            Short('n') | Long("netns") => netns = Some(parser.value()?.string()?),
            Short('h') | Long("help") => return print(HELP),
            Short('V') | Long("version") => {
                return print(concat!("natptconfig ", env!("CARGO_PKG_VERSION"), "\n"));
            }
            // From here on a word may start with a minus.
            Value(first) => {
                words.push(first);
                words.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected()),
        }
    }
    let mut sync = false;
    if words
        .first()
        .is_some_and(|word| word.eq_ignore_ascii_case("sync"))
    {
        words.remove(0);
        words.retain(|word| word != "-f");
        sync = true;
        file = match (file, words.pop()) {
            (None, Some(name)) if words.is_empty() => Some(name.string()?),
            (Some(file), None) => Some(file),
            _ => return Err("sync wants one FILE".into()),
        };
    }
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let words = quote(&words);
    let input = match (file, words.is_empty()) {
        (Some(_), false) => return Err("give a statement or -f FILE, not both".into()),
        (None, true) => return Err("a statement or -f FILE is missing".into()),
        (Some(file), true) => Input::File(file),
        (None, false) => Input::Words(words.join(" ")),
    };
    Ok(Some(Options {
        input,
        check,
        sync,
        json,
        netns,
        quiet,
        debug,
    }))
}

/// The shell has taken the quotes off a text for the log, or a comment.
fn quote(words: &[Cow<'_, str>]) -> Vec<String> {
    let before = std::iter::once(false).chain(words.iter().map(|word| wants_text(word)));
    let all = words.iter().zip(before).map(|(word, is_text)| {
        let is_plain = word.len() == 1 || word.bytes().all(lexer::in_word);
        match is_text && !is_plain && !word.contains('"') {
            true => format!("\"{word}\""),
            false => word.to_string(),
        }
    });
    all.collect()
}

fn wants_text(word: &str) -> bool {
    ["log", "comment"]
        .iter()
        .any(|one| word.eq_ignore_ascii_case(one))
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
        let parsed = read(lexopt::Parser::from_args(words)).map_err(|why| why.to_string());
        parsed.map(Option::unwrap)
    }

    #[test]
    fn statements() {
        let words = [
            "-j", "-n", "blue", "map", "from", "any6", "port", "1", "-", "-9",
        ];
        let options = options(&words).unwrap();
        assert!(options.json && !options.check);
        assert_eq!(options.netns.as_deref(), Some("blue"));
        let Input::Words(words) = options.input else {
            panic!();
        };
        assert_eq!(words, "map from any6 port 1 - -9");
    }

    #[test]
    fn kames_options() {
        let options = options(&["-q", "-d", "0x11", "test", "log", "two words"]).unwrap();
        assert!(options.quiet);
        assert_eq!(options.debug, WORDS | STATEMENTS);
        assert!(matches!(options.input, Input::Words(words) if words == "test log \"two words\""));
    }

    #[test]
    fn comments() {
        let all = |text| {
            let words = ["map", "from", "any6", "to", "192.0.2.1", "comment", text];
            match options(&words).unwrap().input {
                Input::Words(words) => words.split_once("comment ").unwrap().1.to_string(),
                Input::File(_) => panic!(),
            }
        };
        for (text, words) in [
            ("lab", "lab"),
            ("?", "?"),
            ("two words", "\"two words\""),
            ("it's", "\"it's\""),
            ("\"quoted\"", "\"quoted\""),
        ] {
            assert_eq!(all(text), words);
        }
    }

    #[test]
    fn files() {
        let options = options(&["-cf-"]).unwrap();
        assert!(options.check);
        assert!(matches!(options.input, Input::File(name) if name == "-"));
    }

    #[test]
    fn sync() {
        for words in [
            &["sync", "x"][..],
            &["sync", "-f", "x"],
            &["-f", "x", "SYNC"],
        ] {
            let options = options(words).unwrap();
            assert!(options.sync);
            assert!(matches!(options.input, Input::File(name) if name == "x"));
        }
    }

    #[test]
    fn usage_errors() {
        for (words, message) in [
            (&[][..], "a statement or -f FILE is missing"),
            (&["-f", "x", "map"], "give a statement or -f FILE, not both"),
            (&["-f"], "missing argument for option '-f'"),
            (&["sync"], "sync wants one FILE"),
            (&["sync", "x", "y"], "sync wants one FILE"),
            (&["-f", "x", "sync", "y"], "sync wants one FILE"),
            (&["-x"], "invalid option '-x'"),
        ] {
            assert_eq!(options(words).err().as_deref(), Some(message));
        }
    }
}
