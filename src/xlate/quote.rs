// SPDX-License-Identifier: GPL-2.0
//! The packet that an ICMP error quotes (RFC 7915 sections 4.3 and 5.3, RFC 4884).

use super::{
    bytes::array,
    ext::{walk, Walk},
    icmp, ipv4, ipv6,
    l4::Ports,
    proto,
    tuple::{Tuple4, Tuple6},
    DropReason,
};

/// The bytes of the transport header that an error must quote.
pub(super) const MIN_TRANSPORT: usize = 8;

/// Type, code and second word of an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) code: u8,
    pub(super) word: [u8; 4],
}

impl Message {
    fn parse(message: &[u8]) -> Result<Message, DropReason> {
        let [kind, code, _, _, w0, w1, w2, w3] = array(message, 0).ok_or(DropReason::Truncated)?;
        let word = [w0, w1, w2, w3];
        Ok(Message { kind, code, word })
    }
}

/// The parts of an error behind its header.
#[derive(Clone, Copy, Debug)]
struct Body<'a> {
    datagram: &'a [u8],
    extension: &'a [u8],
}

impl<'a> Body<'a> {
    /// Splits `message` after `datagram_len` bytes of original datagram; 0 or a length that cannot
    /// be means that there is no extension. Lengths below 128 occur and do no harm.
    fn split(message: &'a [u8], datagram_len: usize) -> Result<Body<'a>, DropReason> {
        let body = message.get(icmp::LEN..).ok_or(DropReason::Truncated)?;
        let (datagram, extension) = match datagram_len {
            0 => (body, &[][..]),
            len => body.split_at_checked(len).unwrap_or((body, &[])),
        };
        Ok(Body {
            datagram,
            extension,
        })
    }

    /// The transport part, without the padding that may follow it.
    fn transport(&self, offset: usize, len: u16) -> Result<&'a [u8], DropReason> {
        let transport = self
            .datagram
            .get(offset..)
            .ok_or(DropReason::InnerTruncated)?;
        let transport = transport.get(..usize::from(len)).unwrap_or(transport);
        if transport.len() < MIN_TRANSPORT {
            return Err(DropReason::InnerTruncated);
        }
        Ok(transport)
    }
}

/// The ports of a quoted packet, or why there are none although its addresses can be translated.
type Inner = Result<Ports, DropReason>;

fn inner_ports(protocol: u8, later: bool, transport: &[u8]) -> Result<Inner, DropReason> {
    if later {
        return Ok(Err(DropReason::InnerFragment));
    }
    let is_error = match (protocol, transport.first()) {
        (proto::ICMP, Some(&kind)) => icmp::is_error4(kind),
        (proto::ICMPV6, Some(&kind)) => icmp::is_error6(kind),
        _ => false,
    };
    if is_error {
        return Err(DropReason::InnerIcmpError);
    }
    match Ports::of(protocol, transport) {
        Ok(ports) => Ok(Ok(ports)),
        Err(DropReason::Truncated) => Err(DropReason::InnerTruncated),
        Err(DropReason::UnknownProtocol) => Ok(Err(DropReason::InnerProtocol)),
        Err(_) => Err(DropReason::InnerProtocol),
    }
}

fn inner(reason: DropReason) -> DropReason {
    match reason {
        DropReason::Truncated => DropReason::InnerTruncated,
        _ => DropReason::InnerHeader,
    }
}

/// An ICMPv6 error and the packet that it is about, as its sender had sent it.
#[derive(Clone, Copy, Debug)]
pub struct Quote6<'a> {
    /// IPv6 header of the quoted packet.
    pub header: ipv6::Header,
    /// The result of the walk over its extension headers.
    pub walk: Walk,
    /// Its addresses and ports; the latter are 0 where `no_ports` says so.
    pub tuple: Tuple6,
    /// Why the quoted packet has no ports, if it has none: no session can be found by it.
    pub no_ports: Option<DropReason>,
    pub(super) message: Message,
    pub(super) transport: &'a [u8],
    pub(super) extension: &'a [u8],
}

impl<'a> Quote6<'a> {
    /// Parses a whole ICMPv6 error; its checksum is verified elsewhere (`icmp::verify6`).
    pub fn parse(message: &'a [u8]) -> Result<Quote6<'a>, DropReason> {
        let quote = Self::parse_any(message)?;
        quote.no_ports.map_or(Ok(quote), Err)
    }

    /// As `parse`, also where the quoted packet has no ports: its addresses may do.
    pub fn parse_any(message: &'a [u8]) -> Result<Quote6<'a>, DropReason> {
        let head = Message::parse(message)?;
        icmp::error_to_v4(head.kind, head.code)?;
        let words = match (head.kind, head.word) {
            (icmp::v6::UNREACHABLE | icmp::v6::TIME_EXCEEDED, [len, ..]) => len,
            _ => 0,
        };
        let body = Body::split(message, usize::from(words) << 3)?;
        let header = ipv6::Header::parse(body.datagram).map_err(inner)?;
        let walk = walk(body.datagram).map_err(inner)?;
        let later = walk.fragment.is_some_and(|fragment| fragment.offset != 0);
        let transport = body.transport(usize::from(walk.l4_offset), walk.payload_len(&header))?;
        // ICMP is not an IPv6 protocol.
        if walk.protocol == proto::ICMP {
            return Err(DropReason::InnerProtocol);
        }
        let inner = inner_ports(walk.protocol, later, transport)?;
        let ports = inner.unwrap_or(Ports::echo(0));
        Ok(Quote6 {
            header,
            walk,
            tuple: Tuple6 {
                saddr: header.saddr,
                daddr: header.daddr,
                sport: ports.sport,
                dport: ports.dport,
            },
            no_ports: inner.err(),
            message: head,
            transport,
            extension: body.extension,
        })
    }

    /// The transport protocol as on the IPv4 side.
    pub const fn protocol(&self) -> u8 {
        proto::protocol_to_v4(self.walk.protocol)
    }
}

/// True if the header checksum of a quoted IPv4 packet counts: some routers change the header
/// before they quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InnerCheck {
    /// A wrong one makes the error void (RFC 5508 REQ-3a).
    Verify,
    /// It does not matter.
    Ignore,
}

/// An ICMPv4 error and the packet that it is about, as its sender had sent it.
#[derive(Clone, Copy, Debug)]
pub struct Quote4<'a> {
    /// IPv4 header of the quoted packet.
    pub header: ipv4::Header,
    /// Its addresses and ports; the latter are 0 where `no_ports` says so.
    pub tuple: Tuple4,
    /// Why the quoted packet has no ports, if it has none: no session can be found by it.
    pub no_ports: Option<DropReason>,
    pub(super) message: Message,
    pub(super) transport: &'a [u8],
    pub(super) extension: &'a [u8],
}

impl<'a> Quote4<'a> {
    /// Parses a whole ICMPv4 error; its checksum is verified elsewhere (`icmp::verify4`).
    pub fn parse(message: &'a [u8], check: InnerCheck) -> Result<Quote4<'a>, DropReason> {
        let quote = Self::parse_any(message, check)?;
        quote.no_ports.map_or(Ok(quote), Err)
    }

    /// As `parse`, also where the quoted packet has no ports: its addresses may do.
    pub fn parse_any(message: &'a [u8], check: InnerCheck) -> Result<Quote4<'a>, DropReason> {
        let head = Message::parse(message)?;
        icmp::error_to_v6(head.kind, head.code)?;
        let [_, words, ..] = head.word;
        let body = Body::split(message, usize::from(words) << 2)?;
        let header = match check {
            InnerCheck::Verify => ipv4::Header::parse(body.datagram),
            InnerCheck::Ignore => ipv4::Header::read(body.datagram),
        };
        let header = header.map_err(inner)?;
        let transport = body.transport(usize::from(header.header_len), header.payload_len())?;
        // ICMPv6 is not an IPv4 protocol.
        if header.protocol == proto::ICMPV6 {
            return Err(DropReason::InnerProtocol);
        }
        let inner = inner_ports(header.protocol, header.frag_off != 0, transport)?;
        let ports = inner.unwrap_or(Ports::echo(0));
        Ok(Quote4 {
            header,
            tuple: Tuple4 {
                saddr: header.saddr,
                daddr: header.daddr,
                sport: ports.sport,
                dport: ports.dport,
            },
            no_ports: inner.err(),
            message: head,
            transport,
            extension: body.extension,
        })
    }
}
