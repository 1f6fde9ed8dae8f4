// SPDX-License-Identifier: GPL-2.0

//! Questions on their way to forwarders over UDP: a socket for each, and so a port for each. Between
//! two questions sockets rest without a port, for it takes long to open one.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use totd::proxy::{Key, Table};

use super::sockets;

/// Most sockets of a family that rest.
const RESTING: usize = 256;

#[derive(Default)]
pub struct Upstream {
    sockets: Table<Socket>,
    /// The sockets of attempts.
    used: HashMap<Key, Key>,
    /// Those that rest: of IPv4, of IPv6.
    resting: [Vec<Key>; 2],
}

struct Socket {
    inner: UdpSocket,
    is_v6: bool,
    /// Of what it awaits an answer.
    attempt: Option<Key>,
}

/// The result of reading a socket.
pub enum Event {
    Answer(Vec<u8>),
    /// ICMP: nobody is there.
    Nobody,
}

impl Upstream {
    /// Send; return the key of the socket, and the socket itself, if it is new. Whoever hears of a
    /// failure forgets the attempt.
    pub fn query(
        &mut self,
        attempt: Key,
        to: SocketAddr,
        message: &[u8],
    ) -> io::Result<Option<(Key, &UdpSocket)>> {
        let known = self.used.get(&attempt);
        if let Some(socket) = known.and_then(|&key| self.sockets.get(key)) {
            socket.inner.send(message)?;
            return Ok(None);
        }
        let rested = self.resting[usize::from(to.is_ipv6())].pop();
        if let Some((key, socket)) = rested.and_then(|key| Some((key, self.sockets.get_mut(key)?)))
        {
            socket.attempt = Some(attempt);
            self.used.insert(attempt, key);
            socket.inner.connect(to)?;
            socket.inner.send(message)?;
            return Ok(None);
        }
        let inner = sockets::udp_to(to)?;
        inner.send(message)?;
        let key = self.sockets.insert(Socket {
            inner,
            is_v6: to.is_ipv6(),
            attempt: Some(attempt),
        });
        self.used.insert(attempt, key);
        Ok(self.sockets.get(key).map(|socket| (key, &socket.inner)))
    }

    /// Nobody awaits an answer any more: the socket rests, or is closed.
    pub fn forget(&mut self, attempt: Key) {
        let Some(key) = self.used.remove(&attempt) else {
            return;
        };
        let Some(socket) = self.sockets.get_mut(key) else {
            return;
        };
        socket.attempt = None;
        let resting = &mut self.resting[usize::from(socket.is_v6)];
        if resting.len() < RESTING && socket.rest().is_ok() {
            resting.push(key);
        } else {
            self.sockets.remove(key);
        }
    }

    /// As [`Upstream::forget`], but the socket cannot be used again.
    pub fn close(&mut self, attempt: Key) {
        if let Some(key) = self.used.remove(&attempt) {
            self.sockets.remove(key);
        }
    }

    /// Close the sockets that rest. Return false if there are none.
    pub fn close_resting(&mut self) -> bool {
        let mut closed = false;
        for key in self.resting.iter_mut().flat_map(|keys| keys.drain(..)) {
            closed |= self.sockets.remove(key).is_some();
        }
        closed
    }

    /// Read a socket; return the attempt that it is about, too.
    pub fn read(&mut self, key: Key, buffer: &mut [u8]) -> Option<(Key, Event)> {
        let socket = self.sockets.get(key)?;
        let event = match socket.inner.recv(buffer) {
            Ok(len) => Event::Answer(buffer[..len].to_vec()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Event::Nobody,
            Err(_) => return None,
        };
        Some((socket.attempt?, event))
    }
}

impl Socket {
    /// Give up the port, and with it what has come there.
    fn rest(&self) -> io::Result<()> {
        sockets::disconnect(&self.inner)?;
        // Nothing more arrives: datagrams come to an end, and one error of the old peer may wait.
        let mut told = false;
        loop {
            match self.inner.recv(&mut [0]) {
                Ok(_) => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if told => return Err(error),
                Err(_) => told = true,
            }
        }
    }
}
