// SPDX-License-Identifier: GPL-2.0

//! Listening sockets from systemd, sd_listen_fds(3).

#![allow(unsafe_code)]

use std::net::TcpListener;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use nix::fcntl::{fcntl, FcntlArg, FdFlag};
use nix::sys::socket::{getsockopt, sockopt};

const FIRST: RawFd = 3;

pub fn listeners() -> Result<Vec<TcpListener>, String> {
    let number = |name| std::env::var(name).ok()?.parse::<i32>().ok();
    if number("LISTEN_PID") != i32::try_from(std::process::id()).ok() {
        return Ok(Vec::new());
    }
    let count = number("LISTEN_FDS").unwrap_or(0).max(0);
    (FIRST..FIRST.saturating_add(count)).map(listener).collect()
}

fn listener(fd: RawFd) -> Result<TcpListener, String> {
    // SAFETY: LISTEN_PID says that these descriptors are for this process, which took none yet.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let what = |problem: &str| format!("socket {fd} from LISTEN_FDS: {problem}");
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(|errno| what(errno.desc()))?;
    if getsockopt(&socket, sockopt::AcceptConn) != Ok(true) {
        return Err(what("it does not listen (Accept=yes is not supported)"));
    }
    let listener = TcpListener::from(socket);
    listener
        .set_nonblocking(true)
        .map_err(|problem| what(&problem.to_string()))?;
    Ok(listener)
}
