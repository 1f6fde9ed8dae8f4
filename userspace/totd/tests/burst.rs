// SPDX-License-Identifier: GPL-2.0
//! The program itself, when many queries have come before it looks.

mod program;

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use program::{answer, free_port, query, start_with, Totd};

/// More than totd takes at a time, and no multiple of that.
const CLIENTS: u16 = 45;
/// Each is asked for at every address.
const NAMES: u16 = 31;

/// A forwarder that has a TXT record for every name.
fn forwarder() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok((_, peer)) = socket.recv_from(&mut buffer) {
            // In place of OPT.
            let mut reply = answer(&buffer[..12 + 15 + 4]);
            (reply[7], reply[11]) = (1, 0);
            reply.extend(b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x03\x02hi");
            let _ = socket.send_to(&reply, peer);
        }
    });
    address
}

/// While it is stopped, queries come.
fn stopped(totd: &Totd, work: impl FnOnce()) {
    let pid = Pid::from_raw(totd.0.id() as i32);
    kill(pid, Signal::SIGSTOP).unwrap();
    let is_stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(')').unwrap().1.starts_with(" T")
    };
    while !is_stopped() {
        std::thread::sleep(Duration::from_millis(1));
    }
    work();
    kill(pid, Signal::SIGCONT).unwrap();
}

/// Each client asks each address once, and gets an answer to that from there, and nothing else.
fn all_get_their_own(totd: &Totd, port: u16, addresses: &[&str]) {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        for address in addresses {
            let any = if address.contains(':') {
                "[::]:0"
            } else {
                "0.0.0.0:0"
            };
            let client = UdpSocket::bind(any).unwrap();
            client
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            clients.push((client, SocketAddr::new(address.parse().unwrap(), port)));
        }
    }
    // first from the forwarder, then from the cache
    for _ in 0..2 {
        let question = |number: usize| {
            let number = number as u16;
            let mut query = query(number % NAMES, 16);
            query[..2].copy_from_slice(&number.to_be_bytes());
            query
        };
        stopped(totd, || {
            for (number, (client, server)) in clients.iter().enumerate() {
                client.send_to(&question(number), server).unwrap();
                // what gets no answer is among them: nothing, and answers, some of them long
                let repeated = if number % 45 == 7 { 250 } else { 1 };
                let noise = answer(&question(number)).repeat(repeated);
                for noise in [&[][..], &noise].iter().take(number % 3) {
                    client.send_to(noise, server).unwrap();
                }
            }
        });
        let mut reply = [0; 4096];
        for (number, (client, server)) in clients.iter().enumerate() {
            let (len, from) = client.recv_from(&mut reply).unwrap();
            let question = question(number);
            assert_eq!((from, &reply[..2]), (*server, &question[..2]));
            assert_eq!(reply[12..question.len()], question[12..]);
            assert!(reply[..len].ends_with(b"\x02hi"));
        }
    }
    for (client, _) in &clients {
        client.set_nonblocking(true).unwrap();
        let more = client.recv(&mut [0]).map_err(|error| error.kind());
        assert_eq!(more, Err(ErrorKind::WouldBlock));
    }
}

#[test]
fn by_one_socket_for_both_families() {
    let port = free_port();
    let totd = start_with(&[], &[], "", "both", forwarder(), port);
    let addresses = ["127.0.0.1", "::1", "127.0.0.2", "127.1.2.3"];
    all_get_their_own(&totd, port, &addresses);
}

#[test]
fn by_an_ipv4_socket() {
    let port = free_port();
    let totd = start_with(&[], &["-no6"], "", "ipv4", forwarder(), port);
    all_get_their_own(&totd, port, &["127.0.0.1", "127.0.0.2", "127.1.2.3"]);
}

#[test]
fn by_several_sockets() {
    let port = free_port();
    // The last is open when the program answers there.
    let lines = "listen 127.0.0.2\nlisten ::1\nlisten 127.0.0.1\n";
    let totd = start_with(&[], &[], lines, "several", forwarder(), port);
    all_get_their_own(&totd, port, &["127.0.0.2", "::1", "127.0.0.1"]);
}
