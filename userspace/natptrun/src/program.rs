// SPDX-License-Identifier: GPL-2.0

//! The files that the kernel will run, by the name on the command line.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::elf::Elf;

/// Depth to which the kernel follows interpreters that are scripts.
const DEPTH: usize = 5;

/// What execvp(3) gives files to that are neither programs nor name an interpreter.
const SHELL: &str = "/bin/sh";

/// A program, and those that run it if it is a script.
pub struct Program {
    pub path: PathBuf,
    pub files: Vec<Executable>,
}

/// One file that is run; None when it is neither a script nor a program of this machine.
pub struct Executable {
    pub path: PathBuf,
    pub elf: Option<Elf>,
}

pub fn find(name: &OsStr) -> io::Result<Program> {
    let path = search(name)?;
    let mut files = Vec::new();
    let mut next = vec![path.clone()];
    for _ in 0..DEPTH {
        for path in std::mem::take(&mut next) {
            match interpreters(&path)? {
                Some(names) => {
                    for name in names {
                        let found = search(&name);
                        next.push(found.map_err(|why| named(&name, &why))?);
                    }
                }
                None => {
                    let elf = Elf::read(&path)?;
                    if elf.is_none() && path != Path::new(SHELL) {
                        next.push(search(OsStr::new(SHELL))?);
                    }
                    files.push(Executable { elf, path });
                }
            }
        }
    }
    Ok(Program { path, files })
}

/// The interpreter that is the trouble.
fn named(name: &OsStr, why: &io::Error) -> io::Error {
    let text = format!("interpreter {}: {why}", name.to_string_lossy());
    io::Error::new(why.kind(), text)
}

/// Search for a program as execvp(3) does.
fn search(name: &OsStr) -> io::Result<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return executable(Path::new(name)).map(|()| name.into());
    }
    let mut problem = io::Error::from_raw_os_error(libc::ENOENT);
    let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    for directory in env::split_paths(&path) {
        let path = directory.join(name);
        match executable(&path) {
            Ok(()) => return Ok(path),
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => problem = why,
            Err(_) => (),
        }
    }
    Err(problem)
}

fn executable(path: &Path) -> io::Result<()> {
    let metadata = path.metadata()?;
    if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(libc::EACCES))
}

/// The programs that a script's first line names.
fn interpreters(path: &Path) -> io::Result<Option<Vec<OsString>>> {
    let mut start = Vec::new();
    File::open(path)?.take(256).read_to_end(&mut start)?;
    Ok(first_line(&start))
}

fn first_line(start: &[u8]) -> Option<Vec<OsString>> {
    let line = start.strip_prefix(b"#!")?.split(|&c| c == b'\n').next()?;
    let mut words = line
        .split(|c| matches!(c, b' ' | b'\t' | b'\r'))
        .filter(|word| !word.is_empty())
        .map(|word| OsString::from_vec(word.to_vec()));
    let interpreter = words.next()?;
    let by_env = Path::new(&interpreter).file_name() == Some(OsStr::new("env"));
    let mut interpreters = vec![interpreter];
    if by_env {
        interpreters.extend(after_env(words));
    }
    Some(interpreters)
}

/// The program that env(1) runs, behind its options and variables.
fn after_env(mut words: impl Iterator<Item = OsString>) -> Option<OsString> {
    loop {
        let word = words.next()?;
        match word.as_bytes() {
            // options with a word of their own
            b"-u" | b"--unset" | b"-C" | b"--chdir" => drop(words.next()),
            [b'-', ..] => (),
            text if text.contains(&b'=') => (),
            _ => return Some(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // fault: names-20
    #[test]
    fn first_lines() {
        for (text, words) in [
            ("#!/bin/sh\n", Some(&["/bin/sh"][..])),
            ("#! /bin/sh -e\nx", Some(&["/bin/sh"])),
            (
                "#!/usr/bin/env python3\n",
                Some(&["/usr/bin/env", "python3"]),
            ),
            (
                "#!/usr/bin/env -S A=1 perl -w\n",
                Some(&["/usr/bin/env", "perl"]),
            ),
            (
                "#!/usr/bin/env -u A -C / --unset=B C=1 perl\n",
                Some(&["/usr/bin/env", "perl"]),
            ),
            ("#!/usr/bin/env -u\n", Some(&["/usr/bin/env"])),
            ("#!\n", None),
            ("\x7fELF", None),
            ("", None),
        ] {
            let found = first_line(text.as_bytes());
            assert_eq!(
                found.as_deref(),
                words
                    .map(|words| words.iter().map(OsString::from).collect::<Vec<_>>())
                    .as_deref()
            );
        }
    }

    #[test]
    fn a_shell_is_found_and_has_a_loader() {
        let program = find(OsStr::new("sh")).unwrap();
        let elf = program.files.first().and_then(|file| file.elf.as_ref());
        assert!(elf.unwrap().interpreter.is_some());
    }

    #[test]
    fn what_is_missing_and_what_is_not_executable() {
        let missing = find(OsStr::new("natpt-no-such-program")).err().unwrap();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let forbidden = find(OsStr::new("/etc/passwd")).err().unwrap();
        assert_eq!(forbidden.kind(), io::ErrorKind::PermissionDenied);
    }
}
