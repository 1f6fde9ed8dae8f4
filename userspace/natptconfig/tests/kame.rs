// SPDX-License-Identifier: GPL-2.0

//! docs/kame.md has a row for all that KAME had, and each names tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

/// Prefix of the rows' names and their number.
const ROWS: [(char, usize); 9] = [
    ('C', 46),
    ('P', 19),
    ('S', 16),
    ('H', 22),
    ('I', 12),
    ('A', 16),
    ('L', 12),
    ('T', 17),
    ('F', 12),
];

struct Row {
    name: String,
    state: String,
    last: String,
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(top().join("docs/kame.md")).unwrap()
}

fn rows() -> Vec<Row> {
    let page = page();
    let cells = page.lines().filter_map(|line| {
        let line = line.strip_prefix("| ")?.strip_suffix('|')?;
        let cells: Vec<_> = line
            .split('|')
            .map(|cell| cell.trim().to_string())
            .collect();
        <[String; 4]>::try_from(cells).ok()
    });
    let rows = cells.filter(|[name, ..]| {
        name.len() == 3 && name[1..].bytes().all(|byte| byte.is_ascii_digit())
    });
    rows.map(|[name, _, state, last]| Row { name, state, last })
        .collect()
}

/// Whether a Rust file under a directory has a test of this name.
fn has_function(dir: &Path, name: &str) -> bool {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| {
        if path.is_dir() {
            return has_function(&path, name);
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let is_rust = path.extension().is_some_and(|end| end == "rs");
        is_rust && text.contains(&format!("fn {name}()"))
    })
}

fn is_there(test: &str) -> bool {
    let tests = top().join("tests");
    if let Some((krate, name)) = test.split_once("::") {
        return has_function(&top().join("userspace").join(krate), name);
    }
    match test {
        // What is installed is looked at outside of the VM, packages in one of their own.
        "install" => tests.join("host/install.sh").is_file(),
        "packages" => tests.join("packages/guest").is_file(),
        case if case.ends_with(".case") => tests.join("packets").join(case).is_file(),
        name => tests.join(format!("selftests/{name}.sh")).is_file(),
    }
}

#[test]
fn every_row_is_there() {
    let all = ROWS
        .iter()
        .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number:02}")));
    let found: Vec<_> = rows().into_iter().map(|row| row.name).collect();
    assert_eq!(found, all.collect::<Vec<_>>());
    assert_eq!(found.len(), 172);
}

#[test]
fn states_and_tests() {
    for Row { name, state, last } in rows() {
        match &*state {
            "works" => {
                for test in last.split(", ") {
                    assert!(is_there(test), "{name}: no test is called {test}");
                }
            }
            "different" => assert!(!last.is_empty(), "{name}: no reason"),
            "missing" => (),
            _ => panic!("{name}: {state}"),
        }
    }
}

#[test]
fn the_count_is_right() {
    let rows = rows();
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let line = format!(
        "**{} work, {} are different, {} are missing.**",
        count("works"),
        count("different"),
        count("missing")
    );
    assert!(page().lines().any(|one| one == line), "write: {line}");
}
