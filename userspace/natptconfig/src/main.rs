// SPDX-License-Identifier: GPL-2.0

//! natptconfig: configures the natpt IPv6/IPv4 translator.

#![forbid(unsafe_code)]

mod advice;
mod again;
mod apply;
mod block;
mod failure;
mod grammar;
mod hosts;
mod include;
mod json;
mod kame;
mod lexer;
mod metrics;
mod monitor;
mod options;
mod own;
mod parser;
mod place;
mod pool;
mod problem;
mod protocol;
mod say;
mod sets;
mod show;
mod source;
mod stateless;
mod statement;
mod stats;
mod sync;
mod table;
mod top;
mod value;
mod xlate;

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::ExitCode;

use natpt_netlink::{netns, Connection, Error};

use apply::Manner;
use block::Whose;
use grammar::Choices;
use options::{Input, Options};
use parser::{Line, Monitor, Show};
use place::Place;
use problem::Problem;
use say::say;
use source::{Placed, Source};

/// Number of wrong statements of a file that are told one by one.
const MOST: usize = 20;

/// The kernel's log.
const LOG: &str = "/dev/kmsg";

/// The name of what is no file.
const COMMAND_LINE: &str = "command line";

/// What is said of `include` and `define` there.
const ONLY_IN_FILES: &str = "only in a file: -f FILE reads one";

fn main() -> ExitCode {
    let options = match options::parse() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(why) => {
            complain(format_args!("{why} (natptconfig --help says more)"));
            return ExitCode::from(2);
        }
    };
    if run(&options) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// False when something went wrong, which has been said then.
fn run(options: &Options) -> bool {
    match &options.input {
        Input::File(path) => {
            let name = if path == "-" { "stdin" } else { path };
            match Source::read(path) {
                Ok(source) => {
                    for file in &source.files {
                        trace(options, &file.name, &file.text);
                    }
                    run_source(options, source)
                }
                Err(why) => fail(format_args!("{name}: {why}")),
            }
        }
        Input::Words(words) => {
            trace(options, COMMAND_LINE, words.as_bytes());
            match parser::parse(words.as_bytes()) {
                Ok(Some(Line::Help(choices))) => print_help(choices),
                Ok(Some(Line::Show(show))) => options.check || run_show(options, &show),
                Ok(Some(Line::Monitor(what))) => options.check || run_monitor(options, &what),
                Ok(Some(Line::Log(text))) => options.check || run_log(&text),
                Ok(Some(Line::Include(_) | Line::Define(_))) => {
                    if !options.quiet {
                        say(format_args!("{COMMAND_LINE}:1:1: {ONLY_IN_FILES}"));
                    }
                    false
                }
                _ => run_source(options, Source::of(COMMAND_LINE, words.as_bytes())),
            }
        }
    }
}

/// What `-d` asks for: words with their places, and what they were taken for.
fn trace(options: &Options, name: &str, text: &[u8]) {
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        if options.debug & options::WORDS != 0 {
            for token in lexer::tokens(line).unwrap_or_default() {
                say(format_args!(
                    "{name}:{number}:{}: {}",
                    token.column, token.text
                ));
            }
        }
        if options.debug & options::STATEMENTS != 0 {
            if let Ok(Some(line)) = parser::parse(line) {
                say(format_args!("{name}:{number}: {line:?}"));
            }
        }
    }
}

fn run_source(options: &Options, mut source: Source) -> bool {
    if !source.problems.is_empty() {
        for (place, problem) in source.problems.iter().take(MOST) {
            point(options, &source, *place, problem);
        }
        let more = source.problems.len().saturating_sub(MOST);
        if more != 0 && !options.quiet {
            let name = &source.files[0].name;
            complain(format_args!("{name}: and {more} more errors"));
        }
        return false;
    }
    for (place, notice) in &source.notices {
        let message = format!("warning: {}", notice.message);
        point(
            options,
            &source,
            *place,
            &Problem::new(notice.column, message),
        );
    }
    let changes = std::mem::take(&mut source.changes);
    if options.debug & options::STATEMENTS != 0 {
        for placed in changes.iter().filter(|placed| !placed.uses.is_empty()) {
            let name = &source.files[placed.place.file].name;
            let line = placed.place.line;
            say(format_args!("{name}:{line}: {:?}", placed.change));
        }
    }
    match (options.sync, options.check) {
        (true, _) => run_sync(options, &source, &changes),
        (false, _) if changes.is_empty() => true,
        (false, true) => run_check(options, &source, &changes),
        (false, false) => run_changes(options, &source, &changes),
    }
}

fn run_changes(options: &Options, source: &Source, changes: &[Placed]) -> bool {
    let Some(mut kernel) = connect(options) else {
        return false;
    };
    let applied = apply::apply(&mut kernel, changes, Manner::Change);
    is_applied(options, source, applied)
}

/// The kernel is asked what it thinks of them, if there is one to ask.
fn run_check(options: &Options, source: &Source, changes: &[Placed]) -> bool {
    if !enter(options) {
        return false;
    }
    let asked = match Connection::open() {
        Ok(mut kernel) => apply::apply(&mut kernel, changes, Manner::Check),
        Err(why) => Err(why.into()),
    };
    match asked {
        Err(apply::Failure::Older) => {
            if !options.quiet {
                complain("only the syntax was checked: the kernel module is older than this tool");
            }
            true
        }
        Err(apply::Failure::Netlink(why)) if is_deaf(&why) => {
            if !options.quiet {
                complain(format_args!("only the syntax was checked: {why}"));
            }
            true
        }
        asked => is_applied(options, source, asked),
    }
}

/// The kernel does not talk to us, or not about this.
fn is_deaf(why: &Error) -> bool {
    match why {
        Error::Refused(refusal) => refusal.is_permission(),
        _ => true,
    }
}

fn run_sync(options: &Options, source: &Source, file: &[Placed]) -> bool {
    let Some(mut kernel) = connect(options) else {
        return false;
    };
    let manner = match options.check {
        true => Manner::Check,
        false => Manner::Change,
    };
    let applied = apply::unhurried(|| {
        let plan = apply::plan(&mut kernel, file)?;
        let warning = plan.apply(&mut kernel, manner)?;
        if options.check {
            let mut out = io::stdout().lock();
            for line in plan.words(source) {
                // A reader that went away has seen enough.
                let _ = writeln!(out, "{line}");
            }
        }
        Ok(warning)
    });
    is_applied(options, source, applied)
}

fn is_applied(
    options: &Options,
    source: &Source,
    applied: Result<Option<String>, apply::Failure>,
) -> bool {
    match applied {
        Ok(warning) => {
            if let Some(warning) = warning.filter(|_| !options.quiet) {
                let warning = advice::warning(&warning, options.netns.as_deref());
                complain(format_args!("warning: {warning}"));
            }
            true
        }
        Err(apply::Failure::At(place, problem)) => point(options, source, place, &problem),
        Err(apply::Failure::Older) => fail("the kernel module is older than this tool"),
        Err(apply::Failure::Netlink(why)) => fail(why),
    }
}

fn run_show(options: &Options, show: &Show) -> bool {
    let Some(mut kernel) = connect(options) else {
        return false;
    };
    is_well(show::show(&mut kernel, show, options.json))
}

fn run_monitor(options: &Options, what: &Monitor) -> bool {
    connect(options).is_some_and(|kernel| is_well(monitor::monitor(kernel, what, options.json)))
}

/// A line in the kernel's log, where KAME's translator wrote; it is for debugging.
fn run_log(text: &str) -> bool {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    let log = OpenOptions::new().write(true).open(LOG);
    match log.and_then(|mut log| log.write_all(format!("<7>natpt: {text}\n").as_bytes())) {
        Ok(()) => true,
        Err(why) => fail(format_args!("{LOG}: {why}")),
    }
}

fn is_well(shown: Result<(), failure::Failure>) -> bool {
    match shown {
        Ok(()) => true,
        // The reader has seen enough.
        Err(failure::Failure::Output(why)) if why.kind() == io::ErrorKind::BrokenPipe => true,
        Err(failure::Failure::Output(why)) => fail(format_args!("standard output: {why}")),
        Err(failure::Failure::Netlink(why)) => fail(why),
        Err(failure::Failure::Unknown(name, meant)) => fail(format_args!(
            "no variable is called {name}: show variables lists them{meant}"
        )),
        Err(failure::Failure::NoBlock(Whose::Host(host))) => fail(format_args!(
            "no rule has a block for {host}: show rules lists those with blocks"
        )),
        Err(failure::Failure::NoBlock(Whose::Port(addr, port))) => fail(format_args!(
            "port {port} of {addr} is in no block: show rules lists the rules with blocks"
        )),
    }
}

/// Go where the options say.
fn enter(options: &Options) -> bool {
    let Some(name) = &options.netns else {
        return true;
    };
    let Err(why) = netns::enter(name) else {
        return true;
    };
    let advice = match why.kind() {
        io::ErrorKind::PermissionDenied => ": this needs CAP_SYS_ADMIN (run it as root)",
        io::ErrorKind::NotFound => ": ip netns list has the names",
        _ => "",
    };
    fail(format_args!("network namespace {name}: {why}{advice}"))
}

fn connect(options: &Options) -> Option<Connection> {
    if !enter(options) {
        return None;
    }
    let connection = Connection::open();
    if let Err(why) = &connection {
        match why {
            Error::NotLoaded => {
                let reason = advice::no_module();
                say(format_args!(
                    "natpt: the kernel module is not loaded: {reason}"
                ));
            }
            _ => complain(why),
        }
    }
    connection.ok()
}

fn print_help(choices: Choices) -> bool {
    let width = grammar::each(choices).map(|choice| choice.word.len()).max();
    let width = width.unwrap_or_default();
    let mut out = io::stdout().lock();
    for choice in grammar::each(choices) {
        // A reader that went away needs no help.
        let _ = writeln!(out, "{:width$}  {}", choice.word, choice.help);
    }
    true
}

/// Say what is wrong where, unless nobody wants to know.
fn point(options: &Options, source: &Source, place: Place, problem: &Problem) -> bool {
    if !options.quiet {
        let (name, line) = (&source.files[place.file].name, place.line);
        say(format_args!(
            "{name}:{line}:{}: {}",
            problem.column, problem.message
        ));
    }
    false
}

fn fail(why: impl Display) -> bool {
    complain(why);
    false
}

fn complain(why: impl Display) {
    say(format_args!("natptconfig: {why}"));
}
