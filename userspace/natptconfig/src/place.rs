// SPDX-License-Identifier: GPL-2.0

//! Where something stands in files.

/// A line, by its number from 1, of a file, by its place among those that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: usize,
    pub line: usize,
}

/// A column of a line, and its name for the user.
pub struct Spot {
    pub place: Place,
    pub column: usize,
    pub text: String,
}
