// SPDX-License-Identifier: GPL-2.0

//! The files that a name with `*` in it stands for.

use std::io;
use std::path::{Path, PathBuf};
use std::{ffi::OsStr, fs};

/// The files in the order of their names, none if there are none like it; one without `*` may be missing.
pub fn matching(path: &Path) -> io::Result<Vec<PathBuf>> {
    let name = path.file_name().and_then(OsStr::to_str);
    let dir = path.parent().unwrap_or(Path::new(""));
    if dir.to_string_lossy().contains('*') {
        let message = "only the last part of a file's name may have a *";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let Some(pattern) = name.filter(|name| name.contains('*')) else {
        return Ok(vec![path.into()]);
    };
    let listed = match dir.as_os_str().is_empty() {
        true => fs::read_dir("."),
        false => fs::read_dir(dir),
    };
    let entries = match listed {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| fits(pattern, name)) {
            paths.push(dir.join(name));
        }
    }
    paths.sort();
    Ok(paths)
}

/// As the shell sees it: a `*` at the beginning is not for names with a dot there.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last) && (!first.is_empty() || !name.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("*", "a.conf"),
            ("a*", "a"),
            ("a*b*c", "axxbyc"),
            ("a*b*c", "abbc"),
            (".*", ".a"),
            ("é*", "éa"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", "a.conf~"),
            ("*.conf", ".a.conf"),
            ("a*a", "a"),
            ("a*b*b", "ab"),
            ("a*b*c", "acb"),
            ("a*", "ba"),
            ("*a", "ab"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
