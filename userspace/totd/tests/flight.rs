// SPDX-License-Identifier: GPL-2.0
//! The program itself, with many queries in flight that are answered out of order.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command};
use std::time::Duration;

/// So few that even a slow machine answers them before the first is given up.
const QUERIES: u16 = 1_000;

struct Totd(Child);

impl Drop for Totd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, listening at `port` of the loopback.
fn start(name: &str, forwarder: SocketAddr, port: u16) -> Totd {
    let directory = std::env::temp_dir().join(format!("totd-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let config = directory.join("totd.conf");
    let text = format!(
        "forwarder {} port {}\nport {port}\nlisten 127.0.0.1\nstatus {}/status\n",
        forwarder.ip(),
        forwarder.port(),
        directory.display()
    );
    std::fs::write(&config, text).unwrap();
    let program = env!("CARGO_BIN_EXE_totd");
    let totd = Command::new(program)
        .arg("-d")
        .arg("-c")
        .arg(&config)
        .spawn();
    let totd = Totd(totd.unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    for _ in 0..200 {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    totd
}

/// A port that nobody has at the moment.
fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// Each about a name of its own.
fn query(id: u16, rtype: u8) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    message.extend_from_slice(format!("\x05{id:05}\x07example\x00").as_bytes());
    message.extend_from_slice(&[0, rtype, 0, 1]);
    message
}

fn answer(query: &[u8]) -> Vec<u8> {
    let mut message = query.to_vec();
    message[2..4].copy_from_slice(&[0x81, 0x80]);
    message
}

#[test]
fn many_in_flight() {
    let forwarder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let patience = Some(Duration::from_secs(10));
    forwarder.set_read_timeout(patience).unwrap();
    let port = free_port();
    let totd = start("flight", forwarder.local_addr().unwrap(), port);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(patience).unwrap();
    client.connect(("127.0.0.1", port)).unwrap();

    let mut waiting = Vec::new();
    let mut ports = HashSet::new();
    let mut buffer = [0; 4096];
    for id in 0..QUERIES {
        client.send(&query(id, 16)).unwrap();
        // Each has a port of its own; what is asked again comes from the same.
        loop {
            let (len, peer) = forwarder.recv_from(&mut buffer).unwrap();
            if ports.insert(peer.port()) {
                waiting.push((buffer[..len].to_vec(), peer));
                break;
            }
        }
    }
    let mut ids = HashSet::new();
    for (query, peer) in waiting.iter().rev() {
        forwarder.send_to(&answer(query), peer).unwrap();
        let len = client.recv(&mut buffer).expect("an answer to every query");
        assert!(len >= 12 && buffer[3] & 0xf == 0, "{:02x?}", &buffer[..len]);
        ids.insert([buffer[0], buffer[1]]);
    }
    assert_eq!(ids.len(), usize::from(QUERIES));
    let status = std::fs::read_to_string(format!("/proc/{}/status", totd.0.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u32 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 32 * 1024, "{peak} kB");
}

// req: F-050
#[test]
fn pipelined_over_tcp() {
    let forwarder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = forwarder.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in forwarder.incoming() {
            let mut socket = socket.unwrap();
            let mut len = [0; 2];
            socket.read_exact(&mut len).unwrap();
            let mut message = vec![0; u16::from_be_bytes(len).into()];
            socket.read_exact(&mut message).unwrap();
            socket.write_all(&len).unwrap();
            socket.write_all(&answer(&message)).unwrap();
        }
    });
    let port = free_port();
    let _totd = start("tcp", address, port);
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut queries = Vec::new();
    for id in 0..20 {
        let query = query(id, 16);
        queries.extend_from_slice(&(query.len() as u16).to_be_bytes());
        queries.extend_from_slice(&query);
    }
    // in pieces that end anywhere
    for piece in queries.chunks(7) {
        client.write_all(piece).unwrap();
    }
    let mut answers = vec![0; queries.len()];
    client.read_exact(&mut answers).unwrap();
    let one = answers.len() / 20;
    let ids: HashSet<&[u8]> = answers.chunks(one).map(|answer| &answer[2..4]).collect();
    assert_eq!(ids.len(), 20);
}
