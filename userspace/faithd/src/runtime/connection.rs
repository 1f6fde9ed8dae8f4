// SPDX-License-Identifier: GPL-2.0

//! A relayed connection: the socket that was accepted, and the one that was connected for it.

use std::net::{SocketAddr, TcpStream};

use nix::Result;

use super::control::Control;
use super::pipes::Pipes;
use super::sockets;
use super::splice::{Progress, Side, Splice};

pub const ACCEPTED: usize = 0;
pub const CONNECTED: usize = 1;

pub enum Carrier {
    Bytes([Splice; 2]),
    Ftp(Box<Control>),
}

pub struct Connection {
    pub sides: [Side; 2],
    pub carrier: Carrier,
    /// FTP's control connection that this is a data connection of.
    pub control: Option<u64>,
    /// The peer of the second socket.
    pub to: SocketAddr,
    /// It is on its way.
    pub connecting: bool,
    /// Time when something moved last, in milliseconds.
    pub touched: u64,
}

impl Connection {
    pub fn new(
        accepted: TcpStream,
        connecting: TcpStream,
        to: SocketAddr,
        carrier: Carrier,
        now: u64,
    ) -> Self {
        Self {
            sides: [Side::new(accepted), Side::new(connecting)],
            carrier,
            control: None,
            to,
            connecting: true,
            touched: now,
        }
    }

    /// Move bytes both ways; not for FTP's control connections.
    pub fn run(&mut self, pipes: &mut Pipes) -> Result<Progress> {
        let [accepted, connected] = &mut self.sides;
        let Carrier::Bytes([there, back]) = &mut self.carrier else {
            return Ok(Progress::default());
        };
        let one = there.run(accepted, connected, pipes)?;
        let other = back.run(connected, accepted, pipes)?;
        Ok(Progress {
            moved: one.moved + other.moved,
            more: one.more || other.more,
        })
    }

    pub fn has_failed(&self) -> bool {
        self.sides.iter().any(|side| side.failed)
    }

    /// True if one side has failed, and the other has not taken all that came from it: a reset would
    /// overtake that.
    pub fn is_owed(&self) -> bool {
        let [accepted, connected] = &self.sides;
        match (accepted.failed, connected.failed) {
            (true, false) => sockets::is_unsent(&connected.socket),
            (false, true) => sockets::is_unsent(&accepted.socket),
            _ => false,
        }
    }

    pub fn is_over(&self) -> bool {
        match &self.carrier {
            Carrier::Bytes(splices) => splices.iter().all(Splice::is_over),
            Carrier::Ftp(control) => control.is_over(),
        }
    }

    /// Reset both sides: what is lost on one is lost on the other.
    pub fn reset(&self) {
        for side in &self.sides {
            sockets::reset(&side.socket);
        }
    }

    /// The parties and their addresses: all that a log needs to find a user (RFC 6302).
    pub fn describe(&self) -> String {
        let name = |addr: std::io::Result<SocketAddr>| match addr {
            Ok(addr) => addr.to_string(),
            Err(_) => "?".into(),
        };
        let [accepted, connected] = self.sides.each_ref().map(|side| &side.socket);
        // FTP's servers connect to us.
        let (client, destination, from) = match self.to {
            SocketAddr::V4(to) => (accepted.peer_addr(), Ok(to.into()), connected.local_addr()),
            SocketAddr::V6(to) => (Ok(to.into()), accepted.peer_addr(), accepted.local_addr()),
        };
        let [client, destination, from] = [client, destination, from].map(name);
        format!("client {client} destination {destination} from {from}")
    }
}
