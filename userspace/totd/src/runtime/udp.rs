// SPDX-License-Identifier: GPL-2.0

//! Clients over UDP: who asked which of our addresses, and answers from that very address.

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::cmsg_space;
use nix::libc::{in6_addr, in6_pktinfo, in_addr, in_pktinfo};
use nix::sys::socket::{
    recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage,
};
use totd::proxy::{Client, Key, Transport};

use super::sockets::{mapped, plain};

pub struct Udp {
    pub socket: OwnedFd,
    is_v6: bool,
    control: Vec<u8>,
}

impl Udp {
    pub fn new(socket: OwnedFd, is_v6: bool) -> Self {
        Self {
            socket,
            is_v6,
            control: cmsg_space!(in6_pktinfo, in_pktinfo),
        }
    }

    /// The next query, and its length in the buffer.
    pub fn receive(&mut self, key: Key, buffer: &mut [u8]) -> Option<(Client, usize)> {
        let mut parts = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::empty();
        let socket = self.socket.as_raw_fd();
        let message =
            recvmsg::<SockaddrStorage>(socket, &mut parts, Some(&mut self.control), flags).ok()?;
        let local = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical())
            }
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
            }
            _ => None,
        });
        let client = Client {
            addr: plain(address(&message.address?)?),
            local,
            socket: key,
            transport: Transport::Udp,
        };
        Some((client, message.bytes))
    }

    /// An answer may get lost, as every datagram may.
    pub fn send(&self, client: &Client, message: &[u8]) {
        let parts = [IoSlice::new(message)];
        let (flags, socket) = (MsgFlags::empty(), self.socket.as_raw_fd());
        let _ = match (self.is_v6, client.local) {
            (true, Some(local)) => {
                let local = match local {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                    IpAddr::V6(v6) => v6,
                };
                let addr = mapped(client.addr);
                let info = in6_pktinfo {
                    ipi6_addr: in6_addr {
                        s6_addr: local.octets(),
                    },
                    // Where a link-local address means anything.
                    ipi6_ifindex: match addr {
                        SocketAddr::V6(addr) => addr.scope_id(),
                        SocketAddr::V4(_) => 0,
                    },
                };
                let control = [ControlMessage::Ipv6PacketInfo(&info)];
                sendmsg(
                    socket,
                    &parts,
                    &control,
                    flags,
                    Some(&SockaddrStorage::from(addr)),
                )
            }
            (false, Some(IpAddr::V4(local))) => {
                let info = in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: in_addr {
                        s_addr: u32::from_ne_bytes(local.octets()),
                    },
                    ipi_addr: in_addr { s_addr: 0 },
                };
                let control = [ControlMessage::Ipv4PacketInfo(&info)];
                let addr = SockaddrStorage::from(client.addr);
                sendmsg(socket, &parts, &control, flags, Some(&addr))
            }
            _ => {
                let addr = if self.is_v6 {
                    mapped(client.addr)
                } else {
                    client.addr
                };
                sendmsg(
                    socket,
                    &parts,
                    &[],
                    flags,
                    Some(&SockaddrStorage::from(addr)),
                )
            }
        };
    }
}

fn address(addr: &SockaddrStorage) -> Option<SocketAddr> {
    match (addr.as_sockaddr_in(), addr.as_sockaddr_in6()) {
        (Some(v4), _) => Some(SocketAddrV4::from(*v4).into()),
        (_, Some(v6)) => Some(SocketAddrV6::from(*v6).into()),
        _ => None,
    }
}
