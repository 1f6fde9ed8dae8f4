// SPDX-License-Identifier: GPL-2.0

//! Router advertisements, as the kernel sees them, too.

use std::io::IoSliceMut;
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::cmsg_space;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    recvmsg, setsockopt, socket, sockopt, AddressFamily, ControlMessageOwned, MsgFlags, SockFlag,
    SockProtocol, SockType, SockaddrIn6,
};

/// A hop limit that only hosts on the link can send (RFC 4861 section 6.1.2).
const HOP_LIMIT: i32 = 255;

pub struct Adverts {
    socket: OwnedFd,
    control: Vec<u8>,
}

impl Adverts {
    /// Open the socket, which takes CAP_NET_RAW.
    pub fn open() -> nix::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let icmp = SockProtocol::IcmpV6;
        let socket = socket(AddressFamily::Inet6, SockType::Raw, flags, icmp)?;
        setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?;
        Ok(Self {
            socket,
            control: cmsg_space!(i32),
        })
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The next ICMPv6 message, if there is one.
    pub fn receive(&mut self, buffer: &mut [u8]) -> Option<Advert> {
        let mut parts = [IoSliceMut::new(buffer)];
        let (socket, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        let message =
            recvmsg::<SockaddrIn6>(socket, &mut parts, Some(&mut self.control), flags).ok()?;
        let near = message.cmsgs().is_ok_and(|mut all| {
            all.any(|one| matches!(one, ControlMessageOwned::Ipv6HopLimit(HOP_LIMIT)))
        });
        let from = message.address?;
        Some(Advert {
            router: from.ip(),
            interface: from.scope_id(),
            len: message.bytes,
            is_near: near && from.ip().is_unicast_link_local(),
        })
    }
}

/// A message that may be an advertisement.
pub struct Advert {
    pub router: Ipv6Addr,
    /// The number of the interface it came by.
    pub interface: u32,
    pub len: usize,
    /// It comes from the link, and so may be believed.
    is_near: bool,
}

impl Advert {
    /// True if it came by one of these interfaces; empty: by any.
    pub fn is_for(&self, interfaces: &[String]) -> bool {
        let named = |name: &String| if_nametoindex(name.as_str()) == Ok(self.interface);
        self.is_near && (interfaces.is_empty() || interfaces.iter().any(named))
    }
}
