// SPDX-License-Identifier: GPL-2.0

//! Statements of a file, read whole before anything is done.

use std::fs::File;
use std::io::{self, Read};

use crate::parser::{self, Change, Line};
use crate::problem::Problem;

/// Largest file in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A change, and the line it stands in.
#[derive(Debug)]
pub struct Placed {
    pub line: usize,
    pub change: Change,
}

/// The bytes of a file; `-` is standard input.
pub fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("longer than {MAX_FILE} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// All changes, or all that is wrong, by line.
pub fn parse(text: &[u8]) -> Result<Vec<Placed>, Vec<(usize, Problem)>> {
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    for (line, bytes) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        match parser::parse(bytes) {
            Ok(Some(Line::Change(change))) => changes.push(Placed { line, change }),
            Ok(None) => (),
            Ok(Some(Line::Show(_) | Line::Monitor(_) | Line::Log(_) | Line::Help(_))) => {
                let message = "only on the command line: a file holds prefix, map, set and session";
                problems.push((line, Problem::new(1, message)));
            }
            Err(problem) => problems.push((line, problem)),
        }
    }
    if problems.is_empty() {
        Ok(changes)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told() {
        let text = b"map enable\nprefix x\n\n# fine\nmap flush now\r\nshow rules\n";
        let problems = parse(text).unwrap_err();
        let told: Vec<_> = problems
            .iter()
            .map(|(line, problem)| format!("{line}:{}: {}", problem.column, problem.message))
            .collect();
        assert_eq!(
            told,
            [
                "2:8: unexpected `x`: expected V6/LENGTH or flush",
                "5:11: unexpected `now`: expected all, keep or the end",
                "6:1: only on the command line: a file holds prefix, map, set and session",
            ]
        );
    }

    #[test]
    fn the_example_is_valid() {
        let text = include_bytes!("../../../configs/natpt.conf");
        let changes = parse(text).unwrap();
        assert_eq!(changes.len(), 6);
        // So are the lines that are commented out.
        let lines = text.split(|&byte| byte == b'\n');
        let off = lines.filter_map(|line| line.strip_prefix(b"#"));
        let off: Vec<_> = off
            .filter(|line| !line.starts_with(b" ") && !line.is_empty())
            .collect();
        assert!(off.len() > 3);
        for line in off {
            assert!(matches!(parser::parse(line), Ok(Some(Line::Change(_)))));
        }
    }
}
