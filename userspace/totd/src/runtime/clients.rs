// SPDX-License-Identifier: GPL-2.0

//! Clients over TCP.

use std::net::{SocketAddr, TcpStream};

use totd::proxy::{Client, Key, Table, Transport};

use super::sockets::plain;
use super::stream::{Progress, Stream};

/// Connections at a time; more are turned away.
const MOST: usize = 512;
/// A connection on which nothing happens is closed.
const IDLE: u64 = 10_000;
/// Answers that a client does not take.
const UNREAD: usize = 1 << 18;

struct Connection {
    stream: Stream,
    addr: SocketAddr,
    /// Time of the last event.
    alive: u64,
    /// The client will ask no more.
    ended: bool,
}

/// The state of a connection that was written to.
pub enum Written {
    All,
    Some,
    Broken,
}

#[derive(Default)]
pub struct Clients {
    connections: Table<Connection>,
    /// All keys, to look for idle ones.
    keys: Vec<Key>,
}

impl Clients {
    pub fn add(&mut self, now: u64, socket: TcpStream, addr: SocketAddr) -> Option<Key> {
        if self.connections.count() >= MOST || socket.set_nonblocking(true).is_err() {
            return None;
        }
        let _ = socket.set_nodelay(true);
        let key = self.connections.insert(Connection {
            stream: Stream::new(socket),
            addr: plain(addr),
            alive: now,
            ended: false,
        });
        self.keys.push(key);
        Some(key)
    }

    pub fn socket(&self, key: Key) -> Option<&TcpStream> {
        Some(&self.connections.get(key)?.stream.socket)
    }

    pub fn remove(&mut self, key: Key) {
        self.connections.remove(key);
        self.keys.retain(|&other| other != key);
    }

    /// True if the client may ask more.
    pub fn may_query(&self, key: Key) -> bool {
        self.connections
            .get(key)
            .is_some_and(|connection| !connection.ended)
    }

    /// The queries that have come, and what the connection is like now.
    pub fn read(
        &mut self,
        now: u64,
        key: Key,
        buffer: &mut [u8],
    ) -> (Vec<(Client, Vec<u8>)>, Progress) {
        let Some(connection) = self.connections.get_mut(key) else {
            return (Vec::new(), Progress::Broken);
        };
        connection.alive = now;
        let progress = connection.stream.read(buffer);
        connection.ended |= matches!(progress, Progress::Ended);
        let client = Client {
            addr: connection.addr,
            local: None,
            socket: key,
            transport: Transport::Tcp,
        };
        let mut queries = Vec::new();
        while let Some(message) = connection.stream.take() {
            queries.push((client, message));
        }
        (queries, progress)
    }

    pub fn push(&mut self, now: u64, key: Key, message: &[u8]) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.alive = now;
            connection.stream.push(message);
        }
    }

    /// Send as much as goes without waiting.
    pub fn write(&mut self, key: Key) -> Written {
        let Some(connection) = self.connections.get_mut(key) else {
            return Written::Broken;
        };
        match (connection.stream.write(), connection.stream.waiting()) {
            (Ok(()), 0) => Written::All,
            (Ok(()), waiting) if waiting <= UNREAD => Written::Some,
            _ => Written::Broken,
        }
    }

    pub fn idle(&self, now: u64) -> Vec<Key> {
        let is_idle = |key: &&Key| {
            self.connections
                .get(**key)
                .is_none_or(|connection| now.saturating_sub(connection.alive) >= IDLE)
        };
        self.keys.iter().filter(is_idle).copied().collect()
    }
}
