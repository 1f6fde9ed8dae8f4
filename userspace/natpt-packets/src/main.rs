// SPDX-License-Identifier: GPL-2.0
//! natpt-packets DIRECTORY [WORD]: runs the packet cases (whose name contains WORD) against the
//! module that is loaded, as root. Prints "ok NAME" and "not ok NAME".

use std::{path::Path, process::ExitCode};

use natpt_packets::{case, vm};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(directory) = args.next() else {
        eprintln!("usage: natpt-packets DIRECTORY [WORD]");
        return ExitCode::from(2);
    };
    let word = args.next().unwrap_or_default();
    let cases = match case::read_all(Path::new(&directory)) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("natpt-packets: {error}");
            return ExitCode::from(2);
        }
    };
    for case in cases.iter().filter(|case| case.name.contains(&word)) {
        match vm::run(case) {
            Ok(()) => println!("ok {}", case.name),
            Err(error) => println!("not ok {}\n{error}", case.name),
        }
    }
    ExitCode::SUCCESS
}
