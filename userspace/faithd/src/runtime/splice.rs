// SPDX-License-Identifier: GPL-2.0

//! One direction of a connection: bytes, urgent bytes and the end, in their order.

use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::fcntl::{splice, SpliceFFlags};
use nix::sys::socket::{recv, send, MsgFlags};
use nix::Result;

use super::pipes::{Pipe, Pipes, CAPACITY};
use super::sockets;

/// Fillings of the pipe before other connections have their turn.
const TURN: usize = 8;

/// A socket, and what is known of it until it says EAGAIN: epoll tells changes only.
pub struct Side {
    pub socket: TcpStream,
    pub readable: bool,
    pub writable: bool,
    /// An urgent byte is to come.
    pub urgent: bool,
    /// The connection to its peer is lost. What came before may still be there to read.
    pub failed: bool,
}

impl Side {
    pub fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            readable: false,
            writable: false,
            urgent: false,
            failed: false,
        }
    }
}

#[derive(Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    Read,
    Passed,
}

#[derive(Default)]
pub struct Splice {
    /// There while it holds something.
    pipe: Option<Pipe>,
    held: usize,
    urgent: Option<u8>,
    end: End,
}

/// The work of one turn.
#[derive(Default)]
pub struct Progress {
    pub moved: usize,
    /// There may be more to do at once.
    pub more: bool,
}

impl Splice {
    pub fn is_over(&self) -> bool {
        self.end == End::Passed
    }

    /// Do what can be done without waiting. It is an error when a side has failed and all that came
    /// from it is passed on, or cannot be.
    pub fn run(&mut self, from: &mut Side, to: &mut Side, pipes: &mut Pipes) -> Result<Progress> {
        let mut progress = Progress::default();
        for _ in 0..TURN {
            if !to.failed && !self.empty(to, pipes, &mut progress)? {
                return Ok(progress);
            }
            if from.failed && (to.failed || self.end != End::Open) {
                return Err(Errno::ECONNRESET);
            }
            if to.failed {
                return Ok(progress);
            }
            if self.end == End::Read {
                // The peer may have gone already.
                let _ = to.socket.shutdown(Shutdown::Write);
                self.end = End::Passed;
            }
            if self.end == End::Passed || !self.fill(from, pipes)? {
                return Ok(progress);
            }
        }
        progress.more = true;
        Ok(progress)
    }

    /// Pass on what is held; false if something is left.
    fn empty(&mut self, to: &mut Side, pipes: &mut Pipes, progress: &mut Progress) -> Result<bool> {
        while let Some(pipe) = &self.pipe {
            if !to.writable {
                return Ok(false);
            }
            match splice(&pipe.output, None, &to.socket, None, self.held, flags()) {
                Ok(count) => {
                    self.held = self.held.saturating_sub(count);
                    progress.moved += count;
                }
                Err(Errno::EINTR) => (),
                Err(Errno::EAGAIN) => to.writable = false,
                Err(_) => {
                    to.failed = true;
                    return Ok(true);
                }
            }
            if self.held == 0 {
                self.pipe
                    .take()
                    .into_iter()
                    .for_each(|pipe| pipes.put(pipe));
            }
        }
        while let Some(byte) = self.urgent {
            if !to.writable {
                return Ok(false);
            }
            match send(to.socket.as_raw_fd(), &[byte], MsgFlags::MSG_OOB) {
                Ok(_) => {
                    self.urgent = None;
                    progress.moved += 1;
                }
                Err(Errno::EINTR) => (),
                Err(Errno::EAGAIN) => to.writable = false,
                Err(_) => {
                    to.failed = true;
                    return Ok(true);
                }
            }
        }
        Ok(true)
    }

    /// Take what there is; false if that is nothing.
    fn fill(&mut self, from: &mut Side, pipes: &mut Pipes) -> Result<bool> {
        if !from.readable {
            return Ok(false);
        }
        if from.urgent && at_mark(&from.socket)? {
            return self.fill_urgent(from);
        }
        let pipe = pipes.take()?;
        match splice(&from.socket, None, &pipe.input, None, CAPACITY, flags()) {
            Ok(count) if count > 0 => {
                self.pipe = Some(pipe);
                self.held = count;
                return Ok(true);
            }
            // Also where an urgent byte is next.
            Ok(_) if at_mark(&from.socket)? => from.urgent = true,
            Ok(_) => self.end = End::Read,
            Err(Errno::EAGAIN) => from.readable = false,
            Err(Errno::EINTR) => (),
            Err(_) => self.fail(from),
        }
        pipes.put(pipe);
        Ok(from.readable)
    }

    fn fill_urgent(&mut self, from: &mut Side) -> Result<bool> {
        let mut byte = [0];
        match recv(from.socket.as_raw_fd(), &mut byte, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => self.end = End::Read,
            Ok(_) => {
                self.urgent = Some(byte[0]);
                from.urgent = false;
            }
            Err(Errno::EAGAIN) => from.readable = false,
            Err(Errno::EINTR) => (),
            Err(_) => self.fail(from),
        }
        Ok(from.readable)
    }

    /// Nothing more comes, for `from` has failed.
    fn fail(&mut self, from: &mut Side) {
        from.failed = true;
        self.end = End::Read;
    }
}

fn flags() -> SpliceFFlags {
    SpliceFFlags::SPLICE_F_NONBLOCK | SpliceFFlags::SPLICE_F_MOVE
}

/// True if the next byte is the urgent one, sockatmark(3).
fn at_mark(socket: &TcpStream) -> Result<bool> {
    const SIOCATMARK: libc::Ioctl = 0x8905;
    sockets::ask(socket, SIOCATMARK).map(|answer| answer != 0)
}
