// SPDX-License-Identifier: GPL-2.0

//! A fault in a statement, and its place.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub column: usize,
    pub message: String,
}

impl Problem {
    pub fn new(column: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            message: message.into(),
        }
    }
}
