// SPDX-License-Identifier: GPL-2.0
//! IPv6 packets as IPv4 ones (RFC 7915 section 5.1).

use core::net::Ipv4Addr;

use super::{
    ext::Walk,
    header::{self, Payload, TtlAction},
    icmp, ipv4, ipv6, l4,
    mtu::{self, Fit, Size},
    packet::Packet,
    proto,
    rewrite::{self, Rewrite},
    DropReason,
};

/// The loss of a fragment in IPv4: 40 + 8 bytes of headers become 20.
const FRAGMENT_SHRINKS: u16 = 28;

/// The headers of an IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct Headers {
    /// The fixed one.
    pub ip: ipv6::Header,
    /// Those behind it.
    pub walk: Walk,
}

impl Headers {
    /// Where the transport header begins.
    #[inline(always)]
    pub const fn l4_offset(&self) -> usize {
        self.walk.l4_offset as usize
    }

    /// Bytes of the transport header that translation changes.
    #[inline(always)]
    pub const fn writable_len(&self) -> usize {
        match self.walk.fragment {
            Some(fragment) if fragment.offset != 0 => 0,
            _ => l4::writable_len(self.walk.protocol),
        }
    }

    /// Length of the transport part of a packet.
    #[inline(always)]
    pub fn payload_len(&self, packet: &impl Packet) -> u32 {
        packet
            .total_len()
            .saturating_sub(self.walk.l4_offset.into())
    }

    /// The transport header of a packet; none in later fragments.
    #[inline(always)]
    fn transport<'a>(&self, packet: &'a impl Packet) -> &'a [u8] {
        match self.walk.fragment {
            Some(fragment) if fragment.offset != 0 => &[],
            _ => packet.linear().get(self.l4_offset()..).unwrap_or(&[]),
        }
    }
}

/// The segments of the packet cannot stay together.
#[inline(always)]
pub fn must_split(packet: &impl Packet, from: &Headers) -> bool {
    packet.is_gso()
        && (from.l4_offset() != ipv6::LEN || !packet.gso_translates(from.walk.protocol, ipv6::LEN))
}

/// The IPv4 header of a packet. `id` gives the first of that many identifications, which packets
/// need that may be cut on their way (RFC 6864); `tos` replaces the traffic class where given.
#[inline(always)]
pub fn header(
    packet: &impl Packet,
    from: &Headers,
    to: &Rewrite<Ipv4Addr>,
    hop: TtlAction,
    tos: Option<u8>,
    id: impl Fn(u32) -> u16,
) -> Result<ipv4::Header, DropReason> {
    let protocol = from.walk.protocol;
    let payload = Payload {
        protocol,
        len: from.payload_len(packet),
        fragment: from.walk.fragment,
        segment: packet
            .is_gso()
            .then(|| packet.segment_len(l4::writable_len(protocol))),
    };
    let mut new = header::to_v4(&from.ip, to.saddr, to.daddr, &payload, 0, hop, tos)?;
    if new.df && packet.frag_max_size() != 0 {
        // It came in fragments, and may be cut again as its sender had it.
        new.df = false;
        new.id = id(1);
    } else if !new.df && from.walk.fragment.is_none() {
        new.id = id(packet.segments());
    }
    Ok(new)
}

/// How the packet with this new header fits a link. `is_own`: it is one of this host, whose IPv6
/// would have cut it, had it known.
#[inline(always)]
pub fn fit(
    packet: &impl Packet,
    new: &mut ipv4::Header,
    mtu: u32,
    is_own: bool,
    id: impl Fn(u32) -> u16,
) -> Size {
    let mut fragments = None;
    if packet.is_gso() {
        let report = mtu.saturating_add(mtu::GROWTH);
        match packet.segments_fit(report) {
            true => {}
            // Every segment is to be cut, so its sender cannot help.
            false if !new.df => return Size::Split,
            false => return Size::TooBig(report.max(mtu::MIN_V6)),
        }
    } else {
        match mtu::fit_v4(new.total_len.into(), new.df, mtu) {
            Fit::Whole => {}
            Fit::Fragments(size) => fragments = Some(size as u16),
            Fit::TooBig(_) if is_own && packet.may_fragment() => {
                new.df = false;
                new.id = id(1);
                fragments = Some(mtu as u16);
            }
            Fit::TooBig(mtu) => return Size::TooBig(mtu),
        }
    }
    match packet.frag_max_size() {
        0 => Size::Fits(fragments),
        size => {
            let size = size
                .saturating_sub(FRAGMENT_SHRINKS)
                .max(mtu::MIN_V4 as u16);
            Size::Fits(Some(fragments.unwrap_or(u16::MAX).min(size)))
        }
    }
}

/// Size of the fragments in which the packet came, in IPv4; none if it was whole.
pub fn fragment_size(packet: &impl Packet) -> Option<u16> {
    match packet.frag_max_size() {
        0 => None,
        size => Some(size.saturating_sub(FRAGMENT_SHRINKS)),
    }
}

/// Tell whether a packet is a UDP datagram without checksum. Fails with `UdpChecksumZero` unless
/// such may pass (RFC 6936).
#[inline(always)]
pub fn lacks_checksum(
    packet: &impl Packet,
    from: &Headers,
    partial: bool,
    may_pass: bool,
) -> Result<bool, DropReason> {
    if from.walk.protocol != proto::UDP || partial || from.writable_len() == 0 {
        return Ok(false);
    }
    match l4::check_udp6(from.transport(packet)) {
        Ok(()) => Ok(false),
        Err(_) if may_pass => Ok(true),
        Err(_) => Err(DropReason::UdpChecksumZero),
    }
}

/// Translate the transport header, of a transport part of `len` bytes. `lacks_checksum` as told by
/// the function of that name. Fails with `IcmpType` if it is an ICMPv6 message but no echo.
#[inline(always)]
pub fn transport(
    transport: &mut [u8],
    from: &Headers,
    len: u32,
    to: &Rewrite<Ipv4Addr>,
    partial: bool,
    lacks_checksum: bool,
) -> Result<(), DropReason> {
    match from.walk.protocol {
        _ if from.writable_len() == 0 => {}
        proto::ICMPV6 => echo(transport, *from, len, *to)?,
        protocol => {
            rewrite::ports(transport, protocol, to, partial);
            if lacks_checksum {
                rewrite::put_udp_check(transport, 0);
            }
        }
    }
    Ok(())
}

#[cold]
fn echo(
    transport: &mut [u8],
    from: Headers,
    len: u32,
    to: Rewrite<Ipv4Addr>,
) -> Result<(), DropReason> {
    let old = icmp::Echo::read(transport)?;
    let new = icmp::Echo {
        kind: icmp::echo_to_v4(old.kind)?,
        id: to.ports.map_or(old.id, |ports| ports.sport),
    };
    let delta = icmp::echo_delta(from.ip.saddr, from.ip.daddr, len, old, new);
    rewrite::echo(transport, new, delta);
    Ok(())
}

/// Ports, or type and code of ICMP, that the packet will have: see [`l4::selector`].
pub fn selector(packet: &impl Packet, from: &Headers, to: &Rewrite<Ipv4Addr>) -> [u8; 4] {
    let transport = from.transport(packet);
    match (from.walk.protocol, transport, to.ports) {
        (proto::ICMPV6, [kind, ..], _) => {
            let kind = icmp::echo_to_v4(*kind).unwrap_or(0);
            l4::selector(proto::ICMP, &[kind, 0])
        }
        (_, _, Some(ports)) => ports.selector(),
        (protocol, transport, None) => l4::selector(protocol, transport),
    }
}
