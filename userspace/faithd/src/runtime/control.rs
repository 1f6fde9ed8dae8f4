// SPDX-License-Identifier: GPL-2.0

//! An FTP control connection: lines instead of bytes, both ways.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use faithd::ftp::{Ftp, FtpListeners};
use nix::errno::Errno;
use nix::Result;

use super::splice::{Progress, Side};

/// The longest line.
const LINE: usize = 8192;
/// Nothing is read while so much waits to be written.
const WAITING: usize = 65_536;

const CLIENT: usize = 0;
const SERVER: usize = 1;

pub struct Control {
    ftp: Ftp,
    /// Input from each side, up to a whole line.
    input: [Vec<u8>; 2],
    /// Output to each side.
    output: [Vec<u8>; 2],
    ended: [bool; 2],
    passed: [bool; 2],
}

impl Control {
    pub fn new(ftp: Ftp) -> Self {
        Self {
            ftp,
            input: Default::default(),
            output: Default::default(),
            ended: [false; 2],
            passed: [false; 2],
        }
    }

    pub fn is_over(&self) -> bool {
        self.passed == [true; 2]
    }

    /// Do what can be done without waiting; an error as for `Splice`.
    pub fn run(
        &mut self,
        sides: &mut [Side; 2],
        listeners: &mut impl FtpListeners,
    ) -> Result<Progress> {
        let mut progress = Progress::default();
        loop {
            let mut idle = true;
            for (at, side) in sides.iter_mut().enumerate() {
                idle &= !self.read(at, side);
                self.lines(at, listeners)?;
            }
            for (at, side) in sides.iter_mut().enumerate() {
                let count = self.write(at, side);
                progress.moved += count;
                idle &= count == 0;
            }
            for at in [CLIENT, SERVER] {
                let (from, to) = (&sides[at], &sides[CLIENT + SERVER - at]);
                if from.failed && (to.failed || self.is_passed(at)) {
                    return Err(Errno::ECONNRESET);
                }
                if self.is_passed(at) && !self.passed[at] {
                    let _ = to.socket.shutdown(Shutdown::Write);
                    self.passed[at] = true;
                }
            }
            if idle {
                return Ok(progress);
            }
        }
    }

    /// True if all that came from there is written.
    fn is_passed(&self, from: usize) -> bool {
        self.ended[from] && self.output[CLIENT + SERVER - from].is_empty()
    }

    fn read(&mut self, at: usize, side: &mut Side) -> bool {
        if at == CLIENT && side.failed && self.ftp.is_behind() {
            // nobody is there to see the replies that come first
            self.ended[at] = true;
        }
        let waiting = self.output.iter().any(|output| output.len() >= WAITING);
        let waiting = waiting || (at == CLIENT && self.ftp.is_behind());
        if waiting || self.ended[at] || !side.readable {
            return false;
        }
        let mut buffer = [0; 4096];
        match side.socket.read(&mut buffer) {
            Ok(0) => self.ended[at] = true,
            Ok(count) => self.input[at].extend(&buffer[..count]),
            Err(problem) if problem.kind() == ErrorKind::Interrupted => (),
            Err(problem) if problem.kind() == ErrorKind::WouldBlock => {
                side.readable = false;
                return false;
            }
            Err(_) => {
                side.failed = true;
                self.ended[at] = true;
            }
        }
        true
    }

    fn lines(&mut self, from: usize, listeners: &mut impl FtpListeners) -> Result<()> {
        let [to_client, to_server] = &mut self.output;
        let input = &mut self.input[from];
        while !self.ftp.is_opaque() {
            let Some(end) = input.iter().position(|&byte| byte == b'\n') else {
                break;
            };
            let line: Vec<u8> = input.drain(..=end).collect();
            match from {
                CLIENT => self.ftp.command(&line, listeners, to_server, to_client),
                _ => self.ftp.reply(&line, listeners, to_client),
            }
        }
        // a reply that ends without a newline, too; a command would get past us
        if self.ftp.is_opaque() || (from == SERVER && self.ended[from]) {
            match from {
                CLIENT => to_server.append(input),
                _ => to_client.append(input),
            }
        }
        match input.len() {
            0..=LINE => Ok(()),
            _ => Err(Errno::EMSGSIZE),
        }
    }

    fn write(&mut self, to: usize, side: &mut Side) -> usize {
        let output = &mut self.output[to];
        let mut written = 0;
        while side.writable && written < output.len() {
            match side.socket.write(&output[written..]) {
                Ok(count) => written += count,
                Err(problem) if problem.kind() == ErrorKind::Interrupted => (),
                Err(problem) if problem.kind() == ErrorKind::WouldBlock => side.writable = false,
                Err(_) => side.failed = true,
            }
            if side.failed {
                written = output.len();
            }
        }
        output.drain(..written);
        written
    }
}
