// SPDX-License-Identifier: GPL-2.0

//! Connections to this box's own addresses: a program serves them, as inetd's do.

#![allow(unsafe_code)]

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::SigSet;
use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
use nix::unistd::Pid;

/// `command` is a program's path, its argv[0], and its arguments.
pub fn serve(command: &[String], socket: &TcpStream) -> io::Result<()> {
    let (path, arguments) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    socket.set_nonblocking(false)?;
    let copy = || socket.try_clone().map(OwnedFd::from);
    let mut program = Command::new(path);
    program
        .arg0(arguments.first().unwrap_or(path))
        .args(arguments.iter().skip(1))
        .stdin(copy()?)
        .stdout(copy()?)
        .stderr(copy()?);
    // SAFETY: between fork and exec this is one system call, which allocates nothing.
    unsafe {
        // The signals that we have blocked to read them are not blocked for it.
        program.pre_exec(|| Ok(SigSet::empty().thread_set_mask()?));
    }
    program.spawn().map(drop)
}

/// Take leave of the programs that have ended; return how many.
pub fn reap() -> usize {
    let mut count = 0;
    while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
        count += 1;
    }
    count
}
