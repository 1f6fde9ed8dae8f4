// SPDX-License-Identifier: GPL-2.0

//! Questions on their way to forwarders over UDP: a socket for each, and so a port for each.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};

use totd::proxy::Key;

use super::sockets;

#[derive(Default)]
pub struct Upstream {
    sockets: HashMap<Key, UdpSocket>,
}

/// The result of reading a socket.
pub enum Event {
    Answer(Vec<u8>),
    Nothing,
    /// ICMP: nobody is there.
    Nobody,
}

impl Upstream {
    /// Send; return the socket if it is new.
    pub fn query(
        &mut self,
        key: Key,
        to: SocketAddr,
        message: &[u8],
    ) -> io::Result<Option<&UdpSocket>> {
        if let Some(socket) = self.sockets.get(&key) {
            socket.send(message)?;
            return Ok(None);
        }
        let socket = UdpSocket::from(sockets::udp_to(to)?);
        socket.send(message)?;
        Ok(Some(self.sockets.entry(key).or_insert(socket)))
    }

    pub fn forget(&mut self, key: Key) {
        self.sockets.remove(&key);
    }

    pub fn read(&mut self, key: Key, buffer: &mut [u8]) -> Event {
        match self.sockets.get(&key).map(|socket| socket.recv(buffer)) {
            Some(Ok(len)) => Event::Answer(buffer[..len].to_vec()),
            Some(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Event::Nobody,
            _ => Event::Nothing,
        }
    }
}
