// SPDX-License-Identifier: GPL-2.0

//! The files that a name stands for, as the shell sees it.

use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// The files from this directory on, in the order of their names; there may be none where `*`, `?` or `[` is
/// in the name, and it alone else. Fails where the pattern is wrong or a directory cannot be read.
pub fn matching(dir: &Path, file: &str) -> io::Result<Vec<PathBuf>> {
    if !file.contains(['*', '?', '[']) {
        return Ok(vec![dir.join(file)]);
    }
    let pattern = Path::new(&Pattern::escape(&dir.to_string_lossy())).join(file);
    let options = MatchOptions {
        require_literal_leading_dot: true,
        ..MatchOptions::new()
    };
    let paths = glob::glob_with(&pattern.to_string_lossy(), options)
        .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why.msg))?;
    paths.map(|path| path.map_err(io::Error::from)).collect()
}
