// SPDX-License-Identifier: GPL-2.0

//! Clients over UDP: who asked which of our addresses, and answers from that very address.

use std::os::fd::{AsFd, OwnedFd};

use totd::proxy::{Client, Key, Transport};

use super::mmsg::{self, Envelope, BATCH, LONGEST};

pub struct Udp {
    pub socket: OwnedFd,
    is_v6: bool,
}

impl Udp {
    pub fn new(socket: OwnedFd, is_v6: bool) -> Self {
        Self { socket, is_v6 }
    }

    /// The way back to a client.
    pub fn envelope(&self, client: &Client) -> Envelope {
        Envelope::new(client.addr, client.local, self.is_v6)
    }

    /// Answers may get lost, as every datagram may.
    pub fn send<T: AsRef<[u8]>>(&self, answers: &[(Envelope, T)]) {
        mmsg::send(self.socket.as_fd(), answers);
    }
}

/// The queries that one look at a socket has brought.
pub struct Inbox {
    room: Vec<u8>,
    envelopes: [Envelope; BATCH],
    count: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            // None of it is there before a datagram is as long.
            room: vec![0; BATCH * LONGEST],
            envelopes: [Envelope::EMPTY; BATCH],
            count: 0,
        }
    }
}

impl Inbox {
    /// Take what has come; return how many those are.
    pub fn fill(&mut self, udp: &Udp) -> usize {
        self.count = mmsg::receive(udp.socket.as_fd(), &mut self.room, &mut self.envelopes);
        self.count
    }

    /// The queries, and who has sent them to the socket that is known by `key`.
    pub fn queries(&self, key: Key) -> impl Iterator<Item = (Client, &[u8])> {
        let places = self.envelopes.iter().zip(self.room.chunks_exact(LONGEST));
        places
            .take(self.count)
            .filter_map(move |(envelope, place)| {
                let client = Client {
                    addr: envelope.peer()?,
                    local: envelope.local(),
                    socket: key,
                    transport: Transport::Udp,
                };
                Some((client, place.get(..envelope.len())?))
            })
    }
}
