// SPDX-License-Identifier: GPL-2.0

//! Writes what follows from the netlink spec; tests/stale.rs checks that it is written.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [root] = &words[..] else {
        eprintln!("usage: natpt-specgen ROOT-OF-THE-TREE");
        return ExitCode::from(2);
    };
    match run(Path::new(root)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("natpt-specgen: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path) -> Result<(), String> {
    for (path, text) in natpt_specgen::outputs(root)? {
        let file = root.join(&path);
        // Untouched when it is right already, so that nothing is built again.
        if std::fs::read_to_string(&file).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))?;
        println!("{path}");
    }
    Ok(())
}
