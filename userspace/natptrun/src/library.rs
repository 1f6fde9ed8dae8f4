// SPDX-License-Identifier: GPL-2.0

//! The libraries' places, and the loader's variable.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The two libraries; a program gets one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    Bia,
    Shortcut,
}

impl Library {
    const fn file(self) -> &'static str {
        match self {
            Library::Bia => "libbia.so",
            Library::Shortcut => "libshortcut.so",
        }
    }

    const fn other(self) -> Self {
        match self {
            Library::Bia => Library::Shortcut,
            Library::Shortcut => Library::Bia,
        }
    }

    /// NATPT_LIB names the directory; else it is near this program, or where packages put it.
    fn path(self) -> Result<PathBuf, String> {
        let directories = match env::var_os("NATPT_LIB") {
            Some(directory) => vec![PathBuf::from(directory)],
            None => directories(),
        };
        let mut paths = directories
            .iter()
            .map(|directory| directory.join(self.file()));
        paths.find(|path| path.is_file()).ok_or_else(|| {
            let tried: Vec<_> = directories
                .iter()
                .map(|one| one.to_string_lossy())
                .collect();
            format!(
                "{} is not in {}: set NATPT_LIB to its directory",
                self.file(),
                tried.join(", ")
            )
        })
    }
}

fn directories() -> Vec<PathBuf> {
    let here = env::current_exe().ok();
    let here = here.as_ref().and_then(|exe| exe.parent());
    let near = here.map(|bin| [bin.to_owned(), bin.join("../lib/natpt"), bin.join("../lib")]);
    let mut directories: Vec<_> = near.into_iter().flatten().collect();
    directories.push("/usr/lib/natpt".into());
    directories
}

/// The new LD_PRELOAD: the old one, and the library.
pub fn preload(library: Library) -> Result<OsString, String> {
    append(env::var_os("LD_PRELOAD"), library, library.path()?)
}

fn append(before: Option<OsString>, library: Library, path: PathBuf) -> Result<OsString, String> {
    let path = path.canonicalize().unwrap_or(path);
    if path.as_os_str().as_bytes().iter().any(|&c| separates(c)) {
        return Err(format!(
            "{}: the loader splits this path at blanks and colons: move the library",
            path.display()
        ));
    }
    let mut preload = before.unwrap_or_default();
    if holds(&preload, library.other()) {
        return Err(format!(
            "LD_PRELOAD already names {}, and bia and shortcut do not go together: unset it",
            library.other().file()
        ));
    }
    if !holds(&preload, library) {
        if !preload.is_empty() {
            preload.push(":");
        }
        preload.push(path);
    }
    Ok(preload)
}

fn holds(preload: &OsStr, library: Library) -> bool {
    let mut paths = preload.as_bytes().split(|&c| separates(c));
    paths.any(|path| path.rsplit(|&c| c == b'/').next() == Some(library.file().as_bytes()))
}

const fn separates(c: u8) -> bool {
    matches!(c, b' ' | b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(before: &str) -> Result<String, String> {
        let path = "/nowhere/libbia.so".into();
        append(Some(before.into()), Library::Bia, path).map(|text| text.into_string().unwrap())
    }

    #[test]
    fn what_was_there_stays() {
        assert_eq!(appended("").unwrap(), "/nowhere/libbia.so");
        assert_eq!(
            appended("a.so b.so").unwrap(),
            "a.so b.so:/nowhere/libbia.so"
        );
        assert_eq!(appended("/x/libbia.so").unwrap(), "/x/libbia.so");
    }

    #[test]
    fn never_both() {
        let why = appended("a.so:/x/libshortcut.so").unwrap_err();
        assert!(why.contains("already names libshortcut.so"));
    }

    #[test]
    fn a_path_that_the_loader_would_split() {
        let path = "/no where/libbia.so".into();
        assert!(append(None, Library::Bia, path).is_err());
    }
}
