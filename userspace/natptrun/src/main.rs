// SPDX-License-Identifier: GPL-2.0

//! natptrun: runs an IPv4-only program on an IPv6-only host, with libbia.so or libshortcut.so
//! preloaded.

#![deny(unsafe_code)]

mod calls;
mod discovery;
mod elf;
mod library;
mod options;
mod preflight;
mod program;
mod script;
mod secure;
mod table;

use std::env;
use std::fmt::Display;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use library::Library;
use options::Options;
use program::Program;

/// Exit statuses, as those of env(1).
const FAILED: u8 = 125;
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

fn main() -> ExitCode {
    let result = match options::parse() {
        Ok(Some(options)) if options.check => check(&options),
        Ok(Some(options)) => run(&options),
        Ok(None) => return ExitCode::SUCCESS,
        Err(why) => Err(fail(
            FAILED,
            format_args!("{why} (natptrun --help says more)"),
        )),
    };
    result.unwrap_or_else(|status| status)
}

fn check(options: &Options) -> Result<ExitCode, ExitCode> {
    let program = find(options)?;
    if let Some(refusal) = preflight::check(&program) {
        println!("{}: cannot be helped: {refusal}", program.path.display());
        println!("instead: {}", refusal.remedy());
        return Ok(ExitCode::FAILURE);
    }
    calls::report(&program);
    // a shell script can be helped, but perhaps not what it runs
    let mut status = ExitCode::SUCCESS;
    for started in script::commands(&program) {
        if let Some(refusal) = preflight::check(&started) {
            println!(
                "{}: runs what cannot be helped: {refusal}",
                program.path.display()
            );
            status = ExitCode::FAILURE;
        }
    }
    Ok(status)
}

/// Run the program; this returns only with what went wrong.
fn run(options: &Options) -> Result<ExitCode, ExitCode> {
    let program = find(options)?;
    if let Some(refusal) = preflight::check(&program) {
        let path = program.path.display();
        complain(format_args!("{path} cannot be helped: {refusal}"));
        return Err(fail(
            CANNOT_RUN,
            format_args!("instead: {}", refusal.remedy()),
        ));
    }
    let preload = library::preload(options.library).map_err(|why| fail(FAILED, why))?;
    let mut command = Command::new(&options.program);
    command.args(&options.arguments).env("LD_PRELOAD", preload);
    if let Some(prefix) = prefix(options).map_err(|why| fail(FAILED, why))? {
        command.env("NATPT_PREFIX", prefix);
    }
    // in scope until the program is there
    let table = match options.library {
        Library::Bia => table::create(),
        Library::Shortcut => None,
    };
    if let Some(table) = &table {
        command.env(table::VARIABLE, table.path());
    }
    let why = command.exec();
    Err(cannot_run(options, &why))
}

/// The new NATPT_PREFIX; None leaves it as it is.
fn prefix(options: &Options) -> Result<Option<String>, String> {
    if let Some(prefix) = options.prefix {
        return Ok(Some(format!("{}/{}", prefix.addr(), prefix.len())));
    }
    // the user's own choice stands
    if env::var_os("NATPT_PREFIX").is_some() {
        return Ok(None);
    }
    match discovery::discover() {
        Ok(prefix) => Ok(Some(format!("{}/{}", prefix.addr(), prefix.len()))),
        // bia only wants to know which addresses the network makes
        Err(_) if options.library == Library::Bia => Ok(None),
        Err(why) => Err(why),
    }
}

fn find(options: &Options) -> Result<Program, ExitCode> {
    program::find(&options.program).map_err(|why| cannot_run(options, &why))
}

fn cannot_run(options: &Options, why: &std::io::Error) -> ExitCode {
    let status = match why.kind() {
        ErrorKind::NotFound => NOT_FOUND,
        _ => CANNOT_RUN,
    };
    let program = options.program.to_string_lossy();
    fail(status, format_args!("{program}: {why}"))
}

fn fail(status: u8, why: impl Display) -> ExitCode {
    complain(why);
    ExitCode::from(status)
}

fn complain(why: impl Display) {
    eprintln!("natptrun: {why}");
}
