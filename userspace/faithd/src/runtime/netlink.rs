// SPDX-License-Identifier: GPL-2.0

//! The kernel's routes, rtnetlink(7).

use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};

use natpt_core::xlate::addr::Prefix;
use nix::errno::Errno;
use nix::sys::socket::{
    connect, recv, send, socket, AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol,
    SockType,
};
use nix::Result;

/// Marks our routes, so that only those are removed: no number of /etc/iproute2/rt_protos.
const PROTOCOL: u8 = 142;
/// Its index is the same in every network namespace.
const LOOPBACK: u32 = 1;
/// struct nlmsghdr and struct rtmsg.
const HEADER: usize = 16 + 12;

pub struct Netlink(OwnedFd);

impl Netlink {
    pub fn open() -> Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        connect(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Make packets to the prefix be for this box.
    pub fn add_local(&self, prefix: &Prefix) -> Result<()> {
        let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        match self.local(libc::RTM_NEWROUTE, flags, prefix) {
            // Somebody else's, or left by one of us that was killed.
            Err(Errno::EEXIST) => Ok(()),
            result => result,
        }
    }

    pub fn remove_local(&self, prefix: &Prefix) -> Result<()> {
        self.local(libc::RTM_DELROUTE, 0, prefix)
    }

    fn local(&self, kind: u16, flags: i32, prefix: &Prefix) -> Result<()> {
        let route = [
            libc::AF_INET6 as u8,
            prefix.len(),
            0,
            0,
            libc::RT_TABLE_LOCAL,
            PROTOCOL,
            libc::RT_SCOPE_UNIVERSE,
            libc::RTN_LOCAL,
        ];
        let attributes = [
            attribute(libc::RTA_DST, &prefix.addr().octets()),
            attribute(libc::RTA_OIF, &LOOPBACK.to_ne_bytes()),
        ];
        self.ask(kind, flags | libc::NLM_F_ACK, route, &attributes.concat())
            .map(drop)
    }

    /// RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST…; an error if there is no route.
    pub fn kind(&self, addr: Ipv4Addr) -> Result<u8> {
        let route = [libc::AF_INET as u8, 32, 0, 0, 0, 0, 0, 0];
        let attributes = attribute(libc::RTA_DST, &addr.octets());
        let answer = self.ask(libc::RTM_GETROUTE, 0, route, &attributes)?;
        // rtm_type
        answer.get(16 + 7).copied().ok_or(Errno::EBADMSG)
    }

    fn ask(&self, kind: u16, flags: i32, route: [u8; 8], attributes: &[u8]) -> Result<Vec<u8>> {
        let len = HEADER + attributes.len();
        let mut request = Vec::with_capacity(len);
        request.extend((len as u32).to_ne_bytes());
        request.extend(kind.to_ne_bytes());
        request.extend(((libc::NLM_F_REQUEST | flags) as u16).to_ne_bytes());
        // Sequence number and port: one question at a time.
        request.extend([0; 8]);
        request.extend(route);
        // rtm_flags
        request.extend([0; 4]);
        request.extend(attributes);
        send(self.0.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut answer = vec![0; 4096];
        let len = recv(self.0.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        answer.truncate(len);
        let kind = answer.get(4..6).and_then(<[u8]>::first_chunk);
        if kind.copied().map(u16::from_ne_bytes) == Some(libc::NLMSG_ERROR as u16) {
            let &errno = answer
                .get(16..)
                .and_then(<[u8]>::first_chunk)
                .ok_or(Errno::EBADMSG)?;
            match i32::from_ne_bytes(errno) {
                0 => (),
                errno => return Err(Errno::from_raw(-errno)),
            }
        }
        Ok(answer)
    }
}

/// struct rtattr; the values here fill whole words.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes
}
