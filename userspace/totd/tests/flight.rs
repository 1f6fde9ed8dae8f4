// SPDX-License-Identifier: GPL-2.0
//! The program itself, with many queries in flight that are answered out of order.

mod program;

use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use std::time::Duration;

use program::{answer, free_port, query, start};
use totd::parser;
use totd::proxy::{Action, Proxy, Query, Transport};

const QUERIES: u16 = 10_000;

/// The proxy alone, by its own clock: so many at the same moment, answered from the last on.
#[test]
fn ten_thousand_at_once() {
    let text = format!("forwarder 192.0.2.1\nclients any\nmax-queries {QUERIES}");
    let mut number = 0;
    let mut proxy = Proxy::new(
        parser::parse(&text).unwrap().config,
        Box::new(move || {
            number += 1;
            number
        }),
    );
    let mut client = totd::proxy::Client {
        addr: SocketAddr::from(([192, 0, 2, 9], 1024)),
        local: None,
        socket: 0,
        transport: Transport::Udp,
    };
    for id in 0..QUERIES {
        proxy.query(0, client, &query(id, 16));
    }
    let mut asked = Vec::new();
    for action in std::mem::take(&mut proxy.actions) {
        match action {
            Action::Query(Query {
                attempt, message, ..
            }) => asked.push((attempt, message)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked.len(), usize::from(QUERIES));
    assert_eq!(proxy.gauges()[0].2, u64::from(QUERIES));
    // one more is too many
    client.addr.set_port(1025);
    proxy.query(0, client, &query(0, 16));
    match proxy.actions.pop() {
        Some(Action::Reply { message, .. }) => assert_eq!(message[3] & 0xf, 2),
        other => panic!("{other:?}"),
    }
    let mut ids = HashSet::new();
    for (attempt, question) in asked.iter().rev() {
        proxy.response(900, *attempt, &answer(question));
        for action in std::mem::take(&mut proxy.actions) {
            if let Action::Reply { message, client } = action {
                assert_eq!((client.addr.port(), message[3] & 0xf), (1024, 0));
                assert!(ids.insert([message[0], message[1]]));
            }
        }
    }
    assert_eq!(ids.len(), usize::from(QUERIES));
    assert_eq!(proxy.gauges()[0].2, 0);
}

/// The program: the forwarder holds its answers until it was asked for all, or the first were
/// given up, as on a slow machine. What was given up or got lost is asked for again.
#[test]
fn many_in_flight() {
    let forwarder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = free_port();
    let totd = start("flight", forwarder.local_addr().unwrap(), port);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    // longer than totd tries
    client
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    client.connect(("127.0.0.1", port)).unwrap();

    let held = Arc::new(AtomicBool::new(true));
    let hold = held.clone();
    std::thread::spawn(move || {
        let (mut waiting, mut names) = (Vec::new(), HashSet::new());
        let mut buffer = [0; 4096];
        while let Ok((len, peer)) = forwarder.recv_from(&mut buffer) {
            names.insert(buffer[12..18].to_vec());
            waiting.push((buffer[..len].to_vec(), peer));
            if names.len() == usize::from(QUERIES) {
                hold.store(false, Relaxed);
            }
            if !hold.load(Relaxed) {
                for (query, peer) in waiting.drain(..).rev() {
                    let _ = forwarder.send_to(&answer(&query), peer);
                }
            }
        }
    });
    let mut answered = HashSet::new();
    let mut buffer = [0; 4096];
    while answered.len() < usize::from(QUERIES) {
        let missing = (0..QUERIES).filter(|id| !answered.contains(id));
        for id in missing.collect::<Vec<_>>() {
            client.send(&query(id, 16)).unwrap();
        }
        loop {
            match client.recv(&mut buffer) {
                Ok(len) if len >= 12 && buffer[3] & 0xf == 0 => {
                    answered.insert(u16::from_be_bytes([buffer[0], buffer[1]]));
                }
                Ok(_) => held.store(false, Relaxed),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        held.store(false, Relaxed);
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", totd.0.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u32 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // more are asked again while the machine is busy
    assert!(peak < 40 * 1024, "{peak} kB");
}

/// Answer one question on each connection.
fn tcp_forwarder() -> SocketAddr {
    let forwarder = TcpListener::bind("127.0.0.1:0").unwrap();
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
    address
}

/// Queries for TCP, one after the other.
fn twenty() -> Vec<u8> {
    let mut queries = Vec::new();
    for id in 0..20 {
        let query = query(id, 16);
        queries.extend_from_slice(&(query.len() as u16).to_be_bytes());
        queries.extend_from_slice(&query);
    }
    queries
}

// req: F-050
#[test]
fn pipelined_over_tcp() {
    let port = free_port();
    let _totd = start("tcp", tcp_forwarder(), port);
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let queries = twenty();
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

// req: F-050
#[test]
fn half_closed_tcp() {
    let port = free_port();
    let _totd = start("half-closed", tcp_forwarder(), port);
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let queries = twenty();
    client.write_all(&queries).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // all answers, and then the end
    let mut answers = Vec::new();
    client.read_to_end(&mut answers).unwrap();
    assert_eq!(answers.len(), queries.len());
    // who asks nothing gets nothing
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read_to_end(&mut answers).unwrap(), 0);
}

/// Answer `each` questions on a connection, then close it; count the connections.
fn counting_forwarder(each: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let forwarder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = forwarder.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for socket in forwarder.incoming() {
            counted.fetch_add(1, Relaxed);
            let mut socket = socket.unwrap();
            std::thread::spawn(move || {
                for _ in 0..each {
                    let mut len = [0; 2];
                    if socket.read_exact(&mut len).is_err() {
                        return;
                    }
                    let mut message = vec![0; u16::from_be_bytes(len).into()];
                    socket.read_exact(&mut message).unwrap();
                    let reply = [&len, &answer(&message)[..]].concat();
                    let _ = socket.write_all(&reply);
                }
            });
        }
    });
    (address, count)
}

/// Ask `count` questions over TCP, `at_once` of them before the first answer is read.
fn ask_over_tcp(port: u16, count: u16, at_once: u16) {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for first in (0..count).step_by(at_once.into()) {
        for id in first..first + at_once {
            let query = query(id, 16);
            let len = (query.len() as u16).to_be_bytes();
            client.write_all(&[&len, &query[..]].concat()).unwrap();
        }
        for _ in 0..at_once {
            let mut len = [0; 2];
            client.read_exact(&mut len).unwrap();
            let mut reply = vec![0; u16::from_be_bytes(len).into()];
            client.read_exact(&mut reply).unwrap();
            assert_eq!(reply[3] & 0xf, 0);
        }
    }
}

// fault: names-7
#[test]
fn connections_to_forwarders_are_kept() {
    let (forwarder, connections) = counting_forwarder(usize::MAX);
    let port = free_port();
    let _totd = start("kept", forwarder, port);
    ask_over_tcp(port, 300, 1);
    ask_over_tcp(port, 300, 30);
    let count = connections.load(Relaxed);
    assert!(count <= 3, "{count} connections");
}

// fault: names-7
#[test]
fn connections_that_the_forwarder_closes() {
    for each in [1, 3] {
        let (forwarder, _) = counting_forwarder(each);
        let port = free_port();
        let _totd = start("closes", forwarder, port);
        ask_over_tcp(port, 60, 1);
        ask_over_tcp(port, 60, 20);
    }
}
