// SPDX-License-Identifier: GPL-2.0

//! Pipes for splice(2). A connection has one only while something waits in it.

use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use nix::Result;

/// The size of a pipe, and so the most that is ever held of one direction.
pub const CAPACITY: usize = 65_536;
/// Empty pipes kept for the next connection.
const SPARE: usize = 64;

pub struct Pipe {
    pub output: OwnedFd,
    pub input: OwnedFd,
}

#[derive(Default)]
pub struct Pipes(Vec<Pipe>);

impl Pipes {
    pub fn take(&mut self) -> Result<Pipe> {
        if let Some(pipe) = self.0.pop() {
            return Ok(pipe);
        }
        let (output, input) = pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        Ok(Pipe { output, input })
    }

    /// Take an empty pipe back.
    pub fn put(&mut self, pipe: Pipe) {
        if self.0.len() < SPARE {
            self.0.push(pipe);
        }
    }
}
