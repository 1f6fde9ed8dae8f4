// SPDX-License-Identifier: GPL-2.0

//! Writes the Rust that follows from the netlink spec, or checks that it is written.

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: natpt-specgen [--check] [ROOT-OF-THE-TREE]";

fn main() -> ExitCode {
    let mut check = false;
    let mut root = None;
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "--check" => check = true,
            "--help" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            _ if root.is_none() && !word.starts_with('-') => root = Some(word),
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match run(Path::new(root.as_deref().unwrap_or(".")), check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("natpt-specgen: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, check: bool) -> Result<(), String> {
    let mut stale = Vec::new();
    for (path, text) in natpt_specgen::outputs(root)? {
        let file = root.join(&path);
        // Untouched when it is right already, so that nothing is built again.
        if std::fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            std::fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))?;
        }
    }
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale, run natpt-specgen: {}", stale.join(", ")))
    }
}
