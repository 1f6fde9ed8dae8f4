// SPDX-License-Identifier: GPL-2.0

//! Standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Write a line to who may have gone.
pub fn say(text: impl Display) {
    // Who does not listen is told nothing.
    let _ = writeln!(io::stderr(), "{text}");
}
