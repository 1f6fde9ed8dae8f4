// SPDX-License-Identifier: GPL-2.0

//! Clients over TCP.

use std::net::{SocketAddr, TcpStream};

use totd::proxy::{Client, Key, Shares, Table, Transport};

use super::sockets::plain;
use super::stream::{Progress, Stream};

/// Connections at a time.
const MOST: usize = 512;
/// A connection on which nothing happens is closed; a message that comes in pieces is nothing
/// until it is whole.
const IDLE: u64 = 10_000;
/// Answers that a client does not take.
const UNREAD: usize = 1 << 18;

struct Connection {
    stream: Stream,
    addr: SocketAddr,
    /// Time of the last whole message, either way.
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
    shares: Shares,
}

impl Clients {
    /// The connection that makes room for another one of `addr`, if there is none left: of the host
    /// with most the one that is idle for longest.
    pub fn loser(&self, addr: SocketAddr, is_busy: impl Fn(Key) -> bool) -> Option<Key> {
        let host = self.shares.loser(plain(addr).ip());
        let mut keys: Vec<Key> = self.shares.of(host).collect();
        if keys.is_empty() {
            keys.clone_from(&self.keys);
        }
        let alive = |key| self.connections.get(key).map(|one| one.alive);
        keys.into_iter()
            .min_by_key(|&key| (is_busy(key), alive(key)))
    }

    pub fn is_full(&self) -> bool {
        self.connections.count() >= MOST
    }

    pub fn add(&mut self, now: u64, socket: TcpStream, addr: SocketAddr) -> Option<Key> {
        socket.set_nonblocking(true).ok()?;
        let _ = socket.set_nodelay(true);
        let addr = plain(addr);
        let key = self.connections.insert(Connection {
            stream: Stream::new(socket),
            addr,
            alive: now,
            ended: false,
        });
        self.keys.push(key);
        self.shares.begin(addr.ip(), 0, key);
        Some(key)
    }

    pub fn socket(&self, key: Key) -> Option<&TcpStream> {
        Some(&self.connections.get(key)?.stream.socket)
    }

    pub fn remove(&mut self, key: Key) {
        if let Some(gone) = self.connections.remove(key) {
            self.shares.end(gone.addr.ip(), 0, key);
        }
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
            connection.alive = now;
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

    /// Connections that are not `is_busy` and on which nothing has happened.
    pub fn idle(&self, now: u64, is_busy: impl Fn(Key) -> bool) -> Vec<Key> {
        let is_idle = |key: &&Key| {
            !is_busy(**key)
                && self
                    .connections
                    .get(**key)
                    .is_none_or(|connection| now.saturating_sub(connection.alive) >= IDLE)
        };
        self.keys.iter().filter(is_idle).copied().collect()
    }
}
