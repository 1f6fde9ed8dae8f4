// SPDX-License-Identifier: GPL-2.0

//! Several datagrams by one system call (recvmmsg(2), sendmmsg(2)), each with an address of its own
//! at either end.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::null_mut;

use libc::{cmsghdr, in6_addr, iovec, mmsghdr, msghdr, sockaddr_in, sockaddr_in6, socklen_t};

use super::sockets::{mapped, plain};

/// Most datagrams of one call.
pub const BATCH: usize = 16;
/// No datagram is longer.
pub const LONGEST: usize = 1 << 16;

/// A packet-info control message, for whichever family: five or three words of the kernel's.
#[repr(C)]
#[derive(Clone, Copy)]
struct Info {
    header: cmsghdr,
    words: [[u8; 4]; 5],
}

const NO_INFO: Info = Info {
    header: cmsghdr {
        cmsg_len: 0,
        cmsg_level: 0,
        cmsg_type: 0,
    },
    words: [[0; 4]; 5],
};

/// The length of its header and so many words, as CMSG_LEN has it: nothing is between them.
const fn info_len(words: usize) -> usize {
    size_of::<cmsghdr>() + 4 * words
}

/// Where a datagram comes from or goes to, and which address of ours that is about.
#[derive(Clone, Copy)]
pub struct Envelope {
    /// For IPv4, too: its address has the place of the flow information.
    peer: sockaddr_in6,
    peer_len: usize,
    info: Info,
    info_len: usize,
    len: usize,
}

impl Envelope {
    pub const EMPTY: Self = Self {
        peer: sockaddr_in6 {
            sin6_family: 0,
            sin6_port: 0,
            sin6_flowinfo: 0,
            sin6_addr: in6_addr { s6_addr: [0; 16] },
            sin6_scope_id: 0,
        },
        peer_len: 0,
        info: NO_INFO,
        info_len: 0,
        len: 0,
    };

    /// For an answer to `peer` from `local`, by an IPv6 socket or not.
    pub fn new(peer: SocketAddr, local: Option<IpAddr>, is_v6: bool) -> Self {
        let mut envelope = Self::EMPTY;
        let peer = if is_v6 { mapped(peer) } else { peer };
        let name = &mut envelope.peer;
        name.sin6_port = peer.port().to_be();
        let scope = match peer {
            SocketAddr::V4(peer) => {
                name.sin6_family = libc::AF_INET as u16;
                name.sin6_flowinfo = u32::from_ne_bytes(peer.ip().octets());
                envelope.peer_len = size_of::<sockaddr_in>();
                0
            }
            SocketAddr::V6(peer) => {
                name.sin6_family = libc::AF_INET6 as u16;
                name.sin6_flowinfo = peer.flowinfo().to_be();
                name.sin6_addr.s6_addr = peer.ip().octets();
                name.sin6_scope_id = peer.scope_id();
                envelope.peer_len = size_of::<sockaddr_in6>();
                peer.scope_id()
            }
        };
        let (level, kind, words) = match (is_v6, local) {
            (true, Some(local)) => {
                let local = match local {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                    IpAddr::V6(v6) => v6,
                };
                for (word, bytes) in envelope.info.words.iter_mut().zip(local.octets().chunks(4)) {
                    word.copy_from_slice(bytes);
                }
                // Where a link-local address means anything.
                envelope.info.words[4] = scope.to_ne_bytes();
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, 5)
            }
            (false, Some(IpAddr::V4(local))) => {
                envelope.info.words[1] = local.octets();
                (libc::IPPROTO_IP, libc::IP_PKTINFO, 3)
            }
            _ => return envelope,
        };
        envelope.info.header = cmsghdr {
            cmsg_len: info_len(words),
            cmsg_level: level,
            cmsg_type: kind,
        };
        // No longer than it has to be: the kernel then needs no memory for it.
        envelope.info_len = info_len(words);
        envelope
    }

    /// The length of what came.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn peer(&self) -> Option<SocketAddr> {
        let (name, port) = (&self.peer, u16::from_be(self.peer.sin6_port));
        match libc::c_int::from(name.sin6_family) {
            libc::AF_INET if self.peer_len >= size_of::<sockaddr_in>() => {
                let addr = Ipv4Addr::from(name.sin6_flowinfo.to_ne_bytes());
                Some(SocketAddrV4::new(addr, port).into())
            }
            libc::AF_INET6 if self.peer_len >= size_of::<sockaddr_in6>() => {
                let addr = Ipv6Addr::from(name.sin6_addr.s6_addr);
                let flow = u32::from_be(name.sin6_flowinfo);
                let addr = SocketAddrV6::new(addr, port, flow, name.sin6_scope_id);
                Some(plain(addr.into()))
            }
            _ => None,
        }
    }

    /// The address of ours that it came to.
    pub fn local(&self) -> Option<IpAddr> {
        let (header, words) = (&self.info.header, &self.info.words);
        let has = |words| self.info_len >= info_len(words) && header.cmsg_len >= info_len(words);
        match (header.cmsg_level, header.cmsg_type) {
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if has(5) => {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&words.as_flattened()[..16]);
                Some(IpAddr::from(bytes).to_canonical())
            }
            (libc::IPPROTO_IP, libc::IP_PKTINFO) if has(3) => Some(IpAddr::from(words[1])),
            _ => None,
        }
    }
}

const NO_PART: iovec = iovec {
    iov_base: null_mut(),
    iov_len: 0,
};

const NO_HEADER: mmsghdr = mmsghdr {
    msg_hdr: msghdr {
        msg_name: null_mut(),
        msg_namelen: 0,
        msg_iov: null_mut(),
        msg_iovlen: 0,
        msg_control: null_mut(),
        msg_controllen: 0,
        msg_flags: 0,
    },
    msg_len: 0,
};

/// What has come, the n-th in the n-th [`LONGEST`] bytes of `room`; return how many there are.
#[allow(unsafe_code)]
pub fn receive(socket: BorrowedFd<'_>, room: &mut [u8], envelopes: &mut [Envelope]) -> usize {
    let (mut parts, mut headers) = ([NO_PART; BATCH], [NO_HEADER; BATCH]);
    let mut count = 0;
    let places = room.chunks_exact_mut(LONGEST).zip(envelopes.iter_mut());
    for ((place, envelope), (part, one)) in places.zip(parts.iter_mut().zip(&mut headers)) {
        part.iov_base = place.as_mut_ptr().cast();
        part.iov_len = place.len();
        one.msg_hdr.msg_iov = part;
        one.msg_hdr.msg_iovlen = 1;
        one.msg_hdr.msg_name = (&raw mut envelope.peer).cast();
        one.msg_hdr.msg_namelen = size_of::<sockaddr_in6>() as socklen_t;
        one.msg_hdr.msg_control = (&raw mut envelope.info).cast();
        one.msg_hdr.msg_controllen = size_of::<Info>() as _;
        count += 1;
    }
    // SAFETY: there are `count` headers, and what they point to is theirs alone, as long as they say,
    // and there until the end of this function.
    let got = unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            0,
            null_mut(),
        )
    };
    let got = usize::try_from(got).unwrap_or(0);
    for (envelope, one) in envelopes.iter_mut().zip(&headers).take(got) {
        envelope.peer_len = one.msg_hdr.msg_namelen as usize;
        envelope.info_len = one.msg_hdr.msg_controllen;
        envelope.len = one.msg_len as usize;
    }
    got
}

/// Send; what cannot be sent is lost, as every datagram may be, but nothing that comes after it.
#[allow(unsafe_code)]
pub fn send<T: AsRef<[u8]>>(socket: BorrowedFd<'_>, letters: &[(Envelope, T)]) {
    let mut rest = letters;
    while !rest.is_empty() {
        let (mut parts, mut headers) = ([NO_PART; BATCH], [NO_HEADER; BATCH]);
        let mut count = 0;
        for ((envelope, message), (part, one)) in
            rest.iter().zip(parts.iter_mut().zip(&mut headers))
        {
            let message = message.as_ref();
            part.iov_base = message.as_ptr().cast_mut().cast();
            part.iov_len = message.len();
            one.msg_hdr.msg_iov = part;
            one.msg_hdr.msg_iovlen = 1;
            one.msg_hdr.msg_name = (&raw const envelope.peer).cast_mut().cast();
            one.msg_hdr.msg_namelen = envelope.peer_len as socklen_t;
            if envelope.info_len > 0 {
                one.msg_hdr.msg_control = (&raw const envelope.info).cast_mut().cast();
                one.msg_hdr.msg_controllen = envelope.info_len as _;
            }
            count += 1;
        }
        // SAFETY: there are `count` headers, and what they point to is as long as they say, there
        // until the end of this function, and only read.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, 0) };
        // The first of those that are left is the one that failed.
        rest = &rest[usize::try_from(sent).unwrap_or(0).max(1)..];
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    use super::*;

    /// What waits at a socket, in the order in which it came.
    fn all(socket: &UdpSocket) -> Vec<(Option<SocketAddr>, Vec<u8>)> {
        socket.set_nonblocking(true).unwrap();
        let mut room = vec![0; BATCH * LONGEST];
        let mut envelopes = [Envelope::EMPTY; BATCH];
        let mut all = Vec::new();
        loop {
            let count = receive(socket.as_fd(), &mut room, &mut envelopes);
            for (envelope, place) in envelopes.iter().zip(room.chunks(LONGEST)).take(count) {
                all.push((envelope.peer(), place[..envelope.len()].to_vec()));
            }
            if count < BATCH {
                return all;
            }
        }
    }

    #[test]
    fn what_cannot_be_sent_takes_nothing_else_along() {
        let from = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = UdpSocket::bind("127.0.0.1:0").unwrap();
        let good = Envelope::new(to.local_addr().unwrap(), None, false);
        const LOST: [u8; 7] = [0, 5, 15, 16, 17, 40, 49];
        let letter = |number| {
            let envelope = match LOST.contains(&number) {
                true => Envelope::EMPTY,
                false => good,
            };
            (envelope, vec![number; number.into()])
        };
        send(from.as_fd(), &(0..50).map(letter).collect::<Vec<_>>());
        send::<Vec<u8>>(from.as_fd(), &[]);
        let sent = (0..50).filter(|number| !LOST.contains(number));
        let peer = Some(from.local_addr().unwrap());
        let expected: Vec<_> = sent.map(|n| (peer, vec![n; n.into()])).collect();
        assert_eq!(all(&to), expected);
    }

    #[test]
    fn the_longest_is_whole() {
        let from = UdpSocket::bind("[::1]:0").unwrap();
        let to = UdpSocket::bind("[::1]:0").unwrap();
        let addr = to.local_addr().unwrap();
        let local: IpAddr = "::1".parse().unwrap();
        let envelope = Envelope::new(addr, Some(local), true);
        let longest = vec![7; 65_527];
        let letters = [(envelope, vec![1]), (envelope, longest), (envelope, vec![])];
        send(from.as_fd(), &letters);
        let lengths: Vec<_> = all(&to).iter().map(|(_, message)| message.len()).collect();
        assert_eq!(lengths, [1, 65_527, 0]);
    }

    #[test]
    fn nothing_is_made_of_no_address() {
        assert_eq!(Envelope::EMPTY.peer(), None);
        assert_eq!(Envelope::EMPTY.local(), None);
        let addr: SocketAddr = "[fe80::1%7]:53".parse().unwrap();
        let local: IpAddr = "fe80::2".parse().unwrap();
        let envelope = Envelope::new(addr, Some(local), true);
        assert_eq!(
            (envelope.peer(), envelope.local()),
            (Some(addr), Some(local))
        );
        assert_eq!(envelope.info.words[4], 7_u32.to_ne_bytes());
        let addr: SocketAddr = "192.0.2.1:53".parse().unwrap();
        let local: IpAddr = "192.0.2.2".parse().unwrap();
        let envelope = Envelope::new(addr, Some(local), true);
        assert_eq!(
            (envelope.peer(), envelope.local()),
            (Some(addr), Some(local))
        );
    }
}
