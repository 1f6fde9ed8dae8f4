// SPDX-License-Identifier: GPL-2.0
//! The program itself, with clients that take more than their share.

mod program;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use program::{answer, free_port, query, start};

/// A forwarder over UDP that answers everything.
fn forwarder() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((len, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&answer(&buffer[..len]), peer);
        }
    });
    address
}

fn connect(port: u16) -> TcpStream {
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    client
}

/// True if a query over this connection is answered.
fn is_answered(mut client: TcpStream) -> bool {
    let query = query(7, 16);
    let len = (query.len() as u16).to_be_bytes();
    let sent = client.write_all(&[&len, &query[..]].concat());
    let mut answer = [0; 16];
    sent.is_ok() && client.read_exact(&mut answer).is_ok() && answer[2..4] == query[..2]
}

// fault: names-4
#[test]
fn connections_that_say_nothing_make_room() {
    let port = free_port();
    let _totd = start("room", forwarder(), port);
    let mut idle: Vec<TcpStream> = (0..600).map(|_| connect(port)).collect();
    for client in &mut idle {
        let _ = client.write_all(&[0]);
    }
    assert!(is_answered(connect(port)));
}

// fault: names-4
#[test]
fn single_bytes_do_not_prolong_a_connection() {
    let port = free_port();
    let _totd = start("drip", forwarder(), port);
    let mut client = connect(port);
    client
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let start = Instant::now();
    // the length says that more than all of this is to come
    let closed = loop {
        if client.write_all(&[0x7f]).is_err() {
            break true;
        }
        match client.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => (),
            _ => break true,
        }
        if start.elapsed() > Duration::from_secs(60) {
            break false;
        }
    };
    assert!(closed);
}

/// Processor time that a process has taken, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let words: Vec<&str> = rest.split_whitespace().collect();
    words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap()
}

// fault: names-6
#[test]
fn no_descriptors_left() {
    let port = free_port();
    let totd = start("descriptors", forwarder(), port);
    let pid = totd.0.id();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count();
    let limit = Command::new("prlimit")
        .arg(format!("--pid={pid}"))
        .arg(format!("--nofile={0}:{0}", open + 10))
        .status();
    assert!(limit.unwrap().success());
    let clients: Vec<TcpStream> = (0..60).map(|_| connect(port)).collect();
    let before = ticks(pid);
    std::thread::sleep(Duration::from_secs(2));
    let busy = ticks(pid) - before;
    assert!(busy < 15, "{busy} of 200 hundredths");
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    udp.connect(("127.0.0.1", port)).unwrap();
    udp.send(&query(9, 16)).unwrap();
    let mut reply = [0; 512];
    udp.recv(&mut reply).unwrap();
    assert_eq!(reply[3] & 0xf, 0);
    // the counters, too
    let name = format!("totd-descriptors-{}/status", std::process::id());
    let mut text = String::new();
    let mut status = UnixStream::connect(std::env::temp_dir().join(name)).unwrap();
    status.read_to_string(&mut text).unwrap();
    assert!(text.contains("totd_queries_udp_total 1\n"), "{text}");
    assert!(is_answered(connect(port)));
    drop(clients);
}

/// A counter of the program with this name.
fn metric(totd: &str, name: &str) -> u64 {
    let path = format!("totd-{totd}-{}/status", std::process::id());
    let mut text = String::new();
    let mut status = UnixStream::connect(std::env::temp_dir().join(path)).unwrap();
    status.read_to_string(&mut text).unwrap();
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(one, _)| *one == format!("totd_{name}"));
    found.unwrap().1.parse().unwrap()
}

// fault: names-14
#[test]
fn what_is_remembered_is_flushed() {
    let forwarder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = forwarder.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((_, peer)) = forwarder.recv_from(&mut buffer) {
            // A TXT record, in place of OPT
            let mut reply = answer(&buffer[..12 + 15 + 4]);
            (reply[7], reply[11]) = (1, 0);
            reply.extend(b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x03\x02hi");
            let _ = forwarder.send_to(&reply, peer);
        }
    });
    let port = free_port();
    let _totd = start("flush", address, port);
    let config = std::env::temp_dir().join(format!("totd-flush-{}/totd.conf", std::process::id()));
    let ask = |id| {
        let mut client = connect(port);
        let query = query(id, 16);
        let len = (query.len() as u16).to_be_bytes();
        client.write_all(&[&len, &query[..]].concat()).unwrap();
        client.read_exact(&mut [0; 2]).unwrap();
    };
    for id in [1, 2, 1, 2] {
        ask(id);
    }
    let seen = ["cache_entries", "cache_hits_total", "cache_misses_total"];
    // two of the forwarder's, and two that were made from them
    assert_eq!(seen.map(|name| metric("flush", name)), [4, 2, 2]);
    for (name, left) in [("00001.example", 1), ("", 0)] {
        let mut totd = Command::new(env!("CARGO_BIN_EXE_totd"));
        totd.arg("-c").arg(&config).arg("--flush").arg(name);
        assert!(totd.status().unwrap().success());
        let start = Instant::now();
        while metric("flush", "cache_entries") != left {
            assert!(start.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
