// SPDX-License-Identifier: GPL-2.0
//! natpt-packets DIRECTORY [WORD]: runs the packet cases (whose name contains WORD) against the
//! module that is loaded, as root, on all processors. Prints "ok NAME" and "not ok NAME".

use std::{
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

use natpt_packets::{case, vm};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(directory) = args.next() else {
        eprintln!("usage: natpt-packets DIRECTORY [WORD]");
        return ExitCode::from(2);
    };
    let word = args.next().unwrap_or_default();
    let mut cases = match case::read_all(Path::new(&directory)) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("natpt-packets: {error}");
            return ExitCode::from(2);
        }
    };
    cases.retain(|case| case.name.contains(&word));
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
            match vm::run(case) {
                Ok(()) => println!("ok {}", case.name),
                Err(error) => println!("not ok {}\n{error}", case.name),
            }
        }
    };
    thread::scope(|scope| {
        // A namespace is its thread's own.
        for _ in 0..thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(work);
        }
    });
    ExitCode::SUCCESS
}
