// SPDX-License-Identifier: GPL-2.0

//! The socket that tells what is counted, and the program that asks it.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// The listening socket; everybody may ask.
pub fn listen(path: &str) -> io::Result<UnixListener> {
    if let Some(directory) = Path::new(path).parent() {
        fs::create_dir_all(directory)?;
    }
    if UnixStream::connect(path).is_err() {
        // Left by a process that is gone, if it is there at all.
        let _ = fs::remove_file(path);
    }
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Tell it to all who wait; nobody can make us wait.
pub fn tell(listener: &UnixListener, text: &str) {
    while let Ok((mut socket, _)) = listener.accept() {
        if socket.set_nonblocking(true).is_ok() {
            let _ = socket.write_all(text.as_bytes());
        }
    }
}

/// Ask the running daemon; the answer is in Prometheus' format.
pub fn query(path: &str) -> Result<String, String> {
    let mut text = String::new();
    UnixStream::connect(path)
        .and_then(|mut socket| socket.read_to_string(&mut text))
        .map_err(|problem| format!("{path}: {problem}; is totd running?"))?;
    Ok(text)
}

/// The same for people: value and meaning.
pub fn table(metrics: &str) -> String {
    let mut table = String::new();
    let mut meaning = "";
    for line in metrics.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            meaning = help.split_once(' ').map_or("", |(_, text)| text);
        } else if let Some((name, value)) = line.split_once(' ') {
            if name != "#" {
                let meaning = meaning.trim_end_matches('.');
                table.push_str(&format!("{value:>12}  {meaning}\n"));
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people() {
        let metrics = totd::proxy::Stats::default().prometheus(&[("one", "One thing.", 7)]);
        let table = table(&metrics);
        assert!(
            table.contains("           0  Queries over UDP\n"),
            "{table}"
        );
        assert!(table.ends_with("           7  One thing\n"), "{table}");
    }
}
