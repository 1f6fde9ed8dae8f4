// SPDX-License-Identifier: GPL-2.0

//! What the daemon has to say: to standard error, or to syslog once it is in the background.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::OnceLock;

const ERR: u8 = 3;
const WARNING: u8 = 4;
const INFO: u8 = 6;
const DEBUG: u8 = 7;
/// The facility of daemons.
const DAEMON: u8 = 3 << 3;

static LEVEL: AtomicU8 = AtomicU8::new(INFO);
static SYSLOG: OnceLock<UnixDatagram> = OnceLock::new();

pub fn quiet() {
    LEVEL.store(WARNING, Ordering::Relaxed);
}

pub fn verbose() {
    LEVEL.store(DEBUG, Ordering::Relaxed);
}

/// From now on to syslog, if there is one.
pub fn to_syslog() {
    let socket = UnixDatagram::unbound().and_then(|socket| {
        socket.connect("/dev/log")?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    if let Ok(socket) = socket {
        let _ = SYSLOG.set(socket);
    }
}

pub fn error(text: &str) {
    write(ERR, text);
}

pub fn warning(text: &str) {
    write(WARNING, text);
}

pub fn info(text: &str) {
    write(INFO, text);
}

/// The text is made only when it is wanted.
pub fn debug(text: impl FnOnce() -> String) {
    if LEVEL.load(Ordering::Relaxed) >= DEBUG {
        write(DEBUG, &text());
    }
}

fn write(level: u8, text: &str) {
    if level > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    if let Some(socket) = SYSLOG.get() {
        let pid = std::process::id();
        let line = format!("<{}>faithd[{pid}]: {text}", DAEMON | level);
        let _ = socket.send(line.as_bytes());
        return;
    }
    let line = match std::env::var_os("JOURNAL_STREAM") {
        Some(_) => format!("<{level}>{text}\n"),
        None => format!("faithd: {text}\n"),
    };
    // A line at a time, whoever else writes there; and nobody dies of it.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
