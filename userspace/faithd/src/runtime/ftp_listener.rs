// SPDX-License-Identifier: GPL-2.0

//! Listening sockets for FTP's data connections: each lets one peer in, once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, TcpListener};

use daemon::log;
use faithd::ftp::FtpListeners;

use super::connection::{Connection, ACCEPTED, CONNECTED};
use super::sockets::{self, Entrance};

/// Time for which a listener stays open, in milliseconds.
const OPEN: u64 = 120_000;

pub struct FtpListener {
    pub listener: TcpListener,
    /// The peer that may come in.
    pub peer: IpAddr,
    /// The destination that it is brought to, and the address to come from.
    pub to: SocketAddr,
    pub from: IpAddr,
    pub deadline: u64,
}

/// Opens the listeners of one control connection.
pub struct Opener<'a> {
    entrance: &'a Entrance,
    now: u64,
    /// None: one of them is gone.
    parties: Option<Parties>,
    pub opened: Option<FtpListener>,
}

#[derive(Clone, Copy)]
struct Parties {
    client: Ipv6Addr,
    /// The server's address under the prefix.
    under: Ipv6Addr,
    server: Ipv4Addr,
    own: Ipv4Addr,
}

impl<'a> Opener<'a> {
    pub fn new(connection: &Connection, entrance: &'a Entrance, now: u64) -> Self {
        Self {
            entrance,
            now,
            parties: Parties::of(connection),
            opened: None,
        }
    }

    fn open(
        &mut self,
        at: IpAddr,
        peer: IpAddr,
        from: IpAddr,
        to: SocketAddr,
    ) -> nix::Result<SocketAddr> {
        let listener = sockets::listener(SocketAddr::new(at, 0), 1)?;
        let addr = listener.local_addr().map_err(|_| nix::Error::last())?;
        if let (Entrance::Intercept(intercept), SocketAddr::V6(addr)) = (self.entrance, addr) {
            intercept.listen(addr, &listener)?;
        }
        self.opened = Some(FtpListener {
            listener,
            peer,
            to,
            from,
            deadline: self.now + OPEN,
        });
        Ok(addr)
    }
}

impl Parties {
    fn of(connection: &Connection) -> Option<Self> {
        let [accepted, connected] = [ACCEPTED, CONNECTED].map(|at| &connection.sides[at].socket);
        let v6 = |addr: std::io::Result<SocketAddr>| match addr {
            Ok(SocketAddr::V6(addr)) => Some(*addr.ip()),
            _ => None,
        };
        let v4 = |addr: std::io::Result<SocketAddr>| match addr {
            Ok(SocketAddr::V4(addr)) => Some(*addr.ip()),
            _ => None,
        };
        Some(Self {
            client: v6(accepted.peer_addr())?,
            under: v6(accepted.local_addr())?,
            server: v4(connected.peer_addr())?,
            own: v4(connected.local_addr())?,
        })
    }
}

impl FtpListeners for Opener<'_> {
    fn for_server(&mut self, client: SocketAddrV6) -> Option<SocketAddrV4> {
        let parties = self.parties?;
        let [own, server] = [parties.own, parties.server].map(IpAddr::V4);
        let under = parties.under.into();
        match self.open(own, server, under, client.into()) {
            Ok(SocketAddr::V4(addr)) => Some(addr),
            other => refuse(other),
        }
    }

    fn for_client(&mut self, port: u16) -> Option<SocketAddrV6> {
        let parties = self.parties?;
        let to = SocketAddr::new(parties.server.into(), port);
        let [under, client] = [parties.under, parties.client].map(IpAddr::V6);
        match self.open(under, client, parties.own.into(), to) {
            Ok(SocketAddr::V6(addr)) => Some(addr),
            other => refuse(other),
        }
    }
}

fn refuse<T>(result: nix::Result<SocketAddr>) -> Option<T> {
    if let Err(errno) = result {
        log::warning(&format!("FTP data connection: {}", errno.desc()));
    }
    None
}
