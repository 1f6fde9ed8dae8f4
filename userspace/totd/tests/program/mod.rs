// SPDX-License-Identifier: GPL-2.0
//! The program itself, and messages for it.
#![allow(dead_code)]

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;

pub struct Totd(pub Child);

impl Drop for Totd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, listening at `port` of the loopback.
pub fn start(name: &str, forwarder: SocketAddr, port: u16) -> Totd {
    start_by(&[], name, forwarder, port)
}

/// The same, by other words before its own.
pub fn start_by(by: &[&str], name: &str, forwarder: SocketAddr, port: u16) -> Totd {
    let lines = "listen 127.0.0.1\n";
    start_with(by, &[], lines, name, forwarder, port)
}

/// The same, with other words behind its own, and these lines of its configuration.
pub fn start_with(
    by: &[&str],
    words: &[&str],
    lines: &str,
    name: &str,
    forwarder: SocketAddr,
    port: u16,
) -> Totd {
    let directory = std::env::temp_dir().join(format!("totd-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let config = directory.join("totd.conf");
    let text = format!(
        "forwarder {} port {}\nport {port}\nstatus {}/status\n{lines}",
        forwarder.ip(),
        forwarder.port(),
        directory.display()
    );
    std::fs::write(&config, text).unwrap();
    let program = env!("CARGO_BIN_EXE_totd");
    let config = config.to_str().unwrap();
    let words = [by, &[program, "-d", "-c", config], words].concat();
    let totd = Command::new(words[0]).args(&words[1..]).spawn();
    let mut totd = Totd(totd.unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).is_err() {
        assert_eq!(totd.0.try_wait().unwrap(), None, "totd has ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    totd
}

/// A port that nobody has, and that nobody gets: the kernel hands out higher ones, thousands of
/// them to the totd of a test beside this one.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 10_000 + (std::process::id() % 20_000) as u16;
    loop {
        let port = start + NEXT.fetch_add(1, Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok() {
            return port;
        }
    }
}

/// Each about a name of its own.
pub fn query(id: u16, rtype: u8) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    message.extend_from_slice(format!("\x05{id:05}\x07example\x00").as_bytes());
    message.extend_from_slice(&[0, rtype, 0, 1]);
    message
}

pub fn answer(query: &[u8]) -> Vec<u8> {
    let mut message = query.to_vec();
    message[2..4].copy_from_slice(&[0x81, 0x80]);
    message
}
