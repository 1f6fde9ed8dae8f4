// SPDX-License-Identifier: GPL-2.0

//! The socket that takes commands, each a datagram: whoever may write to it may give them.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;

use totd::wire::Name;

/// The longest command.
const LONGEST: usize = 512;

/// A command.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Forget a name and those below it, or everything.
    Flush(Option<Name>),
}

/// Beside the socket that tells what is counted.
fn path(status: &str) -> String {
    format!("{status}.control")
}

pub fn listen(status: &str) -> io::Result<UnixDatagram> {
    let path = path(status);
    // Left by a process that is gone, if it is there at all.
    if UnixDatagram::unbound()?.connect(&path).is_err() {
        let _ = fs::remove_file(&path);
    }
    let socket = UnixDatagram::bind(&path)?;
    socket.set_nonblocking(true)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(socket)
}

/// The next command; None: nobody has one.
pub fn take(socket: &UnixDatagram) -> Option<Result<Command, String>> {
    let mut buffer = [0; LONGEST];
    let len = socket.recv(&mut buffer).ok()?;
    let text = String::from_utf8_lossy(buffer.get(..len)?);
    Some(parse(&text))
}

/// `flush [NAME]`
fn parse(text: &str) -> Result<Command, String> {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("flush"), None, _) => Ok(Command::Flush(None)),
        (Some("flush"), Some(name), None) => match Name::from_text(name) {
            Some(name) => Ok(Command::Flush(Some(name))),
            None => Err(format!("'{name}' is no name")),
        },
        _ => Err(format!("'{}' is no command", text.trim())),
    }
}

/// Let the running daemon forget `name`, or everything if it is empty.
pub fn flush(status: &str, name: &str) -> Result<(), String> {
    let command = format!("flush {name}");
    parse(&command)?;
    let path = path(status);
    let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to(command.as_bytes(), &path));
    sent.map(drop)
        .map_err(|problem| format!("{path}: {problem}; is totd running, and may you write there?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // fault: names-14
    #[test]
    fn commands() {
        let name = Name::from_text("www.example.");
        assert_eq!(parse("flush"), Ok(Command::Flush(None)));
        assert_eq!(parse("flush www.example\n"), Ok(Command::Flush(name)));
        for wrong in [
            "",
            "flush a b",
            "flash",
            &format!("flush {}", "x".repeat(64)),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
