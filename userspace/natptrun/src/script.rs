// SPDX-License-Identifier: GPL-2.0

//! The programs that a shell script runs, as far as its text tells without running it.

use std::ffi::OsStr;
use std::fs;

use crate::program::{self, Program};

/// More is no script that somebody wrote.
const LONGEST: usize = 1 << 20;

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ksh", "mksh", "zsh"];

/// Words behind which a command begins, and those that run what follows them.
const BEFORE: [&str; 17] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "(", "exec", "command",
    "nohup", "nice", "time", "sudo", "env",
];

/// Those that are found.
pub fn commands(script: &Program) -> Vec<Program> {
    let shell = script.files.iter().any(|file| {
        let name = file.path.file_name().and_then(OsStr::to_str);
        name.is_some_and(|name| SHELLS.contains(&name))
    });
    if !shell
        || script
            .files
            .iter()
            .any(|file| file.path == script.path && file.elf.is_some())
    {
        return Vec::new();
    }
    let text = fs::read(&script.path).unwrap_or_default();
    let text = String::from_utf8_lossy(text.get(..LONGEST).unwrap_or(&text));
    let mut names: Vec<&str> = text.lines().flat_map(names).collect();
    names.sort_unstable();
    names.dedup();
    let found = names
        .into_iter()
        .map(|name| program::find(OsStr::new(name)));
    found.filter_map(Result::ok).collect()
}

/// The first words of a line's commands.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let line = match line.trim_start().starts_with('#') {
        true => "",
        false => line,
    };
    line.split([';', '|', '&']).filter_map(|command| {
        let mut words = command.split_whitespace();
        // behind variables and options of what runs it
        let name = words
            .find(|word| !BEFORE.contains(word) && !word.starts_with('-') && !word.contains('='))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._+-".contains(c);
        name.chars().all(plain).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // fault: names-20
    #[test]
    fn commands_of_a_line() {
        for (line, expected) in [
            ("exec java -jar x.jar", &["java"][..]),
            ("A=1 B=2 nohup /opt/x/run --fast &", &["/opt/x/run"]),
            (
                "if test -e x; then fzf | cat; fi",
                &["test", "fzf", "cat", "fi"],
            ),
            ("# exec fzf", &[]),
            ("\"$HOME\"/run", &[]),
            ("", &[]),
        ] {
            assert_eq!(names(line).collect::<Vec<_>>(), expected, "{line}");
        }
    }
}
