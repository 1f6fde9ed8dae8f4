// SPDX-License-Identifier: GPL-2.0

//! Opening sockets, none of which ever blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    bind, connect, listen, setsockopt, socket, sockopt, AddressFamily, Backlog, SockFlag, SockType,
    SockaddrStorage,
};
use nix::Result;
use totd::config::Config;

use super::options::Options;

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub addr: SocketAddr,
    pub interface: Option<String>,
    /// An IPv6 socket that serves IPv4, too.
    pub both: bool,
}

/// The endpoints that configuration and command line ask for.
pub fn endpoints(config: &Config, options: &Options) -> Vec<Endpoint> {
    let wildcard = |interface| Endpoint {
        addr: match options.ipv6 {
            true => SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), config.port),
            false => SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), config.port),
        },
        interface,
        both: options.ipv4 && options.ipv6,
    };
    let mut endpoints = Vec::new();
    for name in &config.interfaces {
        endpoints.push(wildcard(Some(name.clone())));
    }
    for &addr in &config.listen {
        endpoints.push(Endpoint {
            addr: SocketAddr::new(addr, config.port),
            interface: None,
            both: false,
        });
    }
    if endpoints.is_empty() {
        endpoints.push(wildcard(None));
    }
    endpoints
}

pub fn udp_listener(endpoint: &Endpoint) -> Result<OwnedFd> {
    let socket = bound(endpoint, SockType::Datagram)?;
    // What comes while we are busy waits.
    let _ = setsockopt(&socket, sockopt::RcvBuf, &(4 << 20));
    if endpoint.addr.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    } else {
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    }
    Ok(socket)
}

pub fn tcp_listener(endpoint: &Endpoint) -> Result<TcpListener> {
    let socket = bound(endpoint, SockType::Stream)?;
    listen(&socket, Backlog::new(128)?)?;
    Ok(socket.into())
}

/// A connected datagram socket, on a random port that the kernel chooses.
pub fn udp_to(addr: SocketAddr) -> Result<UdpSocket> {
    let socket = open(addr, SockType::Datagram)?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(addr))?;
    Ok(socket.into())
}

/// Take the port from a socket that [`udp_to`] made: when it is connected again, the kernel chooses
/// another.
#[allow(unsafe_code)]
pub fn disconnect(socket: &UdpSocket) -> Result<()> {
    let nobody = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
    };
    let (fd, len) = (socket.as_raw_fd(), size_of_val(&nobody) as libc::socklen_t);
    // SAFETY: the address has that length, and the call only reads it.
    Errno::result(unsafe { libc::connect(fd, &nobody, len) }).map(drop)
}

/// A connection on its way.
pub fn tcp_to(addr: SocketAddr) -> Result<OwnedFd> {
    let socket = open(addr, SockType::Stream)?;
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(addr)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(socket),
        Err(problem) => Err(problem),
    }
}

/// An IPv4 address as such, not in IPv6 disguise.
pub fn plain(addr: SocketAddr) -> SocketAddr {
    match addr.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), addr.port()),
        IpAddr::V6(_) => addr,
    }
}

/// An address for an IPv6 socket.
pub fn mapped(addr: SocketAddr) -> SocketAddr {
    match addr {
        SocketAddr::V4(v4) => SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into(),
        addr => addr,
    }
}

fn open(addr: SocketAddr, kind: SockType) -> Result<OwnedFd> {
    let family = match addr {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    socket(family, kind, flags, None)
}

fn bound(endpoint: &Endpoint, kind: SockType) -> Result<OwnedFd> {
    let socket = open(endpoint.addr, kind)?;
    if kind == SockType::Stream {
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    }
    if endpoint.addr.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &!endpoint.both)?;
    }
    if let Some(name) = &endpoint.interface {
        setsockopt(&socket, sockopt::BindToDevice, &name.into())?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(endpoint.addr))?;
    Ok(socket)
}
