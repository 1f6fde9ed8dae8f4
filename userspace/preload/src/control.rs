// SPDX-License-Identifier: GPL-2.0
//! Control messages: those of an IPv4 socket for the program, those of an IPv6 socket for the kernel.

use core::{
    mem::size_of,
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4},
    slice,
};

use libc::{
    c_int, cmsghdr, EINVAL, ENOBUFS, IPPROTO_IP, IPPROTO_IPV6, IPV6_HOPLIMIT, IPV6_ORIGDSTADDR,
    IPV6_PKTINFO, IPV6_RECVERR, IPV6_RECVFRAGSIZE, IPV6_TCLASS, IP_ORIGDSTADDR, IP_PKTINFO,
    IP_RECVERR, IP_RECVFRAGSIZE, IP_TOS, IP_TTL, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6,
};
use natpt_core::xlate::icmp::{error_to_v4, v6::TOO_BIG};

use crate::sockaddr::{self, LEN6};

const HEADER: usize = size_of::<cmsghdr>();
const ALIGN: usize = size_of::<usize>();
const INT: usize = size_of::<c_int>();

/// Length of a struct sock_extended_err; the offender's address follows.
const ERROR: usize = 16;
/// An IPv6 header is longer than an IPv4 header.
pub const HEADER_DIFFERENCE: u32 = 20;

/// The result for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Bytes used.
    pub used: usize,
    /// Not all messages fit.
    pub truncated: bool,
}

/// One message.
#[derive(Clone, Copy)]
struct Message<'a> {
    level: c_int,
    kind: c_int,
    data: &'a [u8],
}

/// Walks the messages, as far as they are whole.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let (len, rest) = self.0.split_first_chunk::<ALIGN>()?;
        let (level, rest) = rest.split_first_chunk()?;
        let (kind, _) = rest.split_first_chunk()?;
        let len = usize::from_ne_bytes(*len);
        let data = self.0.get(HEADER..len)?;
        self.0 = self.0.get(aligned(len)..).unwrap_or_default();
        Some(Message {
            level: c_int::from_ne_bytes(*level),
            kind: c_int::from_ne_bytes(*kind),
            data,
        })
    }
}

const fn aligned(len: usize) -> usize {
    len.wrapping_add(ALIGN - 1) & !(ALIGN - 1)
}

/// Writes messages as the kernel does: the last one cut where the room ends.
struct Writer<'a> {
    room: &'a mut [u8],
    taken: Taken,
}

impl<'a> Writer<'a> {
    fn new(room: &'a mut [u8]) -> Writer<'a> {
        let taken = Taken {
            used: 0,
            truncated: false,
        };
        Writer { room, taken }
    }

    fn put(&mut self, level: c_int, kind: c_int, parts: &[&[u8]]) {
        let room = self.room.get_mut(self.taken.used..).unwrap_or_default();
        let data = parts
            .iter()
            .fold(0usize, |sum, part| sum.wrapping_add(part.len()));
        let whole = HEADER.wrapping_add(data);
        let len = whole.min(room.len());
        if room.len() < HEADER {
            self.taken.truncated = true;
            return;
        }
        self.taken.truncated |= len < whole;
        let header: [&[u8]; 3] = [
            &len.to_ne_bytes(),
            &level.to_ne_bytes(),
            &kind.to_ne_bytes(),
        ];
        let bytes = header.iter().chain(parts).copied().flatten();
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        let used = aligned(whole).min(room.len());
        self.taken.used = self.taken.used.wrapping_add(used);
    }
}

/// Convert what the kernel has for the program; `peer` and `local` convert addresses.
pub fn incoming(
    given: &[u8],
    room: &mut [u8],
    peer: impl Fn(Ipv6Addr) -> Ipv4Addr,
    local: impl Fn(Ipv6Addr) -> Ipv4Addr,
) -> Taken {
    let mut writer = Writer::new(room);
    for message in Messages(given) {
        let data = message.data;
        match (message.level, message.kind) {
            (IPPROTO_IPV6, IPV6_PKTINFO) => {
                let Some((addr, index)) = data.split_first_chunk::<16>() else {
                    continue;
                };
                let addr = Ipv6Addr::from(*addr);
                // an IPv4 packet has the IPv4 message, too
                if addr.to_ipv4_mapped().is_none() {
                    let addr = local(addr).octets();
                    writer.put(IPPROTO_IP, IP_PKTINFO, &[index, &addr, &addr]);
                }
            }
            (IPPROTO_IPV6, IPV6_HOPLIMIT) => writer.put(IPPROTO_IP, IP_TTL, &[data]),
            (IPPROTO_IPV6, IPV6_TCLASS) => {
                let class = number(data).map_or(0, |class| class as u8);
                writer.put(IPPROTO_IP, IP_TOS, &[&[class]]);
            }
            (IPPROTO_IPV6, IPV6_RECVFRAGSIZE) => {
                writer.put(IPPROTO_IP, IP_RECVFRAGSIZE, &[data]);
            }
            (IPPROTO_IPV6, IPV6_ORIGDSTADDR) => {
                if let Some(addr) = socket_address(data, &local) {
                    writer.put(IPPROTO_IP, IP_ORIGDSTADDR, &[&addr]);
                }
            }
            (IPPROTO_IPV6, IPV6_RECVERR) => {
                let Some((error, offender)) = data.split_first_chunk::<ERROR>() else {
                    continue;
                };
                let error = error_of_v4(*error);
                let offender = socket_address(offender, &peer).unwrap_or_default();
                writer.put(IPPROTO_IP, IP_RECVERR, &[&error, &offender]);
            }
            (level, kind) => writer.put(level, kind, &[data]),
        }
    }
    writer.taken
}

/// Convert what the program has for the kernel, for packets to IPv6; `source` converts addresses
/// of this host. What an IPv4 socket refuses is refused.
pub fn outgoing(
    given: &[u8],
    mut source: impl FnMut(Ipv4Addr) -> Ipv6Addr,
    room: &mut [u8],
) -> Result<usize, c_int> {
    let mut writer = Writer::new(room);
    let mut messages = Messages(given);
    for message in messages.by_ref() {
        let data = message.data;
        match (message.level, message.kind) {
            (IPPROTO_IP, IP_PKTINFO) => {
                let info: &[u8; 12] = data.try_into().map_err(|_| EINVAL)?;
                let [index @ .., a, b, c, d, _, _, _, _] = info;
                let addr = source(Ipv4Addr::new(*a, *b, *c, *d)).octets();
                writer.put(IPPROTO_IPV6, IPV6_PKTINFO, &[&addr, index]);
            }
            (IPPROTO_IP, IP_TTL) if data.len() == INT => {
                let ttl = number(data).filter(|ttl| (1..=255).contains(ttl));
                let ttl = ttl.ok_or(EINVAL)?.to_ne_bytes();
                writer.put(IPPROTO_IPV6, IPV6_HOPLIMIT, &[&ttl]);
            }
            (IPPROTO_IP, IP_TOS) if matches!(data.len(), 1 | INT) => {
                let class = number(data).filter(|class| (0..=255).contains(class));
                let class = class.ok_or(EINVAL)?.to_ne_bytes();
                writer.put(IPPROTO_IPV6, IPV6_TCLASS, &[&class]);
            }
            (IPPROTO_IP, _) => return Err(EINVAL),
            // an IPv4 socket does not look at them
            (IPPROTO_IPV6, _) => {}
            (level, kind) => writer.put(level, kind, &[data]),
        }
    }
    if messages.0.len() >= HEADER {
        return Err(EINVAL);
    }
    match writer.taken.truncated {
        true => Err(ENOBUFS),
        false => Ok(writer.taken.used),
    }
}

/// An `int`, or one byte.
fn number(data: &[u8]) -> Option<c_int> {
    match data.first_chunk() {
        Some(number) => Some(c_int::from_ne_bytes(*number)),
        None => data.first().map(|byte| c_int::from(*byte)),
    }
}

/// Convert a `sockaddr_in6`.
fn socket_address(data: &[u8], convert: impl Fn(Ipv6Addr) -> Ipv4Addr) -> Option<[u8; 16]> {
    let addr = data.first_chunk::<LEN6>()?;
    let (family, rest) = addr.split_first_chunk()?;
    if i32::from(u16::from_ne_bytes(*family)) != libc::AF_INET6 {
        return None;
    }
    let (port, rest) = rest.split_first_chunk()?;
    let ip = rest.get(4..)?.first_chunk::<16>()?;
    let ip = convert(Ipv6Addr::from(*ip));
    let addr = sockaddr::v4(SocketAddrV4::new(ip, u16::from_be_bytes(*port)));
    // SAFETY: 16 bytes, all of them written.
    let bytes = unsafe { slice::from_raw_parts((&raw const addr).cast::<u8>(), 16) };
    bytes.first_chunk().copied()
}

/// The error of an IPv4 socket for that of an IPv6 socket.
fn error_of_v4(error: [u8; ERROR]) -> [u8; ERROR] {
    let mut error = error;
    let [_, _, _, _, origin, kind, code, _, mtu @ .., _, _, _, _] = &mut error;
    if *origin == SO_EE_ORIGIN_ICMP6 {
        *origin = SO_EE_ORIGIN_ICMP;
        if *kind == TOO_BIG {
            *mtu = u32::from_ne_bytes(*mtu)
                .saturating_sub(HEADER_DIFFERENCE)
                .to_ne_bytes();
        }
        if let Ok(twin) = error_to_v4(*kind, *code) {
            *kind = twin.kind;
            *code = twin.code;
        }
    }
    error
}
