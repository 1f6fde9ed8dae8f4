// SPDX-License-Identifier: GPL-2.0
//! ICMP errors with the packet that they quote (RFC 7915 sections 4.3 and 5.3, RFC 4884).

use core::net::Ipv6Addr;

use super::{
    bytes::{be16, copy, put},
    checksum::{pseudo_v6, Delta, Sum},
    ext::Fragment,
    header::{to_v4, to_v6, Payload, TtlAction},
    icmp::{self, Echo, ErrorType, Field},
    ipv6,
    l4::{self, Ports},
    mtu::{self, NextHops, MIN_V6},
    proto,
    quote::{Message, Quote4, Quote6, MIN_TRANSPORT},
    tuple::{Tuple4, Tuple6},
    DropReason,
};

/// Longest ICMPv6 error: with its IPv6 header it fits every link.
pub const MAX_V6: usize = MIN_V6 as usize - ipv6::LEN;

/// Longest ICMPv4 error: it quotes a whole minimum IPv6 packet and may name its reporter.
pub const MAX_V4: usize = MAX_V6 + 32;

/// Shortest original datagram that an extension may follow (RFC 4884 section 3).
const MIN_DATAGRAM: usize = 128;

/// Writes the ICMPv4 message for an ICMPv6 error to `out` and tells its length. `tuple` is the
/// quoted packet in IPv4; a `reporter` without an IPv4 address is named in an extension (RFC 6791).
pub fn error_to_v4(
    quote: &Quote6<'_>,
    tuple: &Tuple4,
    reporter: Option<Ipv6Addr>,
    hops: NextHops,
    out: &mut [u8],
) -> Result<usize, DropReason> {
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
    let header = to_v4(
        &quote.header,
        saddr,
        daddr,
        &payload,
        0,
        TtlAction::Keep,
        None,
    )?;

    let object = reporter.map(reporter_object);
    let object = object.as_ref().map_or(&[][..], |object| object);
    let extension = Extension::fitting(quote.extension, object, out.len());
    let mut message = Writer::new(out, error);
    message.reserve(&extension, 2);
    message.push(&header.emit())?;
    let at = message.len;
    message.push_datagram(quote.transport)?;
    let end = message.len;
    let attribute = message.push_extension(&extension, 2);
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
        proto::ICMPV6 => {
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
) -> Result<usize, DropReason> {
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
        TtlAction::Keep,
        None,
    )?;

    let room = out.len().min(MAX_V6);
    // Only these errors may carry an extension in ICMPv6 (RFC 4884 section 4.6).
    let structure = match error.field {
        Field::Zero => quote.extension,
        _ => &[],
    };
    let extension = Extension::fitting(structure, &[], room);
    let mut message = Writer::new(out.get_mut(..room).unwrap_or_default(), error);
    message.reserve(&extension, 3);
    message.push(&header.emit())?;
    if let Some(fragment) = fragment {
        message.push(&fragment.emit(proto::protocol_to_v6(quote.header.protocol)))?;
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
        Field::Zero => [message.push_extension(&extension, 3), 0, 0, 0],
    };
    message.put_word(word);

    let ports = Ports {
        sport: tuple.sport,
        dport: tuple.dport,
    };
    let transport = message.transport(at, end);
    match quote.header.protocol {
        _ if later(fragment) => {}
        proto::ICMP => {
            let (from, to) = echo(transport, ports, icmp::echo_to_v6)?;
            let delta = icmp::echo_delta(tuple.saddr, tuple.daddr, len, to, from);
            rewrite_echo(transport, to, delta.inverse());
        }
        protocol => {
            let delta = Delta::of(quote.tuple.sum(), tuple.sum());
            rewrite_ports(transport, protocol, ports, delta);
        }
    }
    let pseudo = pseudo_v6(saddr, daddr, proto::ICMPV6, message.len as u32);
    Ok(message.finish(pseudo))
}

/// Return true if a quoted fragment has no transport header.
fn later(fragment: Option<Fragment>) -> bool {
    fragment.is_some_and(|fragment| fragment.offset != 0)
}

/// Type and identifier of a quoted echo before and after translation.
fn echo(
    transport: &[u8],
    ports: Ports,
    translate: fn(u8) -> Result<u8, DropReason>,
) -> Result<(Echo, Echo), DropReason> {
    let kind = *transport.first().ok_or(DropReason::InnerTruncated)?;
    let from = Echo {
        kind,
        id: be16(transport, 4).ok_or(DropReason::InnerTruncated)?,
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
    if matches!(protocol, proto::TCP | proto::UDP) {
        put(transport, 0, ports.sport.to_be_bytes());
        put(transport, 2, ports.dport.to_be_bytes());
    }
    let Some(at) = l4::check_offset(protocol) else {
        return;
    };
    update(transport, at, |check| match (protocol, check) {
        (proto::TCP, _) => delta.apply(check),
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

/// The extension of an error in the making.
struct Extension<'a> {
    structure: &'a [u8],
    /// An object that is added.
    object: &'a [u8],
    /// True if it needs a new checksum.
    is_changed: bool,
}

impl<'a> Extension<'a> {
    /// Return the part of a structure and of one object more that has room in a message of `len`
    /// bytes, behind the shortest original datagram.
    fn fitting(structure: &'a [u8], object: &'a [u8], len: usize) -> Extension<'a> {
        const VERSION: &[u8] = &[0x20, 0, 0, 0];
        let room = len.saturating_sub(icmp::LEN.saturating_add(MIN_DATAGRAM));
        let whole = whole_objects(structure, room);
        let base = if whole.is_empty() { VERSION } else { whole };
        let fits = base.len().saturating_add(object.len()) <= room;
        let (base, object) = match fits && !object.is_empty() {
            true => (base, object),
            false => (whole, &[][..]),
        };
        Extension {
            structure: base,
            object,
            is_changed: !object.is_empty() || base.len() < structure.len(),
        }
    }

    const fn len(&self) -> usize {
        self.structure.len().saturating_add(self.object.len())
    }
}

/// As many whole objects of an extension structure as `room` bytes hold, with its header. One that
/// has to be cut gets a new checksum, so that its own must have been right.
fn whole_objects(structure: &[u8], room: usize) -> &[u8] {
    const HEADER: usize = 4;
    if structure.len() <= room {
        return structure;
    }
    if Sum::of(structure).check() != 0 {
        return &[];
    }
    let mut end = HEADER;
    while let Some(len) = be16(structure, end).map(usize::from) {
        let next = end.saturating_add(len);
        if len < HEADER || next > room {
            break;
        }
        end = next;
    }
    match structure.get(..end) {
        Some(whole) if end > HEADER => whole,
        _ => &[],
    }
}

/// An ICMP message in the making.
struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
    /// Where the original datagram has to end.
    end: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8], error: ErrorType) -> Writer<'a> {
        put(out, 0, [error.kind, error.code, 0, 0, 0, 0, 0, 0]);
        Writer {
            end: out.len(),
            out,
            len: icmp::LEN,
        }
    }

    fn room(&self) -> usize {
        self.end.saturating_sub(self.len)
    }

    /// Adds all of `bytes`.
    fn push(&mut self, bytes: &[u8]) -> Result<(), DropReason> {
        if self.room() < bytes.len() {
            return Err(DropReason::TooBig);
        }
        self.push_datagram(bytes)
    }

    /// Adds as much of `bytes` as fits, at least what an error must quote.
    fn push_datagram(&mut self, bytes: &[u8]) -> Result<(), DropReason> {
        if self.room() < MIN_TRANSPORT {
            return Err(DropReason::TooBig);
        }
        let room = self.out.get_mut(..self.end).unwrap_or_default();
        let copied = copy(room, self.len, bytes);
        self.len = self.len.saturating_add(copied);
        Ok(())
    }

    /// Keeps room for an extension: the original datagram gives way. Its length attribute counts in
    /// units of 2 to the `shift` bytes.
    fn reserve(&mut self, extension: &Extension<'_>, shift: u32) {
        if extension.len() == 0 {
            return;
        }
        let longest = usize::from(u8::MAX).wrapping_shl(shift);
        let unit = 1usize.wrapping_shl(shift);
        let room = self.out.len().saturating_sub(icmp::LEN);
        let datagram = room.saturating_sub(extension.len()).min(longest) & unit.wrapping_neg();
        self.end = datagram.saturating_add(icmp::LEN).min(self.out.len());
    }

    /// Pads the original datagram and adds the extension that room was kept for. Answers with the
    /// length attribute.
    fn push_extension(&mut self, extension: &Extension<'_>, shift: u32) -> u8 {
        if extension.len() == 0 {
            return 0;
        }
        let datagram = self.len.saturating_sub(icmp::LEN).max(MIN_DATAGRAM);
        let fill = datagram.wrapping_neg() & 1usize.wrapping_shl(shift).wrapping_sub(1);
        let padded = datagram.saturating_add(fill);
        let start = padded.saturating_add(icmp::LEN);
        if let Some(padding) = self.out.get_mut(self.len..start) {
            padding.fill(0);
        }
        self.len = start.saturating_add(copy(self.out, start, extension.structure));
        self.len = self
            .len
            .saturating_add(copy(self.out, self.len, extension.object));
        if extension.is_changed {
            let structure = self.out.get_mut(start..self.len).unwrap_or_default();
            put(structure, 2, [0, 0]);
            let check = Sum::of(structure).check();
            put(structure, 2, check.to_be_bytes());
        }
        padded.wrapping_shr(shift) as u8
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
