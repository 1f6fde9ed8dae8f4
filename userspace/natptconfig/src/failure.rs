// SPDX-License-Identifier: GPL-2.0

//! Why nothing more is shown.

use std::io;

use natpt_netlink::Error;

use crate::block::Whose;

pub enum Failure {
    Netlink(Error),
    Output(io::Error),
    /// No variable has this name, and what is to be said about it.
    Unknown(String, String),
    /// It is in no block of a rule.
    NoBlock(Whose),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Netlink(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}
