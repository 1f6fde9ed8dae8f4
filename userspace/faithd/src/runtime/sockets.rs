// SPDX-License-Identifier: GPL-2.0

//! Opening sockets, none of which ever blocks.

#![allow(unsafe_code)]

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

use faithd::config::Config;
use nix::errno::Errno;
use nix::sys::socket::{
    bind, connect, listen, setsockopt, socket, sockopt, AddressFamily, Backlog, SockFlag, SockType,
    SockaddrStorage,
};
use nix::Result;

use super::intercept::Intercept;

/// Ports that only root's programs have, rresvport(3).
const RESERVED: std::ops::RangeInclusive<u16> = 512..=1023;

/// The entrance of connections.
pub enum Entrance {
    /// By our own doing.
    Intercept(Intercept),
    /// By that of whoever gave us the sockets.
    Given(Vec<TcpListener>),
}

impl Entrance {
    pub fn open(config: &Config, given: Vec<TcpListener>) -> std::result::Result<Self, String> {
        if !given.is_empty() {
            return Ok(Self::Given(given));
        }
        let anywhere = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 0);
        let listener = listener(anywhere, 4096).map_err(|errno| errno.desc().to_owned())?;
        let mut intercept = Intercept::new(listener)?;
        intercept.set(&config.prefixes, &config.services)?;
        Ok(Self::Intercept(intercept))
    }

    pub fn listeners(&self) -> &[TcpListener] {
        match self {
            Self::Intercept(intercept) => std::slice::from_ref(intercept.listener()),
            Self::Given(listeners) => listeners,
        }
    }
}

/// For IPv6 the address need not be one of this box.
pub fn listener(addr: SocketAddr, backlog: i32) -> Result<TcpListener> {
    let socket = open(addr)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(addr))?;
    listen(&socket, Backlog::new(backlog)?)?;
    Ok(socket.into())
}

/// A connection on its way, from that address if one is given.
pub fn dial(from: Option<IpAddr>, to: SocketAddr, reserved: bool) -> Result<TcpStream> {
    let socket = open(to)?;
    if reserved {
        bind_reserved(&socket, from.unwrap_or(Ipv4Addr::UNSPECIFIED.into()))?;
    } else if let Some(from) = from {
        // A port is chosen when the destination is known, so that many may share it.
        setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
        bind(
            socket.as_raw_fd(),
            &SockaddrStorage::from(SocketAddr::new(from, 0)),
        )?;
    }
    let stream = TcpStream::from(socket);
    prepare(&stream)?;
    match connect(stream.as_raw_fd(), &SockaddrStorage::from(to)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(stream),
        Err(errno) => Err(errno),
    }
}

fn bind_reserved(socket: &OwnedFd, from: IpAddr) -> Result<()> {
    for port in RESERVED.rev() {
        match bind(
            socket.as_raw_fd(),
            &SockaddrStorage::from(SocketAddr::new(from, port)),
        ) {
            Err(Errno::EADDRINUSE) => (),
            result => return result,
        }
    }
    Err(Errno::EADDRINUSE)
}

/// Set the options of a relay's socket.
pub fn prepare(stream: &TcpStream) -> Result<()> {
    // Segments go on as they come.
    setsockopt(stream, sockopt::TcpNoDelay, &true)?;
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    setsockopt(stream, sockopt::OobInline, &true)
}

/// Close with RST.
pub fn reset(stream: &TcpStream) {
    let at_once = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let _ = setsockopt(stream, sockopt::Linger, &at_once);
}

/// True if something came that was not read yet.
pub fn is_unread(stream: &TcpStream) -> bool {
    ask(stream, libc::FIONREAD).is_ok_and(|count| count > 0)
}

/// True if the peer has not taken all that was sent.
pub fn is_unsent(stream: &TcpStream) -> bool {
    ask(stream, libc::TIOCOUTQ).is_ok_and(|count| count > 0)
}

/// The requests of tcp(7), whose answer is a number.
pub fn ask(stream: &TcpStream, request: libc::Ioctl) -> Result<i32> {
    let mut answer: libc::c_int = 0;
    // SAFETY: the call writes one int, and the descriptor is open.
    let result = unsafe { libc::ioctl(stream.as_raw_fd(), request, &mut answer) };
    Errno::result(result).map(|_| answer)
}

pub fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, from) = listener.accept()?;
    stream.set_nonblocking(true)?;
    prepare(&stream)?;
    Ok((stream, from))
}

fn open(addr: SocketAddr) -> Result<OwnedFd> {
    let family = match addr {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(family, SockType::Stream, flags, None)?;
    if addr.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
        // An address under the prefix is nobody's.
        setsockopt(&socket, sockopt::IpFreebind, &true)?;
    }
    Ok(socket)
}
