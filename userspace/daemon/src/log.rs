// SPDX-License-Identifier: GPL-2.0

//! The log: standard error, or syslog once the daemon is in the background.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::OnceLock;

/// syslog's severities.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Level {
    Error = 3,
    Warning = 4,
    Info = 6,
    Debug = 7,
}

/// The facility of daemons.
const DAEMON: u8 = 3 << 3;

static NAME: OnceLock<&str> = OnceLock::new();
static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
static SYSLOG: OnceLock<UnixDatagram> = OnceLock::new();

pub(crate) fn open(name: &'static str, level: Level) {
    let _ = NAME.set(name);
    set_level(level);
}

pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Log to syslog from now on, if there is one.
pub(crate) fn to_syslog() {
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
    write(Level::Error, || text);
}

pub fn warning(text: &str) {
    write(Level::Warning, || text);
}

pub fn info(text: &str) {
    write(Level::Info, || text);
}

/// The text is made only when it is wanted.
pub fn debug(text: impl FnOnce() -> String) {
    write(Level::Debug, text);
}

fn write<T: AsRef<str>>(level: Level, text: impl FnOnce() -> T) {
    let level = level as u8;
    if level > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let text = text();
    let text = text.as_ref();
    let name = NAME.get().unwrap_or(&"daemon");
    if let Some(socket) = SYSLOG.get() {
        let pid = std::process::id();
        let line = format!("<{}>{name}[{pid}]: {text}", DAEMON | level);
        let _ = socket.send(line.as_bytes());
        return;
    }
    let line = match std::env::var_os("JOURNAL_STREAM") {
        Some(_) => format!("<{level}>{text}\n"),
        None => format!("{name}: {text}\n"),
    };
    // A line at a time, whoever else writes there; and nobody dies of it.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
