// SPDX-License-Identifier: GPL-2.0

//! Questions on their way to forwarders: a socket for each, and so a port for each.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use totd::proxy::{Key, Transport};

use super::sockets;
use super::stream::{Progress, Stream};

enum Socket {
    Udp(UdpSocket),
    Tcp(Stream),
}

#[derive(Default)]
pub struct Upstream {
    sockets: HashMap<Key, Socket>,
}

/// The result of reading a socket.
pub enum Event {
    Answers(Vec<Vec<u8>>),
    /// After these it has ended.
    Ended(Vec<Vec<u8>>),
}

impl Upstream {
    /// Send, or begin to; return the socket if it is new, and whether something is still to write.
    pub fn query(
        &mut self,
        key: Key,
        to: SocketAddr,
        transport: Transport,
        message: &[u8],
    ) -> io::Result<Option<(BorrowedFd<'_>, bool)>> {
        if let Some(Socket::Udp(socket)) = self.sockets.get(&key) {
            socket.send(message)?;
            return Ok(None);
        }
        let (socket, writes) = match transport {
            Transport::Udp => {
                let socket = UdpSocket::from(sockets::udp_to(to)?);
                socket.send(message)?;
                (Socket::Udp(socket), false)
            }
            Transport::Tcp => {
                let mut stream = Stream::new(sockets::tcp_to(to)?.into());
                stream.push(message);
                (Socket::Tcp(stream), true)
            }
        };
        self.sockets.insert(key, socket);
        Ok(self.socket(key).map(|socket| (socket, writes)))
    }

    pub fn forget(&mut self, key: Key) {
        self.sockets.remove(&key);
    }

    pub fn socket(&self, key: Key) -> Option<BorrowedFd<'_>> {
        Some(match self.sockets.get(&key)? {
            Socket::Udp(socket) => socket.as_fd(),
            Socket::Tcp(stream) => stream.socket.as_fd(),
        })
    }

    /// Write what waits; true while there is more.
    pub fn write(&mut self, key: Key) -> io::Result<bool> {
        match self.sockets.get_mut(&key) {
            Some(Socket::Tcp(stream)) => {
                stream.write()?;
                Ok(stream.has_output())
            }
            _ => Ok(false),
        }
    }

    pub fn read(&mut self, key: Key, buffer: &mut [u8]) -> Event {
        match self.sockets.get_mut(&key) {
            Some(Socket::Udp(socket)) => match socket.recv(buffer) {
                Ok(len) => Event::Answers(vec![buffer[..len].to_vec()]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    Event::Answers(Vec::new())
                }
                // ICMP: nobody is there.
                Err(_) => Event::Ended(Vec::new()),
            },
            Some(Socket::Tcp(stream)) => {
                let progress = stream.read(buffer);
                let answers = std::iter::from_fn(|| stream.take()).collect();
                match progress {
                    Progress::Open => Event::Answers(answers),
                    Progress::Ended | Progress::Broken => Event::Ended(answers),
                }
            }
            None => Event::Answers(Vec::new()),
        }
    }
}
