// SPDX-License-Identifier: GPL-2.0
//! ICMP errors with the packet that they quote (RFC 7915 sections 4.3 and 5.3, RFC 4884).

use core::net::Ipv6Addr;

use super::{
    bytes::{array, be16, copy, put},
    checksum::{pseudo_v6, Delta, Sum},
    ext::{walk, Fragment, Walk},
    header::{to_v4, to_v6, Hop, Payload},
    icmp::{self, Echo, ErrorType, Field},
    ipv4, ipv6,
    l4::{self, Ports},
    mtu::{self, NextHops, MIN_V6},
    tuple::{Tuple4, Tuple6},
    Reason,
};

/// Longest ICMPv6 error: with its IPv6 header it fits every link.
pub const MAX_V6: usize = MIN_V6 as usize - ipv6::LEN;

/// Shortest original datagram that an extension may follow (RFC 4884 section 3).
const MIN_DATAGRAM: usize = 128;

/// What an error must quote of the transport header.
const MIN_TRANSPORT: usize = 8;

/// Type, code and second word of an error.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: u8,
    code: u8,
    word: [u8; 4],
}

impl Message {
    fn parse(message: &[u8]) -> Result<Message, Reason> {
        let [kind, code, _, _, w0, w1, w2, w3] = array(message, 0).ok_or(Reason::Truncated)?;
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
    fn split(message: &'a [u8], datagram_len: usize) -> Result<Body<'a>, Reason> {
        let body = message.get(icmp::LEN..).ok_or(Reason::Truncated)?;
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
    fn transport(&self, offset: usize, len: u16) -> Result<&'a [u8], Reason> {
        let transport = self.datagram.get(offset..).ok_or(Reason::InnerTruncated)?;
        let transport = transport.get(..usize::from(len)).unwrap_or(transport);
        if transport.len() < MIN_TRANSPORT {
            return Err(Reason::InnerTruncated);
        }
        Ok(transport)
    }
}

/// The ports of a quoted packet, or why there are none although its addresses can be translated.
type Inner = Result<Ports, Reason>;

fn inner_ports(protocol: u8, later: bool, transport: &[u8]) -> Result<Inner, Reason> {
    if later {
        return Ok(Err(Reason::InnerFragment));
    }
    let is_error = match (protocol, transport.first()) {
        (l4::ICMP, Some(&kind)) => icmp::is_error4(kind),
        (l4::ICMPV6, Some(&kind)) => icmp::is_error6(kind),
        _ => false,
    };
    if is_error {
        return Err(Reason::InnerIcmpError);
    }
    match Ports::read(protocol, transport) {
        Ok(ports) => Ok(Ok(ports)),
        Err(Reason::Truncated) => Err(Reason::InnerTruncated),
        Err(Reason::UnknownProtocol) => Ok(Err(Reason::InnerProtocol)),
        Err(_) => Err(Reason::InnerProtocol),
    }
}

fn inner(reason: Reason) -> Reason {
    match reason {
        Reason::Truncated => Reason::InnerTruncated,
        _ => Reason::InnerHeader,
    }
}

/// An ICMPv6 error and the packet that it is about, as its sender had sent it.
#[derive(Clone, Copy, Debug)]
pub struct Quote6<'a> {
    /// IPv6 header of the quoted packet.
    pub header: ipv6::Header,
    /// What its extension headers say.
    pub walk: Walk,
    /// Its addresses and ports; the latter are 0 where `bare` says so.
    pub tuple: Tuple6,
    /// Why the quoted packet has no ports, if it has none: no session can be found by it.
    pub bare: Option<Reason>,
    message: Message,
    transport: &'a [u8],
    extension: &'a [u8],
}

impl<'a> Quote6<'a> {
    /// Parses a whole ICMPv6 error; its checksum is verified elsewhere (`icmp::verify6`).
    pub fn parse(message: &'a [u8]) -> Result<Quote6<'a>, Reason> {
        let quote = Self::parse_bare(message)?;
        quote.bare.map_or(Ok(quote), Err)
    }

    /// As `parse`, also where the quoted packet has no ports: its addresses may do.
    pub fn parse_bare(message: &'a [u8]) -> Result<Quote6<'a>, Reason> {
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
        if walk.protocol == l4::ICMP {
            return Err(Reason::InnerProtocol);
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
            bare: inner.err(),
            message: head,
            transport,
            extension: body.extension,
        })
    }

    /// The transport protocol as on the IPv4 side.
    pub const fn protocol(&self) -> u8 {
        l4::protocol_to_v4(self.walk.protocol)
    }
}

/// Whether the header checksum of a quoted IPv4 packet counts: some routers change the header
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
    /// Its addresses and ports; the latter are 0 where `bare` says so.
    pub tuple: Tuple4,
    /// Why the quoted packet has no ports, if it has none: no session can be found by it.
    pub bare: Option<Reason>,
    message: Message,
    transport: &'a [u8],
    extension: &'a [u8],
}

impl<'a> Quote4<'a> {
    /// Parses a whole ICMPv4 error; its checksum is verified elsewhere (`icmp::verify4`).
    pub fn parse(message: &'a [u8], check: InnerCheck) -> Result<Quote4<'a>, Reason> {
        let quote = Self::parse_bare(message, check)?;
        quote.bare.map_or(Ok(quote), Err)
    }

    /// As `parse`, also where the quoted packet has no ports: its addresses may do.
    pub fn parse_bare(message: &'a [u8], check: InnerCheck) -> Result<Quote4<'a>, Reason> {
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
        if header.protocol == l4::ICMPV6 {
            return Err(Reason::InnerProtocol);
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
            bare: inner.err(),
            message: head,
            transport,
            extension: body.extension,
        })
    }
}

/// Writes the ICMPv4 message for an ICMPv6 error to `out` and tells its length. `tuple` is the
/// quoted packet in IPv4; a `reporter` without an IPv4 address is named in an extension (RFC 6791).
pub fn error_to_v4(
    quote: &Quote6<'_>,
    tuple: &Tuple4,
    reporter: Option<Ipv6Addr>,
    hops: NextHops,
    out: &mut [u8],
) -> Result<usize, Reason> {
    let Message { kind, code, word } = quote.message;
    let error = icmp::error_to_v4(kind, code)?;
    let len = u32::from(quote.walk.payload_len(&quote.header));
    let payload = Payload {
        protocol: quote.walk.protocol,
        len,
        fragment: quote.walk.fragment,
        segment: None,
    };
    let (saddr, daddr) = (tuple.saddr, tuple.daddr);
    let header = to_v4(&quote.header, saddr, daddr, &payload, 0, Hop::Keep, None)?;

    let mut message = Writer::new(out, error);
    message.push(&header.emit())?;
    let at = message.len;
    message.push_datagram(quote.transport)?;
    let end = message.len;
    let object = reporter.map(reporter_object);
    let object = object.as_ref().map_or(&[][..], |object| object);
    let attribute = message.push_extension(quote.extension, object, 2);
    let word = match error.field {
        Field::Mtu => {
            let fragment = quote.walk.fragment.is_some();
            let [m0, m1] = mtu::to_v4(u32::from_be_bytes(word), fragment, hops).to_be_bytes();
            [0, attribute, m0, m1]
        }
        Field::Pointer => {
            let pointer = icmp::pointer_to_v4(u32::from_be_bytes(word))?;
            [pointer, attribute, 0, 0]
        }
        Field::PointerTo(pointer) => [pointer, attribute, 0, 0],
        Field::Zero => [0, attribute, 0, 0],
    };
    message.put_word(word);

    let ports = Ports {
        sport: tuple.sport,
        dport: tuple.dport,
    };
    let transport = message.transport(at, end);
    match quote.walk.protocol {
        _ if later(quote.walk.fragment) => {}
        l4::ICMPV6 => {
            let (from, to) = echo(transport, ports, icmp::echo_to_v4)?;
            let (saddr, daddr) = (quote.tuple.saddr, quote.tuple.daddr);
            rewrite_echo(transport, to, icmp::echo_delta(saddr, daddr, len, from, to));
        }
        protocol => {
            let delta = Delta::of(quote.tuple.sum(), tuple.sum());
            rewrite_ports(transport, protocol, ports, delta);
        }
    }
    Ok(message.finish(Sum::ZERO))
}

/// Writes the ICMPv6 message for an ICMPv4 error to `out` and tells its length, at most `MAX_V6`.
/// `tuple` is the quoted packet in IPv6; `saddr` and `daddr` are the addresses of the error itself.
pub fn error_to_v6(
    quote: &Quote4<'_>,
    saddr: Ipv6Addr,
    daddr: Ipv6Addr,
    tuple: &Tuple6,
    hops: NextHops,
    out: &mut [u8],
) -> Result<usize, Reason> {
    let Message { kind, code, word } = quote.message;
    let error = icmp::error_to_v6(kind, code)?;
    let len = u32::from(quote.header.payload_len());
    let fragment = Fragment::of_v4(&quote.header);
    let payload = Payload {
        protocol: quote.header.protocol,
        len,
        fragment,
        segment: None,
    };
    let header = to_v6(
        &quote.header,
        tuple.saddr,
        tuple.daddr,
        &payload,
        Hop::Keep,
        None,
    )?;

    let room = out.len().min(MAX_V6);
    let mut message = Writer::new(out.get_mut(..room).unwrap_or_default(), error);
    message.push(&header.emit())?;
    if let Some(fragment) = fragment {
        message.push(&fragment.emit(l4::protocol_to_v6(quote.header.protocol)))?;
    }
    let at = message.len;
    message.push_datagram(quote.transport)?;
    let end = message.len;
    let word = match error.field {
        Field::Mtu => {
            let [_, _, m0, m1] = word;
            let mtu = u16::from_be_bytes([m0, m1]);
            mtu::to_v6(mtu, quote.header.total_len, hops).to_be_bytes()
        }
        Field::Pointer => {
            let [pointer, ..] = word;
            [0, 0, 0, icmp::pointer_to_v6(pointer)?]
        }
        Field::PointerTo(pointer) => [0, 0, 0, pointer],
        // Only these errors may carry an extension in ICMPv6 (RFC 4884 section 4.6).
        Field::Zero => [message.push_extension(quote.extension, &[], 3), 0, 0, 0],
    };
    message.put_word(word);

    let ports = Ports {
        sport: tuple.sport,
        dport: tuple.dport,
    };
    let transport = message.transport(at, end);
    match quote.header.protocol {
        _ if later(fragment) => {}
        l4::ICMP => {
            let (from, to) = echo(transport, ports, icmp::echo_to_v6)?;
            let delta = icmp::echo_delta(tuple.saddr, tuple.daddr, len, to, from);
            rewrite_echo(transport, to, delta.inverse());
        }
        protocol => {
            let delta = Delta::of(quote.tuple.sum(), tuple.sum());
            rewrite_ports(transport, protocol, ports, delta);
        }
    }
    let pseudo = pseudo_v6(saddr, daddr, l4::ICMPV6, message.len as u32);
    Ok(message.finish(pseudo))
}

/// Whether a quoted fragment has no transport header.
fn later(fragment: Option<Fragment>) -> bool {
    fragment.is_some_and(|fragment| fragment.offset != 0)
}

/// Type and identifier of a quoted echo before and after translation.
fn echo(
    transport: &[u8],
    ports: Ports,
    translate: fn(u8) -> Result<u8, Reason>,
) -> Result<(Echo, Echo), Reason> {
    let kind = *transport.first().ok_or(Reason::InnerTruncated)?;
    let from = Echo {
        kind,
        id: be16(transport, 4).ok_or(Reason::InnerTruncated)?,
    };
    let to = Echo {
        kind: translate(kind)?,
        id: ports.sport,
    };
    Ok((from, to))
}

/// The checksum of a quoted packet is updated, not computed: most of the packet is missing.
fn rewrite_echo(transport: &mut [u8], to: Echo, delta: Delta) {
    put(transport, 0, [to.kind]);
    put(transport, 4, to.id.to_be_bytes());
    update(transport, 2, |check| delta.apply(check));
}

fn rewrite_ports(transport: &mut [u8], protocol: u8, ports: Ports, delta: Delta) {
    if matches!(protocol, l4::TCP | l4::UDP) {
        put(transport, 0, ports.sport.to_be_bytes());
        put(transport, 2, ports.dport.to_be_bytes());
    }
    let Some(at) = l4::check_offset(protocol) else {
        return;
    };
    update(transport, at, |check| match (protocol, check) {
        (l4::TCP, _) => delta.apply(check),
        // No checksum stays no checksum.
        (_, 0) => 0,
        _ => delta.apply_udp(check),
    });
}

fn update(transport: &mut [u8], at: usize, change: impl Fn(u16) -> u16) {
    if let Some(check) = be16(transport, at) {
        put(transport, at, change(check).to_be_bytes());
    }
}

/// The object that names an IPv6 reporter: an Interface Information Object with an IP address
/// only (RFC 5837 section 4.1, as RFC 6791 section 4 wants it).
fn reporter_object(addr: Ipv6Addr) -> [u8; 24] {
    const LEN: u8 = 24;
    const INTERFACE: u8 = 2;
    const HAS_ADDRESS: u8 = 1 << 2;
    const AFI_IPV6: u8 = 2;
    let mut object = [0; LEN as usize];
    put(
        &mut object,
        0,
        [0, LEN, INTERFACE, HAS_ADDRESS, 0, AFI_IPV6, 0, 0],
    );
    put(&mut object, 8, addr.octets());
    object
}

/// An ICMP message in the making.
struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8], error: ErrorType) -> Writer<'a> {
        put(out, 0, [error.kind, error.code, 0, 0, 0, 0, 0, 0]);
        Writer {
            out,
            len: icmp::LEN,
        }
    }

    fn room(&self) -> usize {
        self.out.len().saturating_sub(self.len)
    }

    /// Adds all of `bytes`.
    fn push(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        if self.room() < bytes.len() {
            return Err(Reason::TooBig);
        }
        self.push_datagram(bytes)
    }

    /// Adds as much of `bytes` as fits, at least what an error must quote.
    fn push_datagram(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        if self.room() < MIN_TRANSPORT {
            return Err(Reason::TooBig);
        }
        let copied = copy(self.out, self.len, bytes);
        self.len = self.len.saturating_add(copied);
        Ok(())
    }

    /// Pads the original datagram and adds the extension with one more object, or leaves out what
    /// does not fit. Answers with the length attribute, which counts in units of 2 to the `shift`
    /// bytes.
    fn push_extension(&mut self, extension: &[u8], object: &[u8], shift: u32) -> u8 {
        const VERSION: [u8; 4] = [0x20, 0, 0, 0];
        let extension = match (extension, object) {
            ([], []) => return 0,
            ([], _) => &VERSION,
            _ => extension,
        };
        let datagram = self.len.saturating_sub(icmp::LEN).max(MIN_DATAGRAM);
        let fill = datagram.wrapping_neg() & 1usize.wrapping_shl(shift).wrapping_sub(1);
        let padded = datagram.saturating_add(fill);
        let end = padded.saturating_add(icmp::LEN);
        let Ok(attribute) = u8::try_from(padded.wrapping_shr(shift)) else {
            return 0;
        };
        let room = self.out.len().saturating_sub(end);
        if room < extension.len() {
            return 0;
        }
        if let Some(padding) = self.out.get_mut(self.len..end) {
            padding.fill(0);
        }
        self.len = end.saturating_add(copy(self.out, end, extension));
        if !object.is_empty() && room >= extension.len().saturating_add(object.len()) {
            self.len = self.len.saturating_add(copy(self.out, self.len, object));
            let whole = self.out.get_mut(end..self.len).unwrap_or_default();
            put(whole, 2, [0, 0]);
            let check = Sum::of(whole).check();
            put(whole, 2, check.to_be_bytes());
        }
        attribute
    }

    fn put_word(&mut self, word: [u8; 4]) {
        put(self.out, 4, word);
    }

    /// The quoted transport part, not the padding behind it.
    fn transport(&mut self, at: usize, end: usize) -> &mut [u8] {
        self.out.get_mut(at..end).unwrap_or_default()
    }

    /// Fills in the checksum and tells the length.
    fn finish(self, pseudo: Sum) -> usize {
        let message = self.out.get(..self.len).unwrap_or_default();
        let check = pseudo.then(Sum::of(message)).check();
        put(self.out, 2, check.to_be_bytes());
        self.len
    }
}
